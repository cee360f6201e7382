import { poolShares } from '@medbench/backend-kit';
import * as tf from '@tensorflow/tfjs-core';

type Shape4D = [number, number, number, number];
type Pad = tf.Conv2DAttrs['pad'];

/** The union of the attributes of the kernels below. */
interface WindowAttrs {
  readonly strides: [number, number] | number;
  readonly pad: Pad;
  readonly dimRoundingMode?: 'floor' | 'round' | 'ceil';
  readonly dataFormat?: 'NHWC' | 'NCHW';
  readonly dilations?: [number, number] | number | null;
  readonly filterSize?: [number, number] | number;
  readonly filterShape?: Shape4D;
  readonly inputShape?: Shape4D;
}

/** A kernel that slides a window over its input. */
interface WindowedKernel {
  readonly kind: 'convolution' | 'depthwise' | 'mean' | 'maximum';
  /**
   * Whether the kernel computes the gradient by the input. For a padded input, that includes the gradient of the
   * padding.
   */
  readonly backward?: boolean;
}

/** Kernels of tfjs-node that refuse padding other than "valid" and "same", or whose gradients refuse it. */
const WINDOWED_KERNELS: Readonly<Record<string, WindowedKernel>> = {
  [tf.Conv2D]: { kind: 'convolution' },
  [tf.Conv2DBackpropFilter]: { kind: 'convolution' },
  [tf.Conv2DBackpropInput]: { kind: 'convolution', backward: true },
  [tf.DepthwiseConv2dNative]: { kind: 'depthwise' },
  [tf.DepthwiseConv2dNativeBackpropFilter]: { kind: 'depthwise' },
  [tf.DepthwiseConv2dNativeBackpropInput]: { kind: 'depthwise', backward: true },
  [tf.AvgPool]: { kind: 'mean' },
  [tf.AvgPoolGrad]: { kind: 'mean', backward: true },
  [tf.MaxPool]: { kind: 'maximum' },
  [tf.MaxPoolGrad]: { kind: 'maximum', backward: true },
};

function computeWindow(
  kind: WindowedKernel['kind'],
  inShape: Shape4D,
  filter: Shape4D | undefined,
  attrs: WindowAttrs,
) {
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

/** Number of rows (or columns) to add before and after, so that "valid" yields exactly the wanted windows. */
const computePadding = (
  before: number,
  side: number,
  out: number,
  stride: number,
  filter: number,
): [number, number] => [before, Math.max(0, (out - 1) * stride + filter - side - before)];

/**
 * Pads the input and calls the original kernel with "valid" padding. A gradient by the input is cut to the size of the
 * unpadded input afterwards. A mean is rescaled, because it must not count the padding.
 */
const withPadding =
  ({ kind, backward = false }: WindowedKernel, original: tf.KernelFunc): tf.KernelFunc =>
  (call) => {
    const attrs = call.attrs as unknown as WindowAttrs;
    const { x, input, filter, dy } = call.inputs as Readonly<Record<string, tf.Tensor4D | undefined>>;
    const source = x ?? input;
    if (attrs.dataFormat === 'NCHW') return original(call);
    const inShape = (source?.shape ?? attrs.inputShape) as Shape4D;
    const window = computeWindow(kind, inShape, filter?.shape ?? attrs.filterShape, attrs);
    const { padInfo, outHeight, outWidth, strideHeight, strideWidth } = window;
    if (padInfo.type === 'VALID' || padInfo.type === 'SAME') return original(call);

    const [top, bottom] = computePadding(
      padInfo.top,
      inShape[1],
      outHeight,
      strideHeight,
      window.effectiveFilterHeight,
    );
    const [left, right] = computePadding(padInfo.left, inShape[2], outWidth, strideWidth, window.effectiveFilterWidth);
    const [batch, height, width, channels] = inShape;
    const shape: Shape4D = [batch, top + height + bottom, left + width + right, channels];
    return tf.tidy(() => {
      const inputs = { ...(call.inputs as Record<string, tf.TensorInfo>) };
      if (source) {
        const paddings: [number, number][] = [
          [0, 0],
          [top, bottom],
          [left, right],
          [0, 0],
        ];
        inputs[x ? 'x' : 'input'] = tf.pad(source, paddings, kind === 'maximum' ? Number.NEGATIVE_INFINITY : 0);
      }
      const rescale = (mean: tf.Tensor): tf.Tensor => {
        const count = window.filterHeight * window.filterWidth;
        const factors = poolShares(window).map((share) => share * count);
        return tf.mul(mean, tf.tensor3d(factors, [outHeight, outWidth, 1]));
      };
      if (kind === 'mean' && backward) inputs.dy = rescale(dy!);
      const valid = { ...attrs, pad: 'valid', ...(attrs.inputShape ? { inputShape: shape } : {}) };
      const result = original({ ...call, inputs, attrs: valid as unknown as tf.NamedAttrMap }) as tf.Tensor4D;
      if (backward) return tf.slice(result, [0, top, left, 0], inShape);
      return kind === 'mean' ? rescale(result) : result;
    });
  };

const patchedKernels = new WeakSet<tf.KernelFunc>();

/** Patches the convolutions and pools of the backend `tensorflow` to accept any padding, as the other backends do. */
export function patchPadding(): void {
  for (const [kernelName, windowed] of Object.entries(WINDOWED_KERNELS)) {
    const kernel = tf.getKernel(kernelName, 'tensorflow');
    if (!kernel || patchedKernels.has(kernel.kernelFunc)) continue;
    const kernelFunc = withPadding(windowed, kernel.kernelFunc);
    patchedKernels.add(kernelFunc);
    tf.unregisterKernel(kernelName, 'tensorflow');
    tf.registerKernel({ ...kernel, kernelFunc });
  }
}
