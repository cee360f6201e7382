import type { Scalar, Tensor2D, Tensor4D } from '@tensorflow/tfjs-core';
import type { DualEncoderModel, ParameterSpec } from './encoder.js';
import type { TensorMap } from './tensors.js';

/** Which of the study's questions a method answers. */
export type Question = 'baseline' | 'transfer' | 'unimodal' | 'granularity';

export type SettingValue = number | string | boolean;
export type Settings = Readonly<Record<string, SettingValue>>;

export interface SettingSpec {
  readonly default: SettingValue;
  readonly description: string;
  /** Closed vocabulary, where there is one. */
  readonly choices?: readonly SettingValue[];
  readonly min?: number;
  readonly max?: number;
}

export interface MethodInfo {
  readonly id: string;
  readonly title: string;
  readonly question: Question;
  /** True for methods beyond the eight of the study's code. */
  readonly extension: boolean;
  readonly settings: Readonly<Record<string, SettingSpec>>;
  /** Paper, section or equation. */
  readonly source: string;
}

/** Where the weights of the two towers start. */
export type Start = 'general' | 'scratch';

/** One batch of B pairs as a step sees it. */
export interface Batch {
  /** `[B, H, W, 3]`, normalised. */
  readonly images: Tensor4D;
  /** `[B, L]` int32. */
  readonly ids: Tensor2D;
}

export interface ObjectiveInput {
  readonly model: DualEncoderModel;
  readonly parameters: TensorMap;
  readonly batch: Batch;
  readonly settings: Settings;
}

export interface ObjectiveOutput {
  readonly loss: Scalar;
  /** Named parts of the loss, and anything else worth a curve in the log. */
  readonly terms: Readonly<Record<string, Scalar>>;
}

/**
 * A way of pre-training. One class, one `@Method` decorator: where weights start, what is frozen, which objective.
 * `objective` is pure and written on TensorFlow.js ops (see `Program`).
 */
export interface Method {
  readonly start: Start;
  /** Names of parameters (joint name space) that must not move. Default: none. */
  frozen?(model: DualEncoderModel, settings: Settings): readonly string[];
  /** Parameters beyond the two towers and the logit scale; discarded after training. Default: none. */
  parameters?(model: DualEncoderModel, settings: Settings): readonly ParameterSpec[];
  objective(input: ObjectiveInput): ObjectiveOutput;
}
