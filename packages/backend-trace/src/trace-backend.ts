import { ARRAY_TYPES } from '@medbench/backend-kit';
import { type HostTensor, MedbenchError, type TensorSpec } from '@medbench/core';
import * as tf from '@tensorflow/tfjs-core';
import { callSite } from './call-site.js';
import { COMPOSED_BYTES, tensorBytes } from './composed-bytes.js';
import type { KernelRule, TraceBuilder, TracerOptions, TraceValue } from './seam.js';

type DataId = tf.DataId;

/** A tensor of the recording backend: its values if they came from the host, and its value in the current graph. */
interface Entry<B, V> {
  readonly shape: readonly number[];
  readonly dtype: TensorSpec['dtype'];
  readonly host?: HostTensor['data'];
  value?: V;
  builder?: B;
  references: number;
}

/** Checks that a recorded tensor can have an element type. @throws MedbenchError('backend') if it cannot. */
function elementType(dtype: string): TensorSpec['dtype'] {
  if (dtype === 'float32' || dtype === 'int32' || dtype === 'bool') return dtype;
  throw new MedbenchError('backend', `A compiled step cannot hold ${dtype} tensors${callSiteSuffix()}`, {
    hint: 'Use float32, int32 or bool tensors, or run with the backend wasm.',
  });
}

/** The call site of the current op as the end of a message; empty if unknown. */
const callSiteSuffix = (): string => {
  const site = callSite();
  return site ? ` (at ${site})` : '';
};

/** A TensorFlow.js backend that computes nothing: each kernel call adds to the graph of the current builder. */
export class TraceBackend<B extends TraceBuilder<V>, V extends TraceValue> extends tf.KernelBackend {
  readonly #entries = new Map<DataId, Entry<B, V>>();
  #builder: B | undefined;
  #bytes = 0;
  #peakBytes = 0;
  #composedBytes = 0;

  /**
   * Registers the backend and its kernels with TensorFlow.js.
   * @param name name of the TensorFlow.js backend.
   */
  constructor(name: string, { rules, rulesPackage }: TracerOptions<B, V>) {
    super();
    // The lowest priority, so that TensorFlow.js never chooses this backend by itself.
    tf.registerBackend(name, () => this, -1);
    // TensorFlow.js exports the name of each kernel as a constant that equals its export name.
    const names = Object.entries(tf).flatMap(([key, value]) => (key === value ? [key] : []));
    for (const kernelName of new Set([...names, ...Object.keys(rules)])) {
      const rule = rules[kernelName];
      const kernelFunc: tf.KernelFunc = ({ inputs, attrs }) => {
        if (!rule) throw missingRuleError(kernelName, rulesPackage);
        return this.#apply(kernelName, rule, inputs, attrs ?? {});
      };
      tf.registerKernel({ kernelName, backendName: name, kernelFunc });
    }
  }

  #apply(
    kernel: string,
    rule: KernelRule<B, V>,
    inputs: tf.NamedTensorInfoMap,
    attrs: tf.NamedAttrMap,
  ): tf.TensorInfo | tf.TensorInfo[] {
    const values: Record<string, V> = {};
    for (const [name, tensor] of Object.entries(inputs))
      if (tensor) values[name] = this.graphValue(tensor as tf.TensorInfo);
    this.#addComposedBytes(COMPOSED_BYTES[kernel]?.(values, attrs as never) ?? 0);
    const result = rule(this.builder, values, attrs as never);
    return isList(result) ? result.map((value) => this.makeTensor(value)) : this.makeTensor(result);
  }

  /**
   * Peak number of bytes of tensors if the last recording ran op by op. Views of other tensors count too.
   */
  get peakBytes(): number {
    return this.#peakBytes;
  }

  /** Counts bytes that a backend without a fused kernel keeps until the step ends. */
  #addComposedBytes(bytes: number): void {
    this.#composedBytes += bytes;
    this.#bytes += bytes;
    this.#peakBytes = Math.max(this.#peakBytes, this.#bytes);
  }

  #addEntry(dataId: DataId, entry: Entry<B, V>): void {
    this.#entries.set(dataId, entry);
    this.#bytes += tensorBytes(entry);
    this.#peakBytes = Math.max(this.#peakBytes, this.#bytes);
  }

  /** Runs `record` while all kernel calls add to `builder`. */
  recording<T>(builder: B, record: () => T): T {
    this.#builder = builder;
    this.#peakBytes = this.#bytes;
    try {
      return record();
    } finally {
      this.#builder = undefined;
      this.#bytes -= this.#composedBytes;
      this.#composedBytes = 0;
    }
  }

  /** The current builder. @throws MedbenchError('backend') outside of a recording. */
  get builder(): B {
    if (this.#builder) return this.#builder;
    throw new MedbenchError(
      'backend',
      `TensorFlow.js was used on the recording backend outside of a recording${callSiteSuffix()}`,
      {
        hint: 'Choose the TensorFlow.js backend to compute on with tf.setBackend.',
      },
    );
  }

  /** Makes a TensorFlow.js tensor that stands for a value of the graph. */
  makeTensor(value: V): tf.TensorInfo {
    const dataId: DataId = {};
    const dtype = elementType(value.dtype);
    this.#addEntry(dataId, { shape: value.shape, dtype, value, builder: this.builder, references: 1 });
    return { dataId, shape: [...value.shape], dtype };
  }

  /** Returns the graph value of a tensor. A tensor with values from the host becomes a constant. */
  graphValue({ dataId, shape }: tf.TensorInfo): V {
    const entry = this.#entries.get(dataId);
    if (!entry) throw new MedbenchError('backend', `A tensor was used after its disposal${callSiteSuffix()}`);
    const { builder } = this;
    if (entry.builder !== builder || !entry.value) {
      if (!entry.host)
        throw new MedbenchError('backend', `A tensor of another recording was used${callSiteSuffix()}`, {
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
    const Type = ARRAY_TYPES[type];
    const host = Type.from((values ?? new Type(tf.util.sizeFromShape(shape))) as ArrayLike<number>);
    this.#addEntry(dataId, { shape, dtype: type, host, references });
  }

  override readSync(dataId: DataId): tf.BackendValues {
    const host = this.#entries.get(dataId)?.host;
    if (host) return host as tf.BackendValues;
    throw new MedbenchError(
      'backend',
      `The step reads the values of a tensor back (dataSync, data, array or arraySync${callSiteSuffix()}), which cannot be ` +
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
    this.#bytes -= tensorBytes(entry);
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

/** Narrows the result of a rule, because `Array.isArray` does not narrow readonly arrays. */
const isList = <V>(result: V | readonly V[]): result is readonly V[] => Array.isArray(result);

const missingRuleError = (kernel: string, rulesPackage: string): MedbenchError =>
  new MedbenchError('backend', `The TensorFlow.js kernel ${kernel} cannot be compiled${callSiteSuffix()}`, {
    hint: `Rewrite that line with other ops, add the kernel to ${rulesPackage}, or run with the backend wasm.`,
  });
