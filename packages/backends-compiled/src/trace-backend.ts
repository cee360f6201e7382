import { MedbenchError } from '@medbench/core';
import * as tf from '@tensorflow/tfjs-core';
import { callSite } from './call-site.js';
import type { Builder } from './graph/builder.js';
import { byteSize, type NumericArray, type Value } from './graph/graph.js';
import type { ElementType } from './graph/protobuf.js';
import { COMPOSED_BYTES } from './kernels/fused.js';
import { KERNELS } from './kernels/index.js';

export const TRACE_BACKEND = 'medbench-trace';

type DataId = tf.DataId;

/** What is known of a tensor: its values, if they came from the host, and what it is in the graph being built. */
interface Entry {
  readonly shape: readonly number[];
  readonly dtype: ElementType;
  readonly host?: NumericArray;
  value?: Value;
  builder?: Builder;
  references: number;
}

/** Element types that a traced tensor can have. */
export function elementType(dtype: tf.DataType): 'float32' | 'int32' | 'bool' {
  if (dtype === 'float32' || dtype === 'int32' || dtype === 'bool') return dtype;
  throw new MedbenchError('backend', `A compiled step cannot hold ${dtype} tensors${at()}`, {
    hint: 'Use float32, int32 or bool tensors, or run with the backend wasm.',
  });
}

const at = (): string => {
  const site = callSite();
  return site ? ` (at ${site})` : '';
};

/** A TensorFlow.js backend that computes nothing: each kernel adds to the graph of the builder in use. */
export class TraceBackend extends tf.KernelBackend {
  readonly #entries = new Map<DataId, Entry>();
  #builder: Builder | undefined;
  #bytes = 0;
  #mostBytes = 0;
  #composedBytes = 0;

  /**
   * The most bytes that the tensors of the last recording would take at once on an engine that runs it op by op, views of
   * others counted too.
   */
  get mostBytes(): number {
    return this.#mostBytes;
  }

  /** Counts what an engine without a fused kernel keeps until the step ends. */
  composed(bytes: number): void {
    this.#composedBytes += bytes;
    this.#bytes += bytes;
    this.#mostBytes = Math.max(this.#mostBytes, this.#bytes);
  }

  #enter(dataId: DataId, entry: Entry): void {
    this.#entries.set(dataId, entry);
    this.#bytes += byteSize(entry);
    this.#mostBytes = Math.max(this.#mostBytes, this.#bytes);
  }

  /** Runs `record` with all kernels adding to `builder`. */
  recording<T>(builder: Builder, record: () => T): T {
    this.#builder = builder;
    this.#mostBytes = this.#bytes;
    try {
      return record();
    } finally {
      this.#builder = undefined;
      this.#bytes -= this.#composedBytes;
      this.#composedBytes = 0;
    }
  }

  get builder(): Builder {
    if (this.#builder) return this.#builder;
    throw new MedbenchError(
      'backend',
      `TensorFlow.js was used on the recording backend outside of a recording${at()}`,
      {
        hint: 'Set the TensorFlow.js backend that you want to compute on with tf.setBackend.',
      },
    );
  }

  /** Makes a tensor that stands for a value of the graph. */
  tensorOf(value: Value): tf.TensorInfo {
    const dataId: DataId = {};
    const dtype = value.dtype as tf.DataType;
    this.#enter(dataId, { ...value, value, builder: this.builder, references: 1 });
    return { dataId, shape: [...value.shape], dtype };
  }

  /** The graph's value of a tensor; values from the host become constants. */
  inGraph({ dataId, shape }: tf.TensorInfo): Value {
    const entry = this.#entries.get(dataId);
    if (!entry) throw new MedbenchError('backend', `A tensor was used after its disposal${at()}`);
    const { builder } = this;
    if (entry.builder !== builder || !entry.value) {
      if (!entry.host)
        throw new MedbenchError('backend', `A tensor of another recording was used${at()}`, {
          hint: 'A program must not keep tensors from one call of run to the next; put them into the state.',
        });
      entry.builder = builder;
      entry.value = builder.constant(entry.host, entry);
    }
    return builder.reshape(entry.value, shape);
  }

  override write(values: tf.BackendValues | null, shape: number[], dtype: tf.DataType): DataId {
    const dataId: DataId = {};
    this.move(dataId, values, shape, dtype, 1);
    return dataId;
  }

  override move(
    dataId: DataId,
    values: tf.BackendValues | null,
    shape: number[],
    dtype: tf.DataType,
    references: number,
  ): void {
    const type = elementType(dtype);
    const Type = { float32: Float32Array, int32: Int32Array, bool: Uint8Array }[type];
    const host = Type.from((values ?? new Type(tf.util.sizeFromShape(shape))) as ArrayLike<number>);
    this.#enter(dataId, { shape, dtype: type, host, references });
  }

  override readSync(dataId: DataId): tf.BackendValues {
    const host = this.#entries.get(dataId)?.host;
    if (host) return host as tf.BackendValues;
    throw new MedbenchError(
      'backend',
      `The step reads the values of a tensor back (dataSync, data, array or arraySync${at()}), which cannot be ` +
        'compiled: a step is recorded once on shapes alone, so there are no values yet',
      {
        hint: 'Keep the computation in TensorFlow.js ops or pass the value as an input; or run with the backend wasm.',
      },
    );
  }

  override async read(dataId: DataId): Promise<tf.BackendValues> {
    return this.readSync(dataId);
  }

  override disposeData(dataId: DataId, force = false): boolean {
    const entry = this.#entries.get(dataId);
    if (!entry) return true;
    entry.references--;
    if (!force && entry.references > 0) return false;
    this.#entries.delete(dataId);
    this.#bytes -= byteSize(entry);
    return true;
  }

  override incRef(dataId: DataId): void {
    const entry = this.#entries.get(dataId);
    if (entry) entry.references++;
  }

  override refCount(dataId: DataId): number {
    return this.#entries.get(dataId)?.references ?? 0;
  }

  override numDataIds(): number {
    return this.#entries.size;
  }

  override memory(): { unreliable: boolean } {
    return { unreliable: true };
  }

  override floatPrecision(): 32 {
    return 32;
  }

  override epsilon(): number {
    return 1e-7;
  }

  override timerAvailable(): boolean {
    return false;
  }

  override dispose(): void {
    this.#entries.clear();
    this.#bytes = 0;
  }
}

let instance: TraceBackend | undefined;

/** Registers the backend and its kernels with TensorFlow.js, once per process. */
export function traceBackend(): TraceBackend {
  if (instance) return instance;
  const backend = new TraceBackend();
  instance = backend;
  // Below every backend that computes, so that TensorFlow.js never picks it by itself.
  tf.registerBackend(TRACE_BACKEND, () => backend, -1);
  // TensorFlow.js exports each kernel's name as a constant equal to its own key.
  const names = Object.entries(tf).flatMap(([key, value]) => (key === value ? [key] : []));
  for (const kernelName of new Set([...names, ...Object.keys(KERNELS)])) {
    const rule = KERNELS[kernelName];
    tf.registerKernel({
      kernelName,
      backendName: TRACE_BACKEND,
      kernelFunc: ({ inputs, attrs }) => {
        if (!rule) throw unmapped(kernelName);
        const values: Record<string, Value> = {};
        for (const [name, tensor] of Object.entries(inputs))
          if (tensor) values[name] = backend.inGraph(tensor as tf.TensorInfo);
        backend.composed(COMPOSED_BYTES[kernelName]?.(values, (attrs ?? {}) as never) ?? 0);
        const result = rule(backend.builder, values, (attrs ?? {}) as never);
        return Array.isArray(result)
          ? result.map((value: Value) => backend.tensorOf(value))
          : backend.tensorOf(result as Value);
      },
    });
  }
  return backend;
}

const unmapped = (kernel: string): MedbenchError =>
  new MedbenchError('backend', `The TensorFlow.js kernel ${kernel} cannot be compiled${at()}`, {
    hint: 'Write that line with other ops, add the kernel to @medbench/backends-compiled, or run with the backend wasm.',
  });
