import type { ObjectiveOutput, ResolvedMethod, Settings, TensorMap } from '@medbench/core';

export interface LossOptions {
  readonly method: ResolvedMethod;
  readonly settings: Settings;
}

/** What a method makes of a batch: its loss, and its terms and updates, which may be none. */
export function lossOf(
  { method, settings }: LossOptions,
  representations: TensorMap,
  parameters: TensorMap,
): Required<ObjectiveOutput> {
  const { loss, terms = {}, updates = {} } = method.objective({ representations, parameters, settings });
  return { loss, terms, updates };
}
