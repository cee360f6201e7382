import type { HostTensor } from '@medbench/core';
import { normal } from '@medbench/core/testing';
import * as tf from '@tensorflow/tfjs-core';
import { between, binary, type OpCase, unary } from './op-cases.js';

type Pad = Parameters<typeof tf.conv2d>[3];
const EXPLICIT: Pad = [
  [0, 0],
  [1, 0],
  [0, 1],
  [0, 0],
];
const PADS: [string, Pad][] = [
  ['valid', 'valid'],
  ['same', 'same'],
  ['padded by 1', 1],
  ['padded unevenly', EXPLICIT],
];
/** Batches of two images, 7 x 6 and 6 x 8. With stride 2, some windows leave a row over. */
const images: [string, HostTensor][] = [
  ['7 x 6', normal('images', [2, 7, 6, 3])],
  ['6 x 8', normal('images', [2, 6, 8, 3])],
];
const convolution = (
  name: string,
  x: HostTensor,
  filter: HostTensor,
  run: (x: tf.Tensor4D, filter: tf.Tensor4D) => tf.Tensor,
  gradient = true,
): OpCase => binary(name, (a, b) => run(a as tf.Tensor4D, b as tf.Tensor4D), x, filter, gradient);

const WINDOWS: OpCase[] = [1, 2].flatMap((stride) =>
  PADS.flatMap(([padding, pad]) =>
    images.flatMap(([size, x]) => {
      const about = `of ${size}, stride ${stride}, ${padding}`;
      // TensorFlow.js accepts a number of pixels only for square filters.
      const window = pad === 1 ? [3, 3] : [3, 2];
      const filter = normal('filter', [...window, 3, 4], 0.5);
      const apart = normal('apart', [...window, 3, 2], 0.5);
      return [
        convolution(`conv2d ${about}`, x, filter, (a, b) => tf.conv2d(a, b, stride, pad)),
        convolution(`depthwiseConv2d ${about}`, x, apart, (a, b) => tf.depthwiseConv2d(a, b, stride, pad)),
        unary(`maxPool ${about}`, (a) => tf.maxPool(a as tf.Tensor4D, 2, stride, pad), x),
        // The gradient of the reference counts padding as part of the mean, unlike its forward pass.
        unary(`avgPool ${about}`, (a) => tf.avgPool(a as tf.Tensor4D, 2, stride, pad), x, padding === 'valid'),
      ];
    }),
  ),
);

/** Convolutions, pools and batch norm over images. */
export const WINDOW_CASES: readonly OpCase[] = [
  ...WINDOWS,
  convolution('conv2d of 1 x 1', images[0]![1], normal('pixel', [1, 1, 3, 5]), (a, b) => tf.conv2d(a, b, 1, 'valid')),
  // ConvNeXt's: one filter per channel, as large as the image or larger.
  convolution('depthwiseConv2d of 7 x 7', normal('grid', [2, 9, 6, 5]), normal('wide', [7, 7, 5, 1], 0.3), (a, b) =>
    tf.depthwiseConv2d(a, b, 1, 3),
  ),
  convolution(
    'depthwiseConv2d of 5 x 5 with tiles to spare',
    normal('odd', [2, 19, 18, 3]),
    normal('five', [5, 5, 3, 1], 0.3),
    (a, b) => tf.depthwiseConv2d(a, b, 1, 'same'),
  ),
  // As many channels as ONNX Runtime's blocks have.
  ...[1, 2].map((stride) =>
    convolution(
      `depthwiseConv2d of 16 channels, stride ${stride}`,
      normal('blocks', [2, 9, 7, 32]),
      normal('seven', [7, 7, 32, 1], 0.2),
      (a, b) => tf.depthwiseConv2d(a, b, stride, 3),
    ),
  ),
  convolution(
    'depthwiseConv2d of 3 x 5, padded unevenly',
    normal('large grid', [2, 19, 17, 3]),
    normal('oblong', [3, 5, 3, 1], 0.3),
    (a, b) => tf.depthwiseConv2d(a, b, 1, EXPLICIT),
  ),
  convolution(
    'depthwiseConv2d, dilated',
    images[0]![1],
    normal('apart', [3, 2, 3, 1]),
    (a, b) => tf.depthwiseConv2d(a, b, 1, 'same', 'NHWC', 2),
    false,
  ),
  convolution(
    'conv2d, dilated',
    images[0]![1],
    normal('filter', [2, 2, 3, 4]),
    (a, b) => tf.conv2d(a, b, 1, 'valid', 'NHWC', 2),
    false,
  ),
  convolution('two conv2d, padded by 1', images[0]![1], normal('square', [3, 3, 3, 3], 0.4), (a, b) => {
    const once = tf.relu(tf.conv2d(a, b, 1, 1));
    return tf.conv2d(once, b, 2, 1);
  }),
  convolution(
    'conv2dTranspose',
    normal('small', [2, 3, 4, 4]),
    normal('filter', [3, 3, 3, 4]),
    (a, b) => tf.conv2dTranspose(a, b, [2, 6, 8, 3], 2, 'same'),
    false,
  ),
  // Among equal maxima, here zeros, the first gets the gradient.
  unary('maxPool of relu', (x) => tf.maxPool(tf.relu(x) as tf.Tensor4D, 2, 1, 'same'), images[0]![1]),
  {
    name: 'batchNorm',
    inputs: {
      x: images[0]![1],
      mean: normal('mean', [3]),
      variance: between('variance', [3], 0.5, 2),
      offset: normal('offset', [3]),
      scale: normal('scale', [3], 0.2, 1),
    },
    differentiate: ['x', 'offset', 'scale'],
    run: ({ x, mean, variance, offset, scale }) =>
      tf.batchNorm(
        x as tf.Tensor4D,
        mean as tf.Tensor1D,
        variance as tf.Tensor1D,
        offset as tf.Tensor1D,
        scale as tf.Tensor1D,
        1e-3,
      ),
  },
];
