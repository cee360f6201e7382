import {
  type BoundProtocol,
  bindProtocol,
  type Protocol,
  type ProtocolContext,
  type ProtocolId,
  type ProtocolInfo,
  pluginMetadata,
  type TaskInfo,
} from '@medbench/core';
import {
  LinearProbe,
  NearestNeighbours,
  PromptSensitivity,
  Retrieval,
  SimpleShot,
  VisualQuestions,
  ZeroShot,
} from '../plugin.js';

/** Protocols that every run measures. */
const DEFAULT: readonly (new () => Protocol)[] = [ZeroShot, LinearProbe, Retrieval, VisualQuestions];
/** Protocols that a run measures once they are turned on. */
const OPTIONAL: readonly (new () => Protocol)[] = [NearestNeighbours, SimpleShot, PromptSensitivity];

/**
 * Protocols of medbench with their default settings, for `testContext({ protocols: testProtocols('zero-shot') })`.
 * @param ids protocols to bind. Default: those that every run measures.
 * @param context context of the measurement, and the primary metric of each protocol (`TaskInfo.metric`). Default: seed
 * 0, on the test split.
 */
export function testProtocols(
  ids?: ProtocolId | readonly ProtocolId[],
  {
    metric = {},
    ...context
  }: Partial<Omit<ProtocolContext, 'settings' | 'metric'>> & { readonly metric?: TaskInfo['metric'] } = {},
): BoundProtocol[] {
  const wanted = ids === undefined ? undefined : [ids].flat();
  return [...DEFAULT, ...OPTIONAL].flatMap((Class) => {
    const info = pluginMetadata(Class)!.info as ProtocolInfo;
    if (wanted ? !wanted.includes(info.id) : OPTIONAL.includes(Class)) return [];
    return [bindProtocol(info, new Class(), { seed: 0, split: 'test', metric: metric[info.id], ...context })];
  });
}
