import type { Scalar, Tensor2D, Tensor4D } from '@tensorflow/tfjs-core';
import type { Random } from '../random/index.js';
import type { ImageTextPair, RasterImage } from './data.js';
import type { DualEncoderModel, ParameterSpec } from './encoder.js';
import type { SettingSpecs, Settings, SettingsOf } from './settings.js';
import type { TensorMap, TensorSpec } from './tensors.js';

/** The question of the study that a method answers. */
export type MethodQuestion = 'baseline' | 'transfer' | 'unimodal' | 'granularity';

/** Info that `@Method` attaches to a class. */
export interface MethodInfo {
  readonly id: string;
  readonly title: string;
  readonly question: MethodQuestion;
  /** True for methods other than the eight of the study. */
  readonly extension: boolean;
  readonly settings: SettingSpecs;
  /** Paper, section or equation. */
  readonly source: string;
}

/** Initial weights of the two towers: those trained on a general-domain corpus, or random ones. */
export type StartingWeights = 'general' | 'scratch';

/** Names the function that makes an input, because functions cannot be sent to another thread (see `drawnInput`). */
export interface InputRecipe {
  /** Absolute URL of the module, such as `import.meta.url`. A worker imports it once. */
  readonly module: string;
  /** Name of an exported function that returns the `MethodInput` when called with the arguments. */
  readonly export: string;
  /** Arguments of the function: plain values. */
  readonly arguments: readonly unknown[];
}

/** What a training offers to the inputs that are drawn for its examples. */
export interface DrawTools {
  /**
   * The training transform of the run: a random view of an image, 8-bit, at the size of the image tower. The images of
   * a batch are one draw of it; an input can draw more.
   */
  transform(image: RasterImage, random: Random): RasterImage;
  /**
   * Writes an image into `target` from element `offset` on, `[height, width, 3]`, normalised as the images of the batch.
   * Default: the normalisation of OpenAI's CLIP.
   */
  normalise?(image: RasterImage, target: Float32Array, offset: number): void;
}

/**
 * An input that a step needs for each example besides image and text, such as a second view of the image or the patches
 * to keep. It is drawn on the host at every step, from a random stream of its own that depends on the seed.
 *
 * @example
 * ```ts
 * import type { MethodInput } from '@medbench/core';
 *
 * const noise: MethodInput = {
 *   shape: [8],
 *   dtype: 'float32',
 *   draw: (_example, random) => Float32Array.from({ length: 8 }, () => random.normal()),
 * };
 * ```
 */
export interface MethodInput extends TensorSpec {
  /** Shape for one example; a batch is `[B, ...shape]`. */
  readonly shape: readonly number[];
  readonly dtype: 'float32' | 'int32';
  /**
   * Draws the input of one example, row-major.
   * @param tools what the training offers to draw with. A training always passes it.
   */
  draw(example: ImageTextPair, random: Random, tools?: DrawTools): Float32Array | Int32Array;
  /** Name of the random stream that draws the input. Default: the input's name. */
  readonly stream?: string;
  /** Set by `drawnInput` so that worker threads draw the input. Without it the main thread draws it. */
  readonly recipe?: InputRecipe;
}

/** One batch of B pairs as a step sees it. */
export interface Batch<I extends TensorMap = TensorMap> {
  /** Images, `[B, H, W, 3]`, normalised. */
  readonly images: Tensor4D;
  /** Token ids, `[B, L]` int32. */
  readonly ids: Tensor2D;
  /** Drawn inputs by name, each `[B, ...]`. */
  readonly inputs: I;
}

/** The argument of `represent`. `S` is the type of the settings, `I` the type of the drawn inputs by name. */
export interface RepresentInput<S extends SettingSpecs = SettingSpecs, I extends TensorMap = TensorMap> {
  readonly model: DualEncoderModel;
  readonly parameters: TensorMap;
  readonly batch: Batch<I>;
  readonly settings: SettingsOf<S>;
  /** Parameters of the EMA teacher, if there is one, named as the parameters. No gradient reaches them. */
  readonly teacher?: TensorMap;
}

/** The embeddings of a batch, not normalised. All objectives of a sum share them. */
export type Embeddings = {
  /** Image embeddings, `[B, D]`. */
  readonly image: Tensor2D;
  /** Text embeddings, `[B, D]`. */
  readonly text: Tensor2D;
};

/**
 * The argument of `objective` and `loss`. `S` is the type of the settings, `R` the type of the representations by name.
 */
export interface ObjectiveInput<S extends SettingSpecs = SettingSpecs, R extends TensorMap = Embeddings> {
  /** Result of `represent` for the whole batch. Without a `represent` these are the `Embeddings`. */
  readonly representations: R;
  /** Parameters of the towers and of the method or objective itself, by name. */
  readonly parameters: TensorMap;
  readonly settings: SettingsOf<S>;
}

/** The result of `objective`. */
export interface ObjectiveOutput {
  readonly loss: Scalar;
  /** Named parts of the loss, and other scalars to log; `{}` if there are none. */
  readonly terms: Readonly<Record<string, Scalar>>;
  /** New values of buffers (parameters with `buffer: true`), such as a queue that is carried from step to step. */
  readonly updates?: TensorMap;
}

/** The result of `loss` of an objective. `terms` may be left out, because the loss itself is logged as a term. */
export type LossOutput = Omit<ObjectiveOutput, 'terms'> & Partial<Pick<ObjectiveOutput, 'terms'>>;

/** A term of a method's sum: an objective with its weight and settings. Made by `use`. */
export interface ObjectiveUse {
  /** Id of the objective. */
  readonly objective: string;
  /** Weight, at least 0. A weight of 0 leaves the objective out. */
  readonly weight: number;
  /** Settings that override the objective's defaults. */
  readonly settings: Settings;
}

/** A part of the training steps with its own settings. */
export interface TrainingPhase<S extends SettingSpecs = SettingSpecs> {
  /** Share of the steps. The shares of all phases add up to 1. */
  readonly share: number;
  readonly settings: SettingsOf<S>;
}

/**
 * A pre-training method: the initial weights, the frozen parameters, and the loss. Most methods are a weighted sum of
 * objectives (`objectives`). A method with a loss of its own implements `objective` instead, and `represent` if the
 * `Embeddings` are not enough. Both functions must be pure and use TensorFlow.js ops only (see `Program`).
 *
 * `S` is the type of the settings (`typeof settings` of `defineSettings`), `R` the type that `represent` returns.
 *
 * Put every computation that looks at more than one example into `objective`. Then a large batch can be represented in
 * chunks with the gradient of the whole batch (gradient caching, arXiv:2101.06983).
 */
export interface Method<S extends SettingSpecs = SettingSpecs, R extends TensorMap = Embeddings> {
  /** Initial weights of the two towers. */
  readonly start: StartingWeights;
  /**
   * Returns the towers that the method trains and that evaluation embeds with, made from the towers of the run: another
   * projection, pooling or activation. Parameters that both have the same name for start from the general-domain
   * weights; the others are drawn for the seed. So a parameter that starts anew, or has another shape, needs a name of
   * its own. Default: the towers of the run.
   */
  towers?(model: DualEncoderModel, settings: SettingsOf<S>): DualEncoderModel;
  /**
   * Returns names of parameters (joint name space) to freeze. Default: none. A sum also freezes the parameters that
   * none of its objectives depends on.
   */
  frozen?(model: DualEncoderModel, settings: SettingsOf<S>): readonly string[];
  /**
   * Returns the momentum of the EMA teacher, null for no teacher. Default: the momentum that the objectives ask for.
   */
  teacher?(settings: SettingsOf<S>): number | null;
  /**
   * Returns the phases of training. Default: one phase with the row's settings. A phase may change inputs, not
   * parameters.
   */
  phases?(settings: SettingsOf<S>): readonly TrainingPhase<S>[];
  /** Returns the weighted sum of objectives to minimise. Excludes all members below. */
  objectives?(settings: SettingsOf<S>): readonly ObjectiveUse[];
  /**
   * Declares parameters besides the two towers and the logit scale. They are discarded after training. Default: none.
   */
  parameters?(model: DualEncoderModel, settings: SettingsOf<S>): readonly ParameterSpec[];
  /** Declares inputs that are drawn for each example besides image and text. Default: none. */
  inputs?(model: DualEncoderModel, settings: SettingsOf<S>): Readonly<Record<string, MethodInput>>;
  /** Computes representations of the examples: tensors whose first axis is the batch. Default: the `Embeddings`. */
  represent?(input: RepresentInput<S>): R;
  /** Computes the loss of a batch from its representations. */
  objective?(input: ObjectiveInput<S, R>): ObjectiveOutput;
}

/** A method as training runs it: its objectives are combined, and optional members have their defaults. */
export interface ResolvedMethod {
  /** Name of the method in messages: `Class Slip of @medbench/methods-slip (method "slip")`. */
  readonly label: string;
  readonly start: StartingWeights;
  /** Returns the towers that the method trains, made from those of the run. All other members take these towers. */
  towers(model: DualEncoderModel, settings: Settings): DualEncoderModel;
  frozen(model: DualEncoderModel, settings: Settings): readonly string[];
  parameters(model: DualEncoderModel, settings: Settings): readonly ParameterSpec[];
  inputs(model: DualEncoderModel, settings: Settings): Readonly<Record<string, MethodInput>>;
  teacher(settings: Settings): number | null;
  phases(settings: Settings): readonly TrainingPhase[];
  represent(input: RepresentInput): TensorMap;
  objective(input: ObjectiveInput<SettingSpecs, TensorMap>): ObjectiveOutput;
}
