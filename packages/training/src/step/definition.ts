import type {
  DualEncoderModel,
  MethodInput,
  ParameterSpec,
  ResolvedMethod,
  Settings,
  TrainingSettings,
} from '@medbench/core';
import type { StateLayout } from './layout.js';

/** The parts that a method's training step is made of. */
export interface StepOptions {
  readonly name: string;
  readonly model: DualEncoderModel;
  readonly method: ResolvedMethod;
  readonly settings: Settings;
  /** Parameters of the towers, the logit scale and the method. */
  readonly parameters: readonly ParameterSpec[];
  readonly training: TrainingSettings;
}

/** The definition of a step, the same on whole batches and in chunks. */
export interface StepDefinition extends StepOptions {
  readonly layout: StateLayout;
  readonly inputs: Readonly<Record<string, MethodInput>>;
}
