import { poolShares } from '@medbench/backend-kit';
import * as tf from '@tensorflow/tfjs-core';

type Four = [number, number, number, number];
type Pad = tf.Conv2DAttrs['pad'];

/** What the attributes of the kernels below have between them. */
interface WindowAttrs {
  readonly strides: [number, number] | number;
  readonly pad: Pad;
  readonly dimRoundingMode?: 'floor' | 'round' | 'ceil';
  readonly dataFormat?: 'NHWC' | 'NCHW';
  readonly dilations?: [number, number] | number | null;
  readonly filterSize?: [number, number] | number;
  readonly filterShape?: Four;
  readonly inputShape?: Four;
}

/** What a window takes of its input, and where the input, or its gradient, is among a kernel's tensors. */
interface Windowed {
  readonly of: 'convolution' | 'depthwise' | 'mean' | 'maximum';
  /** Whether the kernel gives the gradient by the input, which has the padding's too. */
  readonly backward?: boolean;
}

/** Kernels of tfjs-node that refuse padding other than "valid" and "same", or refuse its gradient. */
const WINDOWED: Readonly<Record<string, Windowed>> = {
  [tf.Conv2D]: { of: 'convolution' },
  [tf.Conv2DBackpropFilter]: { of: 'convolution' },
  [tf.Conv2DBackpropInput]: { of: 'convolution', backward: true },
  [tf.DepthwiseConv2dNative]: { of: 'depthwise' },
  [tf.DepthwiseConv2dNativeBackpropFilter]: { of: 'depthwise' },
  [tf.DepthwiseConv2dNativeBackpropInput]: { of: 'depthwise', backward: true },
  [tf.AvgPool]: { of: 'mean' },
  [tf.AvgPoolGrad]: { of: 'mean', backward: true },
  [tf.MaxPool]: { of: 'maximum' },
  [tf.MaxPoolGrad]: { of: 'maximum', backward: true },
};

function windowOf(kind: Windowed['of'], inShape: Four, filter: Four | undefined, attrs: WindowAttrs) {
  const { strides, pad, dimRoundingMode, filterSize, dilations } = attrs;
  return filter
    ? tf.backend_util.computeConv2DInfo(
        inShape,
        filter,
        strides,
        dilations ?? 1,
        pad,
        dimRoundingMode,
        kind === 'depthwise',
      )
    : tf.backend_util.computePool2DInfo(inShape, filterSize!, strides, 1, pad, dimRoundingMode);
}

/** The rows (or columns) to add before and after, so that "valid" windows are those wanted and no more. */
const around = (before: number, side: number, out: number, stride: number, filter: number): [number, number] => [
  before,
  Math.max(0, (out - 1) * stride + filter - side - before),
];

/**
 * Puts the padding around the input and calls the shipped kernel with "valid": the gradient by the input is cut to its
 * size afterwards, and a mean is rescaled, for it leaves the padding out.
 */
const padded =
  ({ of, backward = false }: Windowed, shipped: tf.KernelFunc): tf.KernelFunc =>
  (call) => {
    const attrs = call.attrs as unknown as WindowAttrs;
    const { x, input, filter, dy } = call.inputs as Readonly<Record<string, tf.Tensor4D | undefined>>;
    const source = x ?? input;
    if (attrs.dataFormat === 'NCHW') return shipped(call);
    const inShape = (source?.shape ?? attrs.inputShape) as Four;
    const window = windowOf(of, inShape, filter?.shape ?? attrs.filterShape, attrs);
    const { padInfo, outHeight, outWidth, strideHeight, strideWidth } = window;
    if (padInfo.type === 'VALID' || padInfo.type === 'SAME') return shipped(call);

    const [top, bottom] = around(padInfo.top, inShape[1], outHeight, strideHeight, window.effectiveFilterHeight);
    const [left, right] = around(padInfo.left, inShape[2], outWidth, strideWidth, window.effectiveFilterWidth);
    const [batch, height, width, channels] = inShape;
    const shape: Four = [batch, top + height + bottom, left + width + right, channels];
    return tf.tidy(() => {
      const inputs = { ...(call.inputs as Record<string, tf.TensorInfo>) };
      if (source) {
        const paddings: [number, number][] = [
          [0, 0],
          [top, bottom],
          [left, right],
          [0, 0],
        ];
        inputs[x ? 'x' : 'input'] = tf.pad(source, paddings, of === 'maximum' ? Number.NEGATIVE_INFINITY : 0);
      }
      const rescale = (mean: tf.Tensor): tf.Tensor => {
        const count = window.filterHeight * window.filterWidth;
        const factors = poolShares(window).map((share) => share * count);
        return tf.mul(mean, tf.tensor3d(factors, [outHeight, outWidth, 1]));
      };
      if (of === 'mean' && backward) inputs.dy = rescale(dy!);
      const valid = { ...attrs, pad: 'valid', ...(attrs.inputShape ? { inputShape: shape } : {}) };
      const result = shipped({ ...call, inputs, attrs: valid as unknown as tf.NamedAttrMap }) as tf.Tensor4D;
      if (backward) return tf.slice(result, [0, top, left, 0], inShape);
      return of === 'mean' ? rescale(result) : result;
    });
  };

const mended = new WeakSet<tf.KernelFunc>();

/** Lets convolutions and pools of the backend `tensorflow` have any padding, as on the other backends. */
export function patchPadding(): void {
  for (const [kernelName, windowed] of Object.entries(WINDOWED)) {
    const kernel = tf.getKernel(kernelName, 'tensorflow');
    if (!kernel || mended.has(kernel.kernelFunc)) continue;
    const kernelFunc = padded(windowed, kernel.kernelFunc);
    mended.add(kernelFunc);
    tf.unregisterKernel(kernelName, 'tensorflow');
    tf.registerKernel({ ...kernel, kernelFunc });
  }
}
