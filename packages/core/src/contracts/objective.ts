import type { DualEncoderModel, ParameterSpec } from './encoder.js';
import type { Embeddings, LossOutput, MethodInput, ObjectiveInput, RepresentInput } from './method.js';
import type { SettingSpecs, SettingsOf } from './settings.js';
import type { TensorMap } from './tensors.js';

/** Info that `@Objective` attaches to a class. */
export interface ObjectiveInfo {
  readonly id: string;
  readonly title: string;
  /** Paper, section or equation. */
  readonly source: string;
  readonly settings: SettingSpecs;
}

/**
 * A loss of a batch, for use as a term of a method's weighted sum. `represent` and `loss` must be pure and use
 * TensorFlow.js ops only (see `Program`). `S` is the type of the settings (`typeof settings` of `defineSettings`), `R`
 * the type that `represent` returns.
 *
 * Names of parameters, inputs, representations and terms need to be unique within the objective only: a sum prefixes
 * them with the objective's id. The towers run once for all objectives of a sum.
 */
export interface Objective<S extends SettingSpecs = SettingSpecs, R extends TensorMap = Embeddings> {
  /**
   * Declares parameters besides the two towers and the logit scale. They are discarded after training. Default: none.
   */
  parameters?(model: DualEncoderModel, settings: SettingsOf<S>): readonly ParameterSpec[];
  /** Declares inputs that are drawn for each example besides image and text. Default: none. */
  inputs?(model: DualEncoderModel, settings: SettingsOf<S>): Readonly<Record<string, MethodInput>>;
  /** Returns the momentum of the EMA teacher, null for no teacher. Default: no teacher. */
  teacher?(settings: SettingsOf<S>): number | null;
  /**
   * Returns names of tower parameters, including `logit_scale`, that the loss does not depend on. A sum freezes the
   * parameters that all its objectives list; otherwise weight decay alone would change them. Default: none.
   */
  idle?(model: DualEncoderModel, settings: SettingsOf<S>): readonly string[];
  /**
   * Computes representations of the examples: tensors whose first axis is the batch. Default: the `Embeddings`, which
   * all objectives without a `represent` share.
   */
  represent?(input: RepresentInput<S>): R;
  /**
   * Computes the loss of a batch. Put every computation that looks at more than one example here, so that a batch can
   * be represented in chunks.
   */
  loss(input: ObjectiveInput<S, R>): LossOutput;
}
