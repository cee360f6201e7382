import type { Tensor1D, Tensor2D, Tensor3D, Tensor4D } from '@tensorflow/tfjs-core';
import type { TensorMap } from './tensors.js';

/** Activation function: `quick-gelu` is x σ(1.702 x), `gelu` the exact x Φ(x). */
export type Activation = 'quick-gelu' | 'gelu';

/** One of the two towers of a dual encoder. */
export type Tower = 'image' | 'text';

/** Initial values of a parameter. Normal draws are not truncated; uniform draws lie in [-bound, bound). */
export type Initializer =
  | { readonly kind: 'constant'; readonly value: number }
  | { readonly kind: 'normal'; readonly std: number }
  | { readonly kind: 'uniform'; readonly bound: number };

/** A trainable array. Shapes follow PyTorch: a linear layer is `[out, in]`, a convolution `[out, in, kh, kw]`. */
export interface ParameterSpec {
  readonly name: string;
  readonly shape: readonly number[];
  readonly init: Initializer;
  /**
   * Marks a value that is carried from step to step, such as the running mean and variance of batch norm. The forward
   * pass of a training step, or an objective, returns the new value in `updates`. No gradient changes a buffer, and it
   * does not count as a parameter.
   */
  readonly buffer?: true;
  /** Name of the random stream that draws the initial values. Default: the parameter's name. */
  readonly stream?: string;
}

/** Parameters that are frozen together. Stages are listed from input to output. */
export interface TowerStage {
  readonly name: string;
  /** A fraction such as "the first half" counts `block` stages only. */
  readonly kind: 'embedding' | 'block' | 'head';
  readonly parameters: readonly string[];
}

/**
 * The output of an encoder for a batch of B. A transformer computes each part when it is first read. Unless `tokens` or
 * `hidden` is read, it computes the last block for one token of each example only. So read only the parts that you
 * need.
 */
export interface EncoderOutput {
  /**
   * Final token features, `[B, T, W]`. Image: patches without the class token, or the cells of the last map. Text: all
   * positions, without an appended one (see `ForwardOptions.appended`).
   */
  readonly tokens: Tensor3D;
  /**
   * Token features before the tower's last norm, `[B, T, W]`, from which a decoder or a pooler continues. Text: the
   * positions of `tokens`. Image: the class token, if there is one, then the patches.
   */
  readonly hidden?: Tensor3D;
  /**
   * Tokens projected into the joint space as `embedding` is, not normalised, `[B, T, D]`. Text: the positions of
   * `tokens`. Image: the class token, if there is one, then the patches. Undefined if the tower has no projection that
   * fits tokens.
   */
  readonly tokenEmbeddings?: Tensor3D;
  /** Pooled feature before the projection, `[B, W]`. */
  readonly pooled: Tensor2D;
  /** Embedding: the pooled feature projected into the joint space, not normalised, `[B, D]`. */
  readonly embedding: Tensor2D;
  /** New values of buffers. Present if the encoder has buffers and the pass was a training pass. */
  readonly updates?: TensorMap;
}

/** Options of a forward pass. Without options the encoder runs as in evaluation. */
export interface ForwardOptions {
  /**
   * Whether this is a training pass. Batch norm then uses the statistics of the batch and returns its new running
   * statistics in `updates`.
   */
  readonly training?: boolean;
  /** Names of frozen parameters. A frozen batch norm uses its running statistics even in training. */
  readonly frozen?: ReadonlySet<string>;
  /**
   * Image towers: indices of the patches to keep, `[B, K]` int32. The other patches are dropped after the patch
   * embedding (arXiv:2212.00794, section 3). An encoder without patches throws.
   */
  readonly keptPatches?: Tensor2D;
  /** Activation of the transformer's blocks. Default: that with which the encoder was built. */
  readonly activation?: Activation;
  /**
   * Text towers: an embedding `[W]` that takes the last position, in place of the last id. `pooled` is then the output
   * at this position, and the other outputs are of the L - 1 ids before it. The appended token attends to the first
   * position, and to each position that follows an id other than 0: the mask that open_clip's CoCa models were trained
   * with. No id attends to the appended token. An encoder without such a token ignores the option.
   */
  readonly appended?: Tensor1D;
}

/** An encoder with fixed sizes. It holds no values: parameters are passed in, named as in `parameters`. */
export interface EncoderModel<Batch> {
  readonly id: string;
  /** W, the width of `tokens` and `pooled`. */
  readonly width: number;
  /** D, the width of `embedding`. */
  readonly embedDim: number;
  readonly parameters: readonly ParameterSpec[];
  /** Every parameter in exactly one stage, from input to output. */
  readonly stages: readonly TowerStage[];
  /**
   * The `vision_cfg` or `text_cfg` with which open_clip builds this tower, without the width of the joint space, for
   * exports. Undefined if open_clip has no such tower, and for CLIP's own towers, whose sizes are read from their weights.
   */
  readonly openClip?: Readonly<Record<string, unknown>>;
  forward(parameters: TensorMap, batch: Batch, options?: ForwardOptions): EncoderOutput;
}

/**
 * How an image becomes the input of an image tower of `imageSize` pixels: it is resized, its middle is cut out, and its
 * values are normalised, (value / 255 - mean) / std. Weights are only as good as the preprocessing that they were
 * trained with.
 */
export interface ImagePreprocessing {
  /** Mean and standard deviation of each channel, in units of [0, 1]. */
  readonly mean: readonly [number, number, number];
  readonly std: readonly [number, number, number];
  /** Kernel of the resizing, anti-aliased. */
  readonly interpolation: 'bicubic' | 'bilinear';
  /** `shortest`: the shorter side is resized, and the shape is kept. `squash`: both sides are resized to a square. */
  readonly resize: 'shortest' | 'squash';
  /** Share of the resized side that the centre crop keeps: the side is resized to floor(imageSize / crop). */
  readonly crop: number;
}

/** An image tower. Its batches are `[B, H, W, 3]` float32, normalised. */
export type ImageEncoderModel = EncoderModel<Tensor4D> & {
  /** Side of the input images in pixels. */
  readonly imageSize: number;
  /** Preprocessing of its images, unless weights or settings of a run ask for another. Default: that of OpenAI's CLIP. */
  readonly preprocessing?: ImagePreprocessing;
  /** Side of a vision transformer's patches in pixels; the patch grid is row-major. Undefined for other towers. */
  readonly patchSize?: number;
};

/** The tokens that a text tower reads: CLIP's byte pairs, or BERT's word pieces. */
export type TextTokens = 'byte-pairs' | 'word-pieces';

/** The ids that a text encoder reads, as far as they are known before it is built. */
export interface TextInput {
  /** Default: `byte-pairs`. */
  readonly tokens?: TextTokens;
  /** Word pieces: whether the demo's small vocabulary is read if `model.vocabulary` names no other. */
  readonly smallVocabulary?: boolean;
}

/** A text tower. Its batches are `[B, L]` int32 token ids. */
export type TextEncoderModel = EncoderModel<Tensor2D> & {
  readonly contextLength: number;
  readonly vocabSize: number;
  readonly input?: TextInput;
  /**
   * The id of padding, for a tower that finds padding by its id. Undefined: padding is what follows the end token, which
   * has the largest id; the padding id may then equal that of a word.
   */
  readonly padId?: number;
  /**
   * Whether a token attends to those after it. An objective that predicts a text word by word cannot use such a tower,
   * which has read the answer.
   */
  readonly bidirectional?: boolean;
};

/** Sizes that a run fixes when it builds an encoder. */
export interface EncoderOptions {
  /** D, the width of the joint space, shared by the two towers. */
  readonly embedDim: number;
  /** Text towers: size of the tokenizer's vocabulary. */
  readonly vocabSize: number;
  /** Text towers: the tokenizer's id of padding. An encoder that does not look for padding ignores it. */
  readonly padId?: number;
  /** Text towers: number of token positions. Default: the encoder's own. An encoder that cannot change it ignores it. */
  readonly contextLength?: number;
  /**
   * Activation of the transformer's blocks. Default: `quick-gelu`, as in OpenAI's models. Weights load with the other
   * activation too, but give worse results.
   */
  readonly activation?: Activation;
}

/**
 * Number of parameters per stage. Freezing k blocks freezes the embedding and the first k of `blocks`; freezing the
 * whole tower freezes the head too.
 */
export interface StageSizes {
  readonly embedding: number;
  /** One number per block, from input to output. */
  readonly blocks: readonly number[];
  readonly head: number;
}

/** Info that `@Encoder` attaches to a class. */
export interface EncoderInfo {
  readonly id: string;
  readonly title: string;
  readonly modality: 'image' | 'text';
  readonly layers: number;
  readonly width: number;
  readonly embedDim: number;
  /** Image towers: side of the input images in pixels. */
  readonly imageSize?: number;
  /** Image towers: `ImageEncoderModel.preprocessing`, if the model has one. */
  readonly preprocessing?: ImagePreprocessing;
  /** Text towers: number of token positions. */
  readonly contextLength?: number;
  /** Text towers: the tokens that they read. Undefined: `byte-pairs`. */
  readonly tokens?: TextTokens;
  /** Number of parameters at the published sizes; for text towers, at the published vocabulary size. */
  readonly parameters: number;
  readonly stages: StageSizes;
  /** Paper, section or table. */
  readonly source: string;
}

/** An image or text encoder. */
export interface Encoder {
  /** Text encoders: the ids that the tower reads. Default: CLIP's byte pairs. */
  readonly input?: TextInput | undefined;
  /** Builds the encoder at the sizes of a run. */
  build(options: EncoderOptions): ImageEncoderModel | TextEncoderModel;
}

/**
 * The two towers and the logit scale in one joint parameter name space, laid out as in OpenAI's CLIP: image parameters
 * carry the prefix `visual.`, text parameters carry none, and `logit_scale` is the logarithm of the logit scale.
 */
export interface DualEncoderModel {
  readonly image: ImageEncoderModel;
  readonly text: TextEncoderModel;
  readonly embedDim: number;
  readonly parameters: readonly ParameterSpec[];
  /** Runs the image tower on `images`, `[B, H, W, 3]`. */
  encodeImage(parameters: TensorMap, images: Tensor4D, options?: ForwardOptions): EncoderOutput;
  /** Runs the text tower on token ids, `[B, L]`. */
  encodeText(parameters: TensorMap, ids: Tensor2D, options?: ForwardOptions): EncoderOutput;
  /** A tower's stages from input to output, with parameter names of the joint name space. */
  stages(tower: Tower): readonly TowerStage[];
}
