import * as tf from '@tensorflow/tfjs-core';
import { transposeFirst } from './batch-mat-mul.js';
import { averagePoolGradient, filterGradient, inputGradient } from './convolution.js';
import { addedInDouble } from './reductions.js';
import type { WasmBackend } from './wasm-backend.js';

/** The part of `@tensorflow/tfjs-backend-cpu`'s MathBackendCPU that is used here. */
interface CpuBackend extends tf.KernelBackend {
  makeTensorInfo(shape: number[], dtype: tf.DataType, values: tf.BackendValues): tf.TensorInfo;
}

/** Runs a kernel of the plain JavaScript backend on values copied from and to WebAssembly memory. */
function viaCpu(kernel: tf.KernelConfig): tf.KernelFunc {
  return ({ inputs, attrs, backend }) => {
    const wasm = backend as WasmBackend;
    const cpu = tf.findBackend('cpu') as CpuBackend;
    const owned: tf.TensorInfo[] = [];
    const moved = Object.entries(inputs).map(([name, tensor]) => {
      const { dataId, shape, dtype } = tensor as tf.TensorInfo;
      const copy = cpu.makeTensorInfo(shape, dtype, wasm.readSync(dataId));
      owned.push(copy);
      return [name, copy] as const;
    });
    const list = Array.isArray(inputs);
    const given = list ? moved.map(([, tensor]) => tensor) : Object.fromEntries(moved);
    const call = { inputs: given as tf.NamedTensorInfoMap, backend: cpu, ...(attrs ? { attrs } : {}) };
    const result = kernel.kernelFunc(call);
    const back = (tensor: tf.TensorInfo): tf.TensorInfo => {
      owned.push(tensor);
      const dataId = wasm.write(cpu.readSync(tensor.dataId), tensor.shape, tensor.dtype);
      return { dataId, shape: tensor.shape, dtype: tensor.dtype };
    };
    const returned = Array.isArray(result) ? result.map(back) : back(result);
    for (const { dataId } of owned) cpu.disposeData(dataId, true);
    return returned;
  };
}

/** Gradient of an embedding look-up: rows added up by segment; ids out of range are left out. */
const unsortedSegmentSum: tf.KernelFunc = ({ inputs, attrs, backend }) => {
  const wasm = backend as WasmBackend;
  const { x, segmentIds } = inputs as { x: tf.TensorInfo; segmentIds: tf.TensorInfo };
  const { numSegments } = attrs as unknown as tf.UnsortedSegmentSumAttrs;
  const inner = x.shape.slice(segmentIds.shape.length);
  const width = tf.util.sizeFromShape(inner);
  const out = wasm.makeOutput([numSegments, ...inner], x.dtype);
  // The views come after the allocation, which may move the memory.
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

/** Kernels that move text or complex numbers, which programs do not hold. */
const LEFT_OUT = new Set(['Complex', 'ComplexAbs', 'Real', 'Imag', 'FFT', 'IFFT', 'StaticRegexReplace', 'Draw']);

/** Kernels that TensorFlow.js lacks and that would be slow by way of the plain JavaScript backend. */
const OWN: Readonly<Record<string, tf.KernelFunc>> = {
  [tf.UnsortedSegmentSum]: unsortedSegmentSum,
  [tf.Conv2DBackpropFilter]: filterGradient,
};

/** Puts another kernel in the place of one of the WASM backend's. */
function replace(kernelName: string, mend: (shipped: tf.KernelFunc) => tf.KernelFunc): void {
  const kernel = tf.getKernel(kernelName, 'wasm');
  tf.unregisterKernel(kernelName, 'wasm');
  tf.registerKernel({ ...kernel, kernelFunc: mend(kernel.kernelFunc) });
}

/** Adds what training needs to the WASM backend and mends what is slow or wrong. Both backends are registered already. */
export function registerKernels(): void {
  const name = (kernel: tf.KernelConfig): string => kernel.kernelName;
  const present = new Set(tf.getKernelsForBackend('wasm').map(name));
  const add = (kernelName: string, kernelFunc: tf.KernelFunc): void =>
    tf.registerKernel({ kernelName, backendName: 'wasm', kernelFunc });

  for (const [kernelName, kernelFunc] of Object.entries(OWN)) add(kernelName, kernelFunc);
  for (const kernel of tf.getKernelsForBackend('cpu'))
    if (!present.has(kernel.kernelName) && !LEFT_OUT.has(kernel.kernelName) && !(kernel.kernelName in OWN))
      add(kernel.kernelName, viaCpu(kernel));

  const transpose = tf.getKernel(tf.Transpose, 'wasm');
  replace(
    tf.BatchMatMul,
    (shipped) => transposeFirst(shipped as never, transpose.kernelFunc as never) as unknown as tf.KernelFunc,
  );
  replace(tf.Conv2DBackpropInput, inputGradient);
  replace(tf.Sum, (shipped) => addedInDouble(shipped, false));
  replace(tf.Mean, (shipped) => addedInDouble(shipped, true));
  replace(tf.AvgPoolGrad, averagePoolGradient);
  // The shipped kernel gives other gradients than its own maxima have.
  const maxima = viaCpu(tf.getKernel(tf.MaxPoolGrad, 'cpu'));
  replace(tf.MaxPoolGrad, () => maxima);
  // The shipped kernel mixes up the batches.
  const gather = viaCpu(tf.getKernel(tf.GatherV2, 'cpu'));
  replace(tf.GatherV2, (shipped) => (call) => (call.attrs?.batchDims ? gather : shipped)(call));
  // The shipped kernel truncates to a byte: 0.5 would be false.
  const cast = viaCpu(tf.getKernel(tf.Cast, 'cpu'));
  replace(tf.Cast, (shipped) => (call) => (call.attrs?.dtype === 'bool' ? cast : shipped)(call));
}
