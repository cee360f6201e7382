import {
  Encoder,
  type EncoderOptions,
  type EncoderOutput,
  type ImageEncoderModel,
  type ParameterSpec,
  type TensorMap,
} from '@medbench/core';
import { encoderInfo, linear, normal, zeros } from '@medbench/nn';
import * as tf from '@tensorflow/tfjs-core';

/** Side of the input images in pixels. */
const SIDE = 32;
/** Channels after each convolution. Each halves the sides, so the last grid is 4 x 4. */
const CHANNELS = [16, 32, 64] as const;
const WIDTH = 64;
const LAYERS = ['stem', 'block.0', 'block.1'] as const;

/** Parameters of a 3 x 3 convolution. Shapes follow PyTorch: `[out, in, height, width]`. */
const convolutionParameters = (name: string, input: number, output: number): ParameterSpec[] => [
  { name: `${name}.weight`, shape: [output, input, 3, 3], init: normal(Math.sqrt(2 / (9 * input))) },
  { name: `${name}.bias`, shape: [output], init: zeros },
];

/** Convolves with stride 2. @param x `[B, H, W, in]`. @returns `[B, H / 2, W / 2, out]`. */
function convolve(parameters: TensorMap, name: string, x: tf.Tensor4D): tf.Tensor4D {
  const filter = tf.transpose(parameters[`${name}.weight`] as tf.Tensor4D, [2, 3, 1, 0]);
  return tf.relu(tf.add(tf.conv2d(x, filter, 2, 1), parameters[`${name}.bias`]!)) as tf.Tensor4D;
}

/** Runs the tower on images `[B, H, W, 3]`. Use TensorFlow.js ops only: medbench compiles the step. */
function forward(parameters: TensorMap, images: tf.Tensor4D): EncoderOutput {
  const grid = LAYERS.reduce((x, name) => convolve(parameters, name, x), images);
  const [batch, height, width] = grid.shape;
  const tokens = tf.reshape(grid, [batch, height * width, WIDTH]) as tf.Tensor3D;
  const pooled = tf.mean(tokens, 1) as tf.Tensor2D;
  return { tokens, pooled, embedding: linear(pooled, parameters['projection.weight']!) };
}

/** Builds the tower. @param embedDim width of the space that images and texts share. */
function model(embedDim: number): ImageEncoderModel {
  const layers = LAYERS.map((name, i) => convolutionParameters(name, CHANNELS[i - 1] ?? 3, CHANNELS[i]!));
  const projection = { name: 'projection.weight', shape: [embedDim, WIDTH], init: normal(WIDTH ** -0.5) };
  const names = (parameters: readonly ParameterSpec[]) => parameters.map(({ name }) => name);
  return {
    id: 'template-name',
    imageSize: SIDE,
    width: WIDTH,
    embedDim,
    parameters: [...layers.flat(), projection],
    // Methods freeze whole stages. "Half of the tower" counts the blocks.
    stages: [
      { name: 'stem', kind: 'embedding', parameters: names(layers[0]!) },
      { name: 'block.0', kind: 'block', parameters: names(layers[1]!) },
      { name: 'block.1', kind: 'block', parameters: names(layers[2]!) },
      { name: 'projection', kind: 'head', parameters: [projection.name] },
    ],
    forward,
  };
}

/** Three convolutions and a mean: replace them by your own tower. */
@Encoder({
  ...encoderInfo(model(64)),
  title: 'Template name',
  modality: 'image',
  imageSize: SIDE,
  source: 'this package', // the paper, for the report
})
export class TemplateName implements Encoder {
  build({ embedDim }: EncoderOptions): ImageEncoderModel {
    return model(embedDim);
  }
}
