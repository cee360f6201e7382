import type { ParameterSpec, TowerStage } from '@medbench/core';

/** A stage of a tower: parameters that are frozen together. */
export const towerStage = (name: string, kind: TowerStage['kind'], specs: readonly ParameterSpec[]): TowerStage => ({
  name,
  kind,
  parameters: specs.map((spec) => spec.name),
});
