import { elementCount, type HostTensors, MedbenchError, type ParameterSpec, type TensorMap } from '@medbench/core';
import { linear, uniform } from '@medbench/nn';
import * as tf from '@tensorflow/tfjs-core';

/** Side of the images of the auto-encoder in pixels. */
export const CODE_SIDE = 128;
/** Side and channels of the innermost layer: 16,384 numbers. */
const INNER = { side: CODE_SIDE / 4, channels: 16 } as const;

/** Channels in and out of each layer, by PyTorch's names. The decoder's transposed convolutions double the side. */
const LAYERS = {
  conv1: [1, 64],
  conv2: [64, 32],
  conv3: [32, INNER.channels],
  tran_conv1: [INNER.channels, 32],
  conv4: [32, 32],
  tran_conv2: [32, 64],
  conv5: [64, 1],
} as const;
type Layer = keyof typeof LAYERS;
const isTransposed = (layer: string): boolean => layer.startsWith('tran_');

/** Parameters of the auto-encoder alone, without the map of its code. They start as PyTorch's. */
export const autoEncoderParameters: readonly ParameterSpec[] = Object.entries(LAYERS).flatMap(
  ([layer, [input, output]]) => {
    const shape = isTransposed(layer) ? [input, output, 3, 3] : [output, input, 3, 3];
    const init = uniform((shape[1]! * 9) ** -0.5);
    return [
      { name: `${layer}.weight`, shape, init },
      { name: `${layer}.bias`, shape: [output], init },
    ];
  },
);

/** Parameters of the linear map from the innermost layer to a code. */
export const codeParameters = (width: number): ParameterSpec[] => {
  const input = INNER.side ** 2 * INNER.channels;
  const init = uniform(input ** -0.5);
  return [
    { name: 'convert.weight', shape: [width, input], init },
    { name: 'convert.bias', shape: [width], init },
  ];
};

/** A convolution of 3 x 3 that keeps the size, or its transpose that doubles it. `x` `[B, H, W, in]`. */
function convolve(parameters: TensorMap, layer: Layer, x: tf.Tensor4D): tf.Tensor4D {
  const weight = parameters[`${layer}.weight`] as tf.Tensor4D;
  const bias = parameters[`${layer}.bias`]!;
  const [batch, height, width] = x.shape;
  // PyTorch's [out, in, 3, 3], and [in, out, 3, 3] of the transpose, both become the filter [3, 3, …] of TensorFlow.
  if (!isTransposed(layer)) return tf.add(tf.conv2d(x, tf.transpose(weight, [2, 3, 1, 0]), 1, 'same'), bias);
  const filter = tf.transpose(weight, [2, 3, 1, 0]) as tf.Tensor4D;
  const shape: [number, number, number, number] = [batch, 2 * height, 2 * width, filter.shape[2]];
  return tf.add(tf.conv2dTranspose(x, filter, shape, 2, 1, 'floor'), bias);
}

/** The largest of each 2 x 2 pixels. Of equal ones the first takes the gradient, as in PyTorch. */
function halve(x: tf.Tensor4D): tf.Tensor4D {
  const [batch, height, width, channels] = x.shape;
  const [left, right] = splitPairs(tf.reshape(x, [(batch * height * width) / 2, 2, channels]));
  const columns = tf.reshape(tf.maximum(left, right), [(batch * height) / 2, 2, (width / 2) * channels]);
  const [upper, lower] = splitPairs(columns as tf.Tensor3D);
  return tf.reshape(tf.maximum(upper, lower), [batch, height / 2, width / 2, channels]);
}

const splitPairs = (x: tf.Tensor3D): [tf.Tensor, tf.Tensor] => tf.split(x, 2, 1) as [tf.Tensor, tf.Tensor];

/** The innermost layer of images `[B, 128, 128, 1]` in [0, 1]: `[B, 32, 32, 16]`. */
export function encodePixels(parameters: TensorMap, images: tf.Tensor4D): tf.Tensor4D {
  const first = halve(tf.relu(convolve(parameters, 'conv1', images)));
  const second = halve(tf.relu(convolve(parameters, 'conv2', first)));
  return tf.relu(convolve(parameters, 'conv3', second));
}

/** Reconstructs images `[B, 128, 128, 1]` in [0, 1] from the innermost layer. */
export function decodePixels(parameters: TensorMap, inner: tf.Tensor4D): tf.Tensor4D {
  const first = tf.relu(convolve(parameters, 'tran_conv1', inner));
  const second = tf.relu(convolve(parameters, 'conv4', first));
  return tf.sigmoid(convolve(parameters, 'conv5', tf.relu(convolve(parameters, 'tran_conv2', second))));
}

/** The code of the innermost layer, `[B, width]`. Its pixels are read row by row, each with all its channels. */
export const makeCode = (parameters: TensorMap, inner: tf.Tensor4D): tf.Tensor2D =>
  linear(
    tf.reshape(inner, [inner.shape[0], INNER.side ** 2 * INNER.channels]),
    parameters['convert.weight']!,
    parameters['convert.bias']!,
  );

/**
 * Takes the auto-encoder's start weights out of a file's tensors.
 * @throws MedbenchError('weights') naming the first tensor that is missing or has another shape.
 */
export function checkAutoEncoder(tensors: HostTensors, file: string): HostTensors {
  const picked: HostTensors = {};
  for (const { name, shape } of autoEncoderParameters) {
    const tensor = tensors[name];
    if (tensor?.data.length !== elementCount(shape) || tensor.shape.join() !== shape.join()) {
      throw new MedbenchError(
        'weights',
        `${file} has ${tensor ? `${name} of shape [${tensor.shape.join(', ')}]` : `no ${name}`}; the auto-encoder needs [${shape.join(', ')}]`,
        { hint: 'Save its state_dict as safetensors, or leave evaluation.fineTunedVqa.autoEncoderWeights empty.' },
      );
    }
    picked[name] = tensor;
  }
  return picked;
}
