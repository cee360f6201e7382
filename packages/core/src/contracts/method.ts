import type { Scalar, Tensor2D, Tensor4D } from '@tensorflow/tfjs-core';
import type { Random } from '../random/index.js';
import type { ImageTextPair } from './data.js';
import type { DualEncoderModel, ParameterSpec } from './encoder.js';
import type { SettingSpecs, Settings, SettingsOf } from './settings.js';
import type { TensorMap, TensorSpec } from './tensors.js';

/** Which of the study's questions a method answers. */
export type MethodQuestion = 'baseline' | 'transfer' | 'unimodal' | 'granularity';

export interface MethodInfo {
  readonly id: string;
  readonly title: string;
  readonly question: MethodQuestion;
  /** True for methods beyond the eight of the study's code. */
  readonly extension: boolean;
  readonly settings: SettingSpecs;
  /** Paper, section or equation. */
  readonly source: string;
}

/** Where the weights of the two towers start. */
export type StartingWeights = 'general' | 'scratch';

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
 * Something that a step needs of each example beside image and text: another view of the image, which patches are
 * kept. It is drawn on the host, anew at every step, from a stream of its own: the same for the same seed.
 */
export interface MethodInput extends TensorSpec {
  /** Of one example; a batch is `[B, ...shape]`. */
  readonly shape: readonly number[];
  readonly dtype: 'float32' | 'int32';
  draw(example: ImageTextPair, random: Random): Float32Array | Int32Array;
  /** Names the stream that it is drawn from. Default: the input's own name. */
  readonly stream?: string;
  /** Set by `drawnInput`: workers then draw it, else the main thread does. */
  readonly recipe?: InputRecipe;
}

/** One batch of B pairs as a step sees it. */
export interface Batch<I extends TensorMap = TensorMap> {
  /** `[B, H, W, 3]`, normalised. */
  readonly images: Tensor4D;
  /** `[B, L]` int32. */
  readonly ids: Tensor2D;
  /** What `inputs` drew, each `[B, ...]`. */
  readonly inputs: I;
}

/** `I`: the drawn inputs, by name. */
export interface RepresentInput<S extends SettingSpecs = SettingSpecs, I extends TensorMap = TensorMap> {
  readonly model: DualEncoderModel;
  readonly parameters: TensorMap;
  readonly batch: Batch<I>;
  readonly settings: SettingsOf<S>;
  /** Values of the moving average, if there is one; named as the parameters. No gradient reaches them. */
  readonly teacher?: TensorMap;
}

/** The embeddings of a batch, which objectives share: not normalised. */
export type Embeddings = {
  /** `[B, D]`. */
  readonly image: Tensor2D;
  /** `[B, D]`. */
  readonly text: Tensor2D;
};

/** `R`: what was represented, by name. */
export interface ObjectiveInput<S extends SettingSpecs = SettingSpecs, R extends TensorMap = Embeddings> {
  /** What `represent` gave, for the whole batch; without a `represent`, the `Embeddings`. */
  readonly representations: R;
  /** The towers' and the own ones, by name. */
  readonly parameters: TensorMap;
  readonly settings: SettingsOf<S>;
}

export interface ObjectiveOutput {
  readonly loss: Scalar;
  /** Named parts of the loss, and anything else worth a curve in the log; `{}` if it has none. */
  readonly terms: Readonly<Record<string, Scalar>>;
  /** New values of buffers (parameters with `buffer`), such as a queue that is carried from step to step. */
  readonly updates?: TensorMap;
}

/** What an objective gives: its loss is a term by itself, and needs no parts. */
export type LossOutput = Omit<ObjectiveOutput, 'terms'> & Partial<Pick<ObjectiveOutput, 'terms'>>;

/** A term of a sum: which objective, how much of it, under which settings. Made by `use`. */
export interface ObjectiveUse {
  readonly objective: string;
  /** At least 0. 0 leaves the objective out. */
  readonly weight: number;
  /** Over the objective's defaults. */
  readonly settings: Settings;
}

/** A stretch of training under settings of its own. */
export interface TrainingPhase<S extends SettingSpecs = SettingSpecs> {
  /** Of the steps; the shares of all phases add up to 1. */
  readonly share: number;
  readonly settings: SettingsOf<S>;
}

/**
 * A way of pre-training. One class, one `@Method` decorator, and it reads like a method section: where weights start, what
 * is frozen, which objectives with which weights. What is no sum of objectives writes `represent` and `objective` itself:
 * what the towers make of an example, and what is asked of the batch, both pure and written on TensorFlow.js ops (see
 * `Program`). `S` are the settings (`typeof settings` of `defineSettings`), `R` is what `represent` gives.
 *
 * Everything that looks at more than one example belongs into `objective`: then a large batch can be represented in
 * chunks, and the gradient is still that of the whole batch (gradient caching, arXiv:2101.06983).
 */
export interface Method<S extends SettingSpecs = SettingSpecs, R extends TensorMap = Embeddings> {
  readonly start: StartingWeights;
  /** Names of parameters (joint name space) that must not move. Default: none but those that no objective depends on. */
  frozen?(model: DualEncoderModel, settings: SettingsOf<S>): readonly string[];
  /** Momentum of a moving average of the trained parameters, kept as `teacher`. Default: that of the objectives. */
  teacher?(settings: SettingsOf<S>): number | null;
  /** Default: one phase under the row's settings. Phases may change inputs, not parameters. */
  phases?(settings: SettingsOf<S>): readonly TrainingPhase<S>[];
  /** The weighted sum of objectives that is minimised. In place of all below. */
  objectives?(settings: SettingsOf<S>): readonly ObjectiveUse[];
  /** Parameters beyond the two towers and the logit scale; discarded after training. Default: none. */
  parameters?(model: DualEncoderModel, settings: SettingsOf<S>): readonly ParameterSpec[];
  /** What is drawn for each example beside image and text. Default: nothing. */
  inputs?(model: DualEncoderModel, settings: SettingsOf<S>): Readonly<Record<string, MethodInput>>;
  /** What the towers make of each example: tensors whose first axis is the batch. Default: the `Embeddings`. */
  represent?(input: RepresentInput<S>): R;
  objective?(input: ObjectiveInput<S, R>): ObjectiveOutput;
}

/** A method as training runs it: its objectives are put together, and what it leaves out has its default. */
export interface ResolvedMethod {
  /** What messages call it: `Class Slip of @medbench/methods-slip (method "slip")`. */
  readonly label: string;
  readonly start: StartingWeights;
  frozen(model: DualEncoderModel, settings: Settings): readonly string[];
  parameters(model: DualEncoderModel, settings: Settings): readonly ParameterSpec[];
  inputs(model: DualEncoderModel, settings: Settings): Readonly<Record<string, MethodInput>>;
  teacher(settings: Settings): number | null;
  phases(settings: Settings): readonly TrainingPhase[];
  represent(input: RepresentInput): TensorMap;
  objective(input: ObjectiveInput<SettingSpecs, TensorMap>): ObjectiveOutput;
}
