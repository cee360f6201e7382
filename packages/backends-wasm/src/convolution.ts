import { poolShares } from '@medbench/backend-kit';
import * as tf from '@tensorflow/tfjs-core';
import type { WasmBackend } from './wasm-backend.js';

/** Calls a kernel of this backend by name, from within another kernel. */
export type KernelCaller = (name: string, inputs: tf.NamedTensorInfoMap, attrs: object) => tf.TensorInfo;

export const kernelCaller =
  (backend: WasmBackend): KernelCaller =>
  (name, inputs, attrs) =>
    tf.getKernel(name, 'wasm').kernelFunc({ inputs, attrs: attrs as tf.NamedAttrMap, backend }) as tf.TensorInfo;

export type Shape4D = [number, number, number, number];

/**
 * The gradient of a convolution by its filter `[kh, kw, in, out]`. For each element of the filter, one matrix product
 * multiplies the inputs that the element is applied to with the gradient of the result. TensorFlow.js has no such
 * kernel for WebAssembly.
 */
export const filterGradient: tf.KernelFunc = ({ inputs, attrs, backend }) => {
  const wasm = backend as WasmBackend;
  const call = kernelCaller(wasm);
  const { x, dy } = inputs as { x: tf.TensorInfo; dy: tf.TensorInfo };
  const { strides, pad, dimRoundingMode, filterShape } = attrs as unknown as tf.Conv2DBackpropFilterAttrs;
  const window = tf.backend_util.computeConv2DInfo(x.shape as Shape4D, filterShape, strides, 1, pad, dimRoundingMode);
  const { batchSize, outHeight, outWidth, inChannels, outChannels, filterWidth, strideHeight, strideWidth } = window;
  const { top, bottom, left, right } = window.padInfo;
  const paddings = [
    [0, 0],
    [top, bottom],
    [left, right],
    [0, 0],
  ];
  const padded = call(tf.PadV2, { x }, { paddings, constantValue: 0 });
  const rows = batchSize * outHeight * outWidth;
  const gradient = { ...dy, shape: [1, rows, outChannels] };
  const out = wasm.makeOutput(filterShape, 'float32');
  for (let tap = 0; tap < window.filterHeight * filterWidth; tap++) {
    const [row, column] = [Math.floor(tap / filterWidth), tap % filterWidth];
    const tapInputs = call(
      tf.StridedSlice,
      { x: padded },
      {
        begin: [0, row, column, 0],
        end: [
          batchSize,
          row + (outHeight - 1) * strideHeight + 1,
          column + (outWidth - 1) * strideWidth + 1,
          inChannels,
        ],
        strides: [1, strideHeight, strideWidth, 1],
        beginMask: 0,
        endMask: 0,
        ellipsisMask: 0,
        newAxisMask: 0,
        shrinkAxisMask: 0,
      },
    );
    const a = { ...tapInputs, shape: [1, rows, inChannels] };
    const product = call(tf.BatchMatMul, { a, b: gradient }, { transposeA: true, transposeB: false });
    // Take the views after all allocations: an allocation may move the memory.
    wasm.typedArrayFromHeap(out).set(wasm.typedArrayFromHeap(product), tap * inChannels * outChannels);
    wasm.disposeData(product.dataId);
    wasm.disposeData(tapInputs.dataId);
  }
  wasm.disposeData(padded.dataId);
  return out;
};

/**
 * The gradient of a convolution by its input. With stride 1, it is a convolution of the result's gradient with the
 * rotated filter, which XNNPACK computes. All other cases use the original kernel, a plain loop.
 */
export const inputGradient =
  (original: tf.KernelFunc): tf.KernelFunc =>
  (kernelCall) => {
    const wasm = kernelCall.backend as WasmBackend;
    const { dy, filter } = kernelCall.inputs as { dy: tf.TensorInfo; filter: tf.TensorInfo };
    const { strides, pad, dimRoundingMode, inputShape } = kernelCall.attrs as unknown as tf.Conv2DBackpropInputAttrs;
    const shape = filter.shape as Shape4D;
    const window = tf.backend_util.computeConv2DInfo(inputShape, shape, strides, 1, pad, dimRoundingMode);
    const { filterHeight, filterWidth, padInfo } = window;
    const paddings = [
      [filterHeight - 1 - padInfo.top, filterHeight - 1 - padInfo.bottom],
      [filterWidth - 1 - padInfo.left, filterWidth - 1 - padInfo.right],
    ];
    if (window.strideHeight !== 1 || window.strideWidth !== 1 || paddings.flat().some((side) => side < 0))
      return original(kernelCall);
    const call = kernelCaller(wasm);
    const rotated = call(tf.Reverse, { x: filter }, { dims: [0, 1] });
    const swapped = call(tf.Transpose, { x: rotated }, { perm: [0, 1, 3, 2] });
    const attrs = { strides: 1, pad: [[0, 0], ...paddings, [0, 0]], dataFormat: 'NHWC', dilations: 1 };
    const result = call(tf.Conv2D, { x: dy, filter: swapped }, attrs);
    wasm.disposeData(rotated.dataId);
    wasm.disposeData(swapped.dataId);
    return result;
  };

/**
 * The gradient of an average pool. The original kernel counts padding in the mean, but the pool itself does not.
 */
export const averagePoolGradient =
  (original: tf.KernelFunc): tf.KernelFunc =>
  (kernelCall) => {
    const wasm = kernelCall.backend as WasmBackend;
    const { dy, input } = kernelCall.inputs as { dy: tf.TensorInfo; input: tf.TensorInfo };
    const { filterSize, strides, pad, dimRoundingMode } = kernelCall.attrs as unknown as tf.AvgPoolAttrs;
    const shape = input.shape as Shape4D;
    const window = tf.backend_util.computePool2DInfo(shape, filterSize, strides, 1, pad, dimRoundingMode);
    const { top, bottom, left, right } = window.padInfo;
    if (top + bottom + left + right === 0) return original(kernelCall);
    const { outHeight, outWidth, filterHeight, filterWidth } = window;
    const factors = poolShares(window).map((share) => share * filterHeight * filterWidth);
    const b = { dataId: wasm.write(factors, [outHeight, outWidth, 1], 'float32'), shape: [outHeight, outWidth, 1] };
    const call = kernelCaller(wasm);
    const scaled = call(tf.Multiply, { a: dy, b: { ...b, dtype: 'float32' } }, {});
    const result = original({ ...kernelCall, inputs: { dy: scaled, input } });
    wasm.disposeData(scaled.dataId);
    wasm.disposeData(b.dataId);
    return result;
  };
