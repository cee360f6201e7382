import type { Scalar, Tensor2D, Tensor4D } from '@tensorflow/tfjs-core';
import type { Random } from '../random/index.js';
import type { Pair } from './data.js';
import type { DualEncoderModel, ParameterSpec } from './encoder.js';
import type { SettingSpec, Settings } from './settings.js';
import type { TensorMap, TensorSpec } from './tensors.js';

/** Which of the study's questions a method answers. */
export type Question = 'baseline' | 'transfer' | 'unimodal' | 'granularity';

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

/** Names the function that makes an input, for another thread, where no function can be sent (`drawnInput`). */
export interface InputRecipe {
  /** Absolute URL of the module, such as `import.meta.url`. A worker imports it once. */
  readonly module: string;
  /** The function that it exports: called with the arguments, it returns the `MethodInput`. */
  readonly export: string;
  /** Plain values. */
  readonly arguments: readonly unknown[];
}

/**
 * Something that a step needs of each example beside picture and text: another view of the picture, which patches are
 * kept. It is drawn on the host, anew at every step, from a stream of its own: the same for the same seed.
 */
export interface MethodInput extends TensorSpec {
  /** Of one example; a batch is `[B, ...shape]`. */
  readonly shape: readonly number[];
  readonly dtype: 'float32' | 'int32';
  draw(example: Pair, random: Random): Float32Array | Int32Array;
  /** Set by `drawnInput`: workers then draw it, else the main thread does. */
  readonly recipe?: InputRecipe;
}

/** One batch of B pairs as a step sees it. */
export interface Batch {
  /** `[B, H, W, 3]`, normalised. */
  readonly images: Tensor4D;
  /** `[B, L]` int32. */
  readonly ids: Tensor2D;
  /** What the method's `inputs` drew, each `[B, ...]`. */
  readonly inputs: TensorMap;
}

export interface RepresentInput {
  readonly model: DualEncoderModel;
  readonly parameters: TensorMap;
  readonly batch: Batch;
  readonly settings: Settings;
  /** Values of the moving average, if the method keeps one; named as the parameters. No gradient reaches them. */
  readonly teacher?: TensorMap;
}

export interface ObjectiveInput {
  /** What `represent` gave, for the whole batch. */
  readonly representations: TensorMap;
  readonly parameters: TensorMap;
  readonly settings: Settings;
}

export interface ObjectiveOutput {
  readonly loss: Scalar;
  /** Named parts of the loss, and anything else worth a curve in the log. */
  readonly terms: Readonly<Record<string, Scalar>>;
  /** New values of the method's buffers (parameters with `buffer`), such as a queue that goes on from step to step. */
  readonly updates?: TensorMap;
}

/** A stretch of training under settings of its own. */
export interface Phase {
  /** Of the steps; the shares of all phases add up to 1. */
  readonly share: number;
  readonly settings: Settings;
}

/**
 * A way of pre-training. One class, one `@Method` decorator, and it reads like a method section: where weights start, what
 * is frozen, which views, what the towers make of an example, and what is asked of the batch. `represent` and `objective`
 * are pure and written on TensorFlow.js ops (see `Program`).
 *
 * Everything that looks at more than one example belongs into `objective`: then a large batch can be represented in
 * chunks, and the gradient is still that of the whole batch (gradient caching, arXiv:2101.06983).
 */
export interface Method {
  readonly start: Start;
  /** Names of parameters (joint name space) that must not move. Default: none. */
  frozen?(model: DualEncoderModel, settings: Settings): readonly string[];
  /** Parameters beyond the two towers and the logit scale; discarded after training. Default: none. */
  parameters?(model: DualEncoderModel, settings: Settings): readonly ParameterSpec[];
  /** What is drawn for each example beside picture and text. Default: nothing. */
  inputs?(model: DualEncoderModel, settings: Settings): Readonly<Record<string, MethodInput>>;
  /** Momentum of a moving average of the trained parameters, kept as `teacher`. Default: there is none. */
  teacher?(settings: Settings): number | null;
  /** Default: one phase under the row's settings. Phases may change inputs, not parameters. */
  phases?(settings: Settings): readonly Phase[];
  /**
   * What the towers make of each example: tensors whose first axis is the batch. Default: `image` and `text`, the two
   * embeddings `[B, D]`, not normalised.
   */
  represent?(input: RepresentInput): TensorMap;
  objective(input: ObjectiveInput): ObjectiveOutput;
}
