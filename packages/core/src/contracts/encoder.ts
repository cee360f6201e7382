import type { Tensor2D, Tensor3D, Tensor4D } from '@tensorflow/tfjs-core';
import type { TensorMap } from './tensors.js';

/** x σ(1.702 x), or the exact x Φ(x). */
export type Activation = 'quick-gelu' | 'gelu';

/** One of the two towers. */
export type Tower = 'image' | 'text';

/** How a parameter starts. Normal draws are not truncated. */
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
   * Memory that goes on from step to step, such as batch norm's running mean and variance: the forward pass of a training
   * step, or a method's objective, gives its new value in `updates`; no gradient moves it, and it does not count as a parameter.
   */
  readonly buffer?: true;
  /** Names the stream that it is drawn from. Default: the parameter's own name. */
  readonly stream?: string;
}

/** Parameters that are frozen together. Stages are listed from the input to the output. */
export interface TowerStage {
  readonly name: string;
  /** `block` stages are what a fraction such as "the first half" counts. */
  readonly kind: 'embedding' | 'block' | 'head';
  readonly parameters: readonly string[];
}

/**
 * What an encoder computes for a batch of B. A transformer computes each part when it is first read, and its last block for
 * one token of each example unless `tokens` or `hidden` is read: leave alone what is not needed.
 */
export interface EncoderOutput {
  /** Final token features `[B, T, W]` (image: patches without class token; text: all positions). */
  readonly tokens: Tensor3D;
  /** The same before the tower's last norm, where a decoder goes on from them (text), `[B, T, W]`. */
  readonly hidden?: Tensor3D;
  /** Pooled feature before the projection, `[B, W]`. */
  readonly pooled: Tensor2D;
  /** Projected into the joint space, not normalised, `[B, D]`. */
  readonly embedding: Tensor2D;
  /** New values of buffers, if the encoder has any and the pass was one of training. */
  readonly updates?: TensorMap;
}

/** How an encoder runs; without it, as in evaluation. */
export interface ForwardOptions {
  /** Within a training step: batch norm uses the batch's statistics and gives its new running ones in `updates`. */
  readonly training?: boolean;
  /** Names of parameters that do not move. A batch norm among them keeps to its running statistics, in training too. */
  readonly frozen?: ReadonlySet<string>;
  /**
   * Images: indices of the patches that enter the tower, `[B, K]` int32; the others are dropped after the patch embedding
   * (arXiv:2212.00794, section 3). An encoder without patches refuses it.
   */
  readonly keptPatches?: Tensor2D;
}

/** An encoder with its sizes fixed. It holds no values: parameters are passed in, named as in `parameters`. */
export interface EncoderModel<Batch> {
  readonly id: string;
  /** W, the width of `tokens` and `pooled`. */
  readonly width: number;
  /** D, the width of `embedding`. */
  readonly embedDim: number;
  readonly parameters: readonly ParameterSpec[];
  readonly stages: readonly TowerStage[];
  forward(parameters: TensorMap, batch: Batch, options?: ForwardOptions): EncoderOutput;
}

/** Image batches are `[B, H, W, 3]` float32, normalised; text batches are `[B, L]` int32 token ids. */
export type ImageEncoderModel = EncoderModel<Tensor4D> & {
  readonly imageSize: number;
  /** Side in pixels of the patches that a vision transformer sees; its grid is row-major. Undefined for other towers. */
  readonly patchSize?: number;
};
export type TextEncoderModel = EncoderModel<Tensor2D> & { readonly contextLength: number; readonly vocabSize: number };

export interface EncoderOptions {
  /** D, shared by the two towers. */
  readonly embedDim: number;
  /** Text towers: the tokenizer's vocabulary. */
  readonly vocabSize: number;
  /** Of the transformer's blocks; default QuickGELU, OpenAI's. Weights run with the other one, and are worse. */
  readonly activation?: Activation;
}

/**
 * Numbers of parameters by what freezes together. Freezing k blocks freezes what lies below them too: the embedding and
 * the first k of `blocks`. Freezing all freezes the head as well.
 */
export interface StageSizes {
  readonly embedding: number;
  /** Input to output. */
  readonly blocks: readonly number[];
  readonly head: number;
}

export interface EncoderInfo {
  readonly id: string;
  readonly title: string;
  readonly modality: 'image' | 'text';
  readonly layers: number;
  readonly width: number;
  readonly embedDim: number;
  /** Image towers: side in pixels. */
  readonly imageSize?: number;
  /** Text towers: positions. */
  readonly contextLength?: number;
  /** Number of parameters at the published sizes (text: with the vocabulary of `vocabSize`). */
  readonly parameters: number;
  readonly stages: StageSizes;
  readonly source: string;
}

export interface Encoder {
  build(options: EncoderOptions): ImageEncoderModel | TextEncoderModel;
}

/**
 * The two towers and the logit scale, with one parameter name space: image parameters carry the prefix `visual.`, text
 * parameters none, the logarithm of the logit scale is `logit_scale` (the layout of OpenAI's CLIP).
 */
export interface DualEncoderModel {
  readonly image: ImageEncoderModel;
  readonly text: TextEncoderModel;
  readonly embedDim: number;
  readonly parameters: readonly ParameterSpec[];
  /** `images` `[B, H, W, 3]`. */
  encodeImage(parameters: TensorMap, images: Tensor4D, options?: ForwardOptions): EncoderOutput;
  /** `ids` `[B, L]`. */
  encodeText(parameters: TensorMap, ids: Tensor2D, options?: ForwardOptions): EncoderOutput;
  /** Parameter names (in the joint name space) of a tower's stages, input to output. */
  stages(tower: Tower): readonly TowerStage[];
}
