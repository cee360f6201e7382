import type {
  BoundProtocol,
  EvaluationModel,
  Protocol,
  ProtocolContext,
  ProtocolInfo,
  SettingSpec,
  Settings,
  TaskResult,
} from './contracts/index.js';
import { NO_PROFILE } from './no-profile.js';

/** Default values of declared settings by name. */
export const defaultSettings = (specs: Readonly<Record<string, SettingSpec>> = {}): Settings =>
  Object.fromEntries(Object.entries(specs).map(([name, spec]) => [name, spec.default]));

/**
 * Binds a protocol to its context. Missing settings get their defaults. Its time counts for the phase named by its id.
 */
export const bindProtocol = (
  { id, settings }: Pick<ProtocolInfo, 'id' | 'settings'>,
  protocol: Protocol,
  partialContext: Omit<ProtocolContext, 'settings'> & { readonly settings?: Settings },
): BoundProtocol => {
  const context: ProtocolContext = {
    ...partialContext,
    settings: { ...defaultSettings(settings), ...partialContext.settings },
  };
  const { profile = NO_PROFILE } = context;
  return { id, measure: (model, data) => profile.span(id, () => protocol.measure(model, data, context)) };
};

/**
 * Measures a model under each protocol in turn, on one task's data. Results of protocols that the model or the data
 * does not support are left out. A task calls it with `context.protocols` (see the example of `@Task`).
 */
export async function measureAll(
  protocols: readonly BoundProtocol[],
  model: EvaluationModel,
  data: unknown,
): Promise<TaskResult[]> {
  const results: TaskResult[] = [];
  for (const protocol of protocols) {
    const result = await protocol.measure(model, data);
    if (result) results.push(result);
  }
  return results;
}
