import type {
  DualEncoderModel,
  HostTensors,
  ImagePreprocessing,
  ModelSettings,
  Program,
  TensorSpec,
  Tower,
} from '@medbench/core';
import * as tf from '@tensorflow/tfjs-core';
import type { BuiltModel } from './model.js';

/** Name of a tower's input: normalised images, or the token ids of texts. */
export const TOWER_INPUT = { image: 'images', text: 'ids' } as const;

/** Selects a tower's weights from those of both towers. */
export function towerWeights(model: DualEncoderModel, tower: Tower, weights: HostTensors): HostTensors {
  const names = model.stages(tower).flatMap(({ parameters }) => parameters);
  return Object.fromEntries(names.map((name) => [name, weights[name]!]));
}

/** Spec of a tower's input for a batch: `images` `[B, H, W, 3]` float32, or `ids` `[B, L]` int32. */
export function towerInput({ image, text }: DualEncoderModel, tower: Tower, batch: number): TensorSpec {
  const { imageSize } = image;
  return tower === 'image'
    ? { shape: [batch, imageSize, imageSize, 3], dtype: 'float32' }
    : { shape: [batch, text.contextLength], dtype: 'int32' };
}

/**
 * The program of one tower with fixed parameters, named as in the model. Input: `images` `[B, H, W, 3]` or `ids`
 * `[B, L]`. Outputs: `embeddings` `[B, D]`, rows of unit length, and `pooled` `[B, W]`.
 */
export function towerProgram(model: DualEncoderModel, tower: Tower, batch: number): Program {
  const names = new Set(model.stages(tower).flatMap(({ parameters }) => parameters));
  const parameterSpecs = model.parameters.filter(({ name }) => names.has(name));
  return {
    name: `embed:${tower}`,
    state: Object.fromEntries(parameterSpecs.map(({ name, shape }) => [name, { shape, dtype: 'float32' } as const])),
    inputs: { [TOWER_INPUT[tower]]: towerInput(model, tower, batch) },
    selfCheck: ['embeddings'],
    run(parameters, inputs) {
      const input = inputs[TOWER_INPUT[tower]]!;
      const { embedding, pooled } =
        tower === 'image'
          ? model.encodeImage(parameters, input as tf.Tensor4D)
          : model.encodeText(parameters, input as tf.Tensor2D);
      // Rows of unit length. The maximum avoids a division by zero for a row of zeros, which padding may give.
      const norm = tf.maximum(tf.norm(embedding, 2, 1, true), 1e-12);
      return { outputs: { embeddings: tf.div(embedding, norm), pooled } };
    },
  };
}

/** `towerProgram` without the output `pooled`, as exported for other programs. */
export function embeddingProgram(model: DualEncoderModel, tower: Tower, batch: number): Program {
  const program = towerProgram(model, tower, batch);
  return {
    ...program,
    run: (parameters, inputs) => ({ outputs: { embeddings: program.run(parameters, inputs).outputs.embeddings! } }),
  };
}

/** Describes to which size an image is resized before its middle is cut out. */
function describeResize({ resize, crop }: ImagePreprocessing, imageSize: number): string {
  const side = crop === 1 ? 'imageSize' : `${Math.floor(imageSize / crop)}`;
  return resize === 'squash' ? `both sides to ${side}` : `shorter side to ${side}`;
}

/**
 * Describes in plain values, for other programs, how an image or a text becomes the input of a tower, and its output.
 * @param batch examples in every batch; undefined for any number.
 */
export function towerInfo(
  { model, tokenizer, preprocessing: images }: BuiltModel,
  settings: ModelSettings,
  tower: Tower,
  batch?: number,
): Readonly<Record<string, unknown>> {
  const { image, text, embedDim } = model;
  const { imageSize } = image;
  const preprocessing =
    tower === 'image'
      ? {
          imageSize,
          resize: describeResize(images, imageSize),
          interpolation: `${images.interpolation}, anti-aliased`,
          crop: 'centre',
          channels: 'RGB; grey three times',
          scale: 1 / 255,
          mean: images.mean,
          std: images.std,
        }
      : {
          contextLength: text.contextLength,
          ...tokenizer.about,
          vocabulary: tokenizer.vocabSize,
          startId: tokenizer.startId,
          endId: tokenizer.endId,
          padId: tokenizer.padId,
          row: 'start, ids, end, padding; what is too long is cut and keeps its end',
        };
  const { shape, dtype } = towerInput(model, tower, 1);
  const batchDimension = batch ?? 'batch';
  return {
    tower,
    encoder: tower === 'image' ? image.id : text.id,
    activation: settings.activation,
    input: { name: TOWER_INPUT[tower], shape: [batchDimension, ...shape.slice(1)], dtype },
    preprocessing,
    output: { name: 'embeddings', shape: [batchDimension, embedDim], dtype: 'float32', normalised: true },
    embedDim,
  };
}
