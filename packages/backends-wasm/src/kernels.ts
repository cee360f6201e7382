import * as tf from '@tensorflow/tfjs-core';
import { transposeFirst } from './batch-mat-mul.js';
import { averagePoolGradient, filterGradient, inputGradient } from './convolution.js';
import { depthwiseFilterGradient, depthwiseInputGradient } from './depthwise.js';
import { reduceInFloat64 } from './reductions.js';
import type { WasmBackend } from './wasm-backend.js';

/** The part of `MathBackendCPU` in `@tensorflow/tfjs-backend-cpu` that is used here. */
interface CpuBackend extends tf.KernelBackend {
  makeTensorInfo(shape: number[], dtype: tf.DataType, values: tf.BackendValues): tf.TensorInfo;
}

/**
 * Makes a WASM kernel of one of the plain JavaScript backend: it copies the inputs out of WebAssembly, the results
 * back.
 */
function viaCpu(kernel: tf.KernelConfig): tf.KernelFunc {
  return ({ inputs, attrs, backend }) => {
    const wasm = backend as WasmBackend;
    const cpu = tf.findBackend('cpu') as CpuBackend;
    const cpuTensors: tf.TensorInfo[] = [];
    const copies = Object.entries(inputs).map(([name, tensor]) => {
      const { dataId, shape, dtype } = tensor as tf.TensorInfo;
      const copy = cpu.makeTensorInfo(shape, dtype, wasm.readSync(dataId));
      cpuTensors.push(copy);
      return [name, copy] as const;
    });
    const isList = Array.isArray(inputs);
    const cpuInputs = isList ? copies.map(([, tensor]) => tensor) : Object.fromEntries(copies);
    const call = { inputs: cpuInputs as tf.NamedTensorInfoMap, backend: cpu, ...(attrs ? { attrs } : {}) };
    const result = kernel.kernelFunc(call);
    const copyBack = (tensor: tf.TensorInfo): tf.TensorInfo => {
      cpuTensors.push(tensor);
      const dataId = wasm.write(cpu.readSync(tensor.dataId), tensor.shape, tensor.dtype);
      return { dataId, shape: tensor.shape, dtype: tensor.dtype };
    };
    const returned = Array.isArray(result) ? result.map(copyBack) : copyBack(result);
    for (const { dataId } of cpuTensors) cpu.disposeData(dataId, true);
    return returned;
  };
}

/** Gradient of an embedding lookup: adds up the rows of each segment. Ids out of range are ignored. */
const unsortedSegmentSum: tf.KernelFunc = ({ inputs, attrs, backend }) => {
  const wasm = backend as WasmBackend;
  const { x, segmentIds } = inputs as { x: tf.TensorInfo; segmentIds: tf.TensorInfo };
  const { numSegments } = attrs as unknown as tf.UnsortedSegmentSumAttrs;
  const inner = x.shape.slice(segmentIds.shape.length);
  const width = tf.util.sizeFromShape(inner);
  const out = wasm.makeOutput([numSegments, ...inner], x.dtype);
  // Take the views after the allocation, which may move the memory.
  const sums = wasm.typedArrayFromHeap(out).fill(0);
  const rows = wasm.typedArrayFromHeap(x);
  const ids = wasm.typedArrayFromHeap(segmentIds);
  for (let row = 0; row < ids.length; row++) {
    const id = ids[row]!;
    if (id < 0 || id >= numSegments) continue;
    const [from, to] = [row * width, id * width];
    for (let i = 0; i < width; i++) sums[to + i]! += rows[from + i]!;
  }
  return out;
};

/** Kernels for text, complex numbers or drawing, which programs do not use. */
const EXCLUDED_KERNELS = new Set([
  'Complex',
  'ComplexAbs',
  'Real',
  'Imag',
  'FFT',
  'IFFT',
  'StaticRegexReplace',
  'Draw',
]);

/** Kernels that the WASM backend lacks and that would be slow if they ran on the plain JavaScript backend. */
const OWN_KERNELS: Readonly<Record<string, tf.KernelFunc>> = {
  [tf.UnsortedSegmentSum]: unsortedSegmentSum,
  [tf.Conv2DBackpropFilter]: filterGradient,
  [tf.DepthwiseConv2dNativeBackpropFilter]: depthwiseFilterGradient,
};

/** Replaces a kernel of the WASM backend by a wrapper around it. */
function replace(kernelName: string, wrap: (original: tf.KernelFunc) => tf.KernelFunc): void {
  const kernel = tf.getKernel(kernelName, 'wasm');
  tf.unregisterKernel(kernelName, 'wasm');
  tf.registerKernel({ ...kernel, kernelFunc: wrap(kernel.kernelFunc) });
}

/**
 * Registers the kernels that training needs on the WASM backend, and replaces those that are slow or wrong. The WASM
 * and the plain JavaScript backend must be registered before.
 */
export function registerKernels(): void {
  const name = (kernel: tf.KernelConfig): string => kernel.kernelName;
  const present = new Set(tf.getKernelsForBackend('wasm').map(name));
  const add = (kernelName: string, kernelFunc: tf.KernelFunc): void =>
    tf.registerKernel({ kernelName, backendName: 'wasm', kernelFunc });

  for (const [kernelName, kernelFunc] of Object.entries(OWN_KERNELS)) add(kernelName, kernelFunc);
  for (const kernel of tf.getKernelsForBackend('cpu'))
    if (
      !present.has(kernel.kernelName) &&
      !EXCLUDED_KERNELS.has(kernel.kernelName) &&
      !(kernel.kernelName in OWN_KERNELS)
    )
      add(kernel.kernelName, viaCpu(kernel));

  const transpose = tf.getKernel(tf.Transpose, 'wasm');
  replace(
    tf.BatchMatMul,
    (original) => transposeFirst(original as never, transpose.kernelFunc as never) as unknown as tf.KernelFunc,
  );
  replace(tf.Conv2DBackpropInput, inputGradient);
  replace(tf.DepthwiseConv2dNativeBackpropInput, depthwiseInputGradient);
  replace(tf.Sum, (original) => reduceInFloat64(original, false));
  replace(tf.Mean, (original) => reduceInFloat64(original, true));
  replace(tf.AvgPoolGrad, averagePoolGradient);
  // The gradients of the original kernel do not match the maxima that its own forward pass selects.
  const maxima = viaCpu(tf.getKernel(tf.MaxPoolGrad, 'cpu'));
  replace(tf.MaxPoolGrad, () => maxima);
  // The original kernel mixes up the batches.
  const gather = viaCpu(tf.getKernel(tf.GatherV2, 'cpu'));
  replace(tf.GatherV2, (original) => (call) => (call.attrs?.batchDims ? gather : original)(call));
  // The original kernel truncates to a byte: 0.5 would become false.
  const cast = viaCpu(tf.getKernel(tf.Cast, 'cpu'));
  replace(tf.Cast, (original) => (call) => (call.attrs?.dtype === 'bool' ? cast : original)(call));
}
