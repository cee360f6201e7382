import type { ObjectiveOutput, ResolvedMethod, Settings, TensorMap } from '@medbench/core';
import { checkedOutput, checkUpdate, pluginFault } from '@medbench/core/methods';
import { SPACE, type StateLayout } from './layout.js';

export interface LossOptions {
  readonly method: ResolvedMethod;
  readonly settings: Settings;
  readonly layout: StateLayout;
}

/**
 * Computes a method's loss from the representations of a batch, with its terms and the new values of its buffers.
 * @throws MedbenchError('plugin') that names the class, its package and what to change, if the loss or a term is no
 *   scalar, or an update names no buffer.
 */
export function methodLoss(
  { method, settings, layout }: LossOptions,
  representations: TensorMap,
  parameters: TensorMap,
): Required<ObjectiveOutput> {
  const output = checkedOutput(method.label, 'objective', () =>
    method.objective({ representations, parameters, settings }),
  );
  const { loss, terms, updates = {} } = output;
  for (const [name, value] of Object.entries(updates)) {
    checkUpdate(method.label, name, value, layout.state[SPACE.buffer + name]?.shape);
  }
  return { loss, terms, updates };
}

/** Checks that a loss depends on a trained parameter. @throws MedbenchError('plugin') */
export function checkReached({ label }: ResolvedMethod, reached: readonly unknown[]): void {
  if (reached.length > 0) return;
  throw pluginFault(label, 'the loss depends on no trainable parameter; compute it from the representations');
}
