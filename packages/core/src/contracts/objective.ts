import type { DualEncoderModel, ParameterSpec } from './encoder.js';
import type { Embeddings, LossOutput, MethodInput, ObjectiveInput, RepresentInput } from './method.js';
import type { SettingSpecs, SettingsOf } from './settings.js';
import type { TensorMap } from './tensors.js';

export interface ObjectiveInfo {
  readonly id: string;
  readonly title: string;
  /** Paper, section or equation. */
  readonly source: string;
  readonly settings: SettingSpecs;
}

/**
 * One thing that is asked of a batch: a term of the weighted sums that methods are. `represent` and `loss` are pure and
 * written on TensorFlow.js ops (see `Program`). `S` are the settings (`typeof settings` of `defineSettings`), `R` is what
 * `represent` gives.
 *
 * Names of parameters, inputs, representations and terms are the objective's own: a sum keeps those of its objectives
 * apart. The towers run once for all objectives of a sum.
 */
export interface Objective<S extends SettingSpecs = SettingSpecs, R extends TensorMap = Embeddings> {
  /** Parameters beyond the two towers and the logit scale; discarded after training. Default: none. */
  parameters?(model: DualEncoderModel, settings: SettingsOf<S>): readonly ParameterSpec[];
  /** What is drawn for each example beside image and text. Default: nothing. */
  inputs?(model: DualEncoderModel, settings: SettingsOf<S>): Readonly<Record<string, MethodInput>>;
  /** Momentum of a moving average of the trained parameters, kept as `teacher`. Default: there is none. */
  teacher?(settings: SettingsOf<S>): number | null;
  /**
   * Names of tower parameters, `logit_scale` included, that the loss does not depend on. They are frozen where no other
   * objective of the sum depends on them: left to train, they would only decay. Default: none.
   */
  idle?(model: DualEncoderModel, settings: SettingsOf<S>): readonly string[];
  /** Tensors whose first axis is the batch. Default: the `Embeddings`, which all objectives without it share. */
  represent?(input: RepresentInput<S>): R;
  /** What looks at more than one example belongs here: then a batch can be represented in chunks. */
  loss(input: ObjectiveInput<S, R>): LossOutput;
}
