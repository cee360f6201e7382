import * as tf from '@tensorflow/tfjs-core';
import { kernelCaller, type Shape4D } from './convolution.js';
import type { WasmBackend } from './wasm-backend.js';

/**
 * The gradient of a depthwise convolution by its filter `[kh, kw, in, multiplier]`, summed in float64. TensorFlow.js has
 * no such kernel for WebAssembly.
 */
export const depthwiseFilterGradient: tf.KernelFunc = ({ inputs, attrs, backend }) => {
  const wasm = backend as WasmBackend;
  const { x, dy } = inputs as { x: tf.TensorInfo; dy: tf.TensorInfo };
  const { strides, dilations, pad, dimRoundingMode, filterShape } =
    attrs as unknown as tf.DepthwiseConv2dNativeBackpropFilterAttrs;
  const window = tf.backend_util.computeConv2DInfo(
    x.shape as Shape4D,
    filterShape,
    strides,
    dilations,
    pad,
    dimRoundingMode,
    true,
  );
  const out = wasm.makeOutput(filterShape, 'float32');
  // Take the views after the allocation, which may move the memory.
  const sums = wasm.typedArrayFromHeap(out);
  const values = wasm.typedArrayFromHeap(x);
  const gradient = wasm.typedArrayFromHeap(dy);
  const size = window.outChannels;
  const tapSums = new Float64Array(size);
  for (let row = 0; row < window.filterHeight; row++) {
    for (let column = 0; column < window.filterWidth; column++) {
      tapSums.fill(0);
      addTap(tapSums, values, gradient, window, row, column);
      sums.set(tapSums, (row * window.filterWidth + column) * size);
    }
  }
  return out;
};

/** Adds the products of all pairs that one element of the filter has joined, channel by channel. */
function addTap(
  sums: Float64Array,
  values: Float32Array | Int32Array | Uint8Array,
  gradient: Float32Array | Int32Array | Uint8Array,
  window: tf.backend_util.Conv2DInfo,
  row: number,
  column: number,
): void {
  const { batchSize, inHeight, inWidth, inChannels, outHeight, outWidth, outChannels, padInfo } = window;
  const multiplier = outChannels / inChannels;
  for (let b = 0; b < batchSize; b++) {
    for (let y = 0; y < outHeight; y++) {
      const fromRow = y * window.strideHeight + row * window.dilationHeight - padInfo.top;
      if (fromRow < 0 || fromRow >= inHeight) continue;
      for (let x = 0; x < outWidth; x++) {
        const fromColumn = x * window.strideWidth + column * window.dilationWidth - padInfo.left;
        if (fromColumn < 0 || fromColumn >= inWidth) continue;
        const from = ((b * inHeight + fromRow) * inWidth + fromColumn) * inChannels;
        const at = ((b * outHeight + y) * outWidth + x) * outChannels;
        if (multiplier === 1) for (let c = 0; c < inChannels; c++) sums[c]! += values[from + c]! * gradient[at + c]!;
        else
          for (let c = 0; c < outChannels; c++)
            sums[c]! += values[from + Math.floor(c / multiplier)]! * gradient[at + c]!;
      }
    }
  }
}

/**
 * The gradient of a depthwise convolution by its input. With stride 1 and one filter per channel, it is a depthwise
 * convolution of the result's gradient with the rotated filter, which XNNPACK computes. All other cases use the given
 * kernel.
 */
export const depthwiseInputGradient =
  (otherwise: tf.KernelFunc): tf.KernelFunc =>
  (kernelCall) => {
    const wasm = kernelCall.backend as WasmBackend;
    const { dy, filter } = kernelCall.inputs as { dy: tf.TensorInfo; filter: tf.TensorInfo };
    const { strides, dilations, pad, dimRoundingMode, inputShape } =
      kernelCall.attrs as unknown as tf.DepthwiseConv2dNativeBackpropInputAttrs;
    const shape = filter.shape as Shape4D;
    const window = tf.backend_util.computeConv2DInfo(inputShape, shape, strides, dilations, pad, dimRoundingMode, true);
    const { effectiveFilterHeight, effectiveFilterWidth, padInfo } = window;
    const paddings = [
      [effectiveFilterHeight - 1 - padInfo.top, effectiveFilterHeight - 1 - padInfo.bottom],
      [effectiveFilterWidth - 1 - padInfo.left, effectiveFilterWidth - 1 - padInfo.right],
    ];
    const isPlain = window.strideHeight === 1 && window.strideWidth === 1 && shape[3] === 1;
    if (!isPlain || paddings.flat().some((side) => side < 0)) return otherwise(kernelCall);
    const call = kernelCaller(wasm);
    const rotated = call(tf.Reverse, { x: filter }, { dims: [0, 1] });
    const attrs = { strides: 1, pad: [[0, 0], ...paddings, [0, 0]], dataFormat: 'NHWC', dilations };
    const result = call(tf.DepthwiseConv2dNative, { x: dy, filter: rotated }, attrs);
    wasm.disposeData(rotated.dataId);
    return result;
  };
