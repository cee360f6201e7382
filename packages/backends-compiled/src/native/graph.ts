import { ARRAY_TYPES, addressOf, expandLevels } from '@medbench/backend-kit';
import { NAME_PREFIXES } from '@medbench/backend-trace';
import { elementCount, type HostTensor, type HostTensors, type TensorSpec } from '@medbench/core';
import type { InferenceSession } from 'onnxruntime-common';
import {
  type CompiledGraph,
  type CompileGraph,
  type GraphInterface,
  type RunResult,
  type StateEntries,
  type StateEntry,
  withoutPrefix,
} from '../compiled-graph.js';
import type { NativeRuntime } from './api.js';

type HostArray = HostTensor['data'];

/** `ONNXTensorElementDataType` */
const ELEMENT_TYPES: Readonly<Record<TensorSpec['dtype'], number>> = { float32: 1, int32: 6, bool: 9 };
/** `GraphOptimizationLevel` */
const LEVELS = { disabled: 0, basic: 1, extended: 2, layout: 3, all: 99 } as const;
/** Bytes of a line of the processor's cache. ONNX Runtime's own memory begins at one, V8's arrays do not. */
const LINE = 64;
/** The memory of tensors without elements, because a pointer to no bytes would be null. */
const NO_BYTES = new Uint8Array(LINE);

/** An array of a tensor that begins at a line of the cache. */
function alignedArray({ shape, dtype }: TensorSpec): HostArray {
  const Type = ARRAY_TYPES[dtype];
  const length = elementCount(shape);
  const memory = new ArrayBuffer(length * Type.BYTES_PER_ELEMENT + LINE);
  const excess = Number(addressOf(new Uint8Array(memory)) % BigInt(LINE));
  return new Type(memory, (LINE - excess) % LINE, length);
}

/** Creates `OrtSessionOptions`, to be released. */
function createOptions(runtime: NativeRuntime, options: InferenceSession.SessionOptions): bigint {
  const { graphOptimizationLevel: level, optimizedModelFilePath: file, logSeverityLevel: severity } = options;
  const created = runtime.create('CreateSessionOptions');
  try {
    if (level !== undefined) runtime.try('SetSessionGraphOptimizationLevel', created, LEVELS[level]);
    if (options.intraOpNumThreads !== undefined)
      runtime.try('SetIntraOpNumThreads', created, options.intraOpNumThreads);
    if (options.interOpNumThreads !== undefined)
      runtime.try('SetInterOpNumThreads', created, options.interOpNumThreads);
    if (options.enableMemPattern === false) runtime.try('DisableMemPattern', created);
    if (severity !== undefined) runtime.try('SetSessionLogSeverityLevel', created, severity);
    if (file !== undefined) runtime.setOptimizedModelFile(created, file);
    return created;
  } catch (error) {
    runtime.call('ReleaseSessionOptions', created);
    throw error;
  }
}

/** Objects of the library that a graph owns. */
interface Held {
  readonly runtime: NativeRuntime;
  readonly session: bigint;
  /** Values over the arrays of the state. They do not own the arrays. */
  readonly values: Map<HostArray, bigint>;
}
function releaseHeld({ runtime, session, values }: Held): void {
  for (const value of values.values()) runtime.call('ReleaseValue', value);
  runtime.call('ReleaseSession', session);
}
/** Graphs that were never released. */
const ABANDONED = new FinalizationRegistry(releaseHeld);

/**
 * A graph that runs by ONNX Runtime's C API, on another thread, on arrays of this process: nothing is copied. A new value of
 * the state is written over the old one where the graph allows that. Otherwise an entry has two arrays that take turns.
 */
class NativeGraph implements CompiledGraph {
  readonly #held: Held;
  readonly #inPlace: ReadonlySet<string>;
  /** The arrays of entries that are not current, for the next step to write to. */
  readonly #spares = new Map<string, HostArray>();
  readonly #outputNames: readonly string[];
  /** Texts of the names in memory, and the lists of their addresses. */
  readonly #texts: readonly Buffer[];
  readonly #inputList: BigUint64Array;
  readonly #outputList: BigUint64Array;

  constructor(
    private readonly runtime: NativeRuntime,
    session: bigint,
    private readonly graph: GraphInterface,
  ) {
    this.#held = { runtime, session, values: new Map() };
    this.#inPlace = new Set(graph.inPlace);
    this.#outputNames = [
      ...graph.updated.map((name) => NAME_PREFIXES.next + name),
      ...Object.keys(graph.results).map((name) => NAME_PREFIXES.output + name),
    ];
    this.#texts = [...graph.inputs, ...this.#outputNames].map((name) => Buffer.from(`${name}\0`));
    const addresses = BigUint64Array.from(this.#texts, addressOf);
    this.#inputList = addresses.slice(0, graph.inputs.length);
    this.#outputList = addresses.slice(graph.inputs.length);
    ABANDONED.register(this, this.#held, this);
  }

  own(tensor: HostTensor): StateEntry {
    const { shape, dtype } = tensor;
    const data = alignedArray(tensor);
    data.set(tensor.data);
    return { shape, dtype, data, owned: true };
  }

  async run(state: StateEntries, inputs: HostTensors): Promise<RunResult> {
    const { graph, runtime } = this;
    const { session } = this.#held;
    const next = Object.fromEntries(graph.updated.map((name) => [name, this.#target(name, state[name]!)]));
    const outputs = Object.fromEntries(
      Object.entries(graph.results).map(([name, { shape, dtype }]): [string, HostTensor] => [
        name,
        { shape, dtype, data: new ARRAY_TYPES[dtype](elementCount(shape)) },
      ]),
    );
    /** Values of this run alone. */
    const temporary: bigint[] = [];
    const once = (tensor: HostTensor): bigint => {
      const value = this.#value(tensor);
      temporary.push(value);
      return value;
    };
    const given = Object.fromEntries(Object.entries(inputs).map(([name, tensor]) => [name, expandLevels(tensor)]));
    try {
      const from = BigUint64Array.from(graph.inputs, (name) => {
        const key = withoutPrefix(name);
        return name.startsWith(NAME_PREFIXES.state) ? this.#kept(state[key]!) : once(given[key]!);
      });
      const to = BigUint64Array.from(this.#outputNames, (name) => {
        const key = withoutPrefix(name);
        return name.startsWith(NAME_PREFIXES.next) ? this.#kept(next[key]!) : once(outputs[key]!);
      });
      const lists = [this.#inputList, from, this.#outputList, to].map(atLeastOne);
      const [inputNames, inputValues, outputNames, outputValues] = lists;
      await runtime.tryAsync(
        'Run',
        [session, null, inputNames, inputValues, from.length, outputNames, to.length, outputValues],
        [this, state, given, next, outputs],
      );
    } finally {
      for (const value of temporary) runtime.call('ReleaseValue', value);
    }
    for (const name of graph.updated) {
      const { data, owned } = state[name]!;
      if (owned && data !== next[name]!.data) this.#spares.set(name, data);
    }
    return { state: next, outputs };
  }

  async release(): Promise<void> {
    ABANDONED.unregister(this);
    releaseHeld(this.#held);
  }

  /** The entry to which a run writes the new value of one. */
  #target(name: string, entry: StateEntry): StateEntry {
    if (entry.owned && this.#inPlace.has(name)) return entry;
    const { shape, dtype } = entry;
    return { shape, dtype, data: this.#spares.get(name) ?? alignedArray(entry), owned: true };
  }

  /** The value over an array of the state. */
  #kept(entry: StateEntry): bigint {
    const { values } = this.#held;
    const known = values.get(entry.data);
    if (known !== undefined) return known;
    const value = this.#value(entry);
    values.set(entry.data, value);
    return value;
  }

  #value({ shape, dtype, data }: HostTensor): bigint {
    const dims = atLeastOne(BigInt64Array.from(shape, BigInt));
    return this.runtime.create(
      'CreateTensorWithDataAsOrtValue',
      ...[
        this.runtime.cpu,
        data.byteLength > 0 ? data : NO_BYTES,
        data.byteLength,
        dims,
        shape.length,
        ELEMENT_TYPES[dtype],
      ],
    );
  }
}

/** The list, or one of a zero: the address of an empty list would be null. */
function atLeastOne<T extends BigUint64Array | BigInt64Array>(list: T): T {
  return list.length > 0 ? list : (new (list.constructor as new (length: number) => T)(1) as T);
}

/** Compiles graphs that run by ONNX Runtime's C API. */
export const nativeCompiler =
  (runtime: NativeRuntime): CompileGraph =>
  async (model, options, graph) => {
    const settings = createOptions(runtime, options);
    try {
      const args = [runtime.env, model, model.byteLength, settings];
      const session = await runtime.createAsync('CreateSessionFromArray', args, model);
      return new NativeGraph(runtime, session, graph);
    } finally {
      runtime.call('ReleaseSessionOptions', settings);
    }
  };
