import { expandLevels } from '@medbench/backend-kit';
import { NAME_PREFIXES } from '@medbench/backend-trace';
import type { HostTensor, HostTensors, TensorSpec } from '@medbench/core';
import type { InferenceSession, Tensor } from 'onnxruntime-common';
import type { OnnxRuntime } from './runtime.js';

/** A tensor of the state. */
export interface StateEntry extends HostTensor {
  /** Whether a step may write to its array. Otherwise it belongs to the caller of `load`. */
  readonly owned: boolean;
}

/** State entries by name. */
export type StateEntries = Readonly<Record<string, StateEntry>>;

/** The new state and the outputs of one run. */
export interface RunResult {
  readonly state: StateEntries;
  readonly outputs: HostTensors;
}

/** The inputs and results of a graph, by the names of the program. */
export interface GraphInterface {
  /** Names of the graph's inputs, with their prefix. */
  readonly inputs: readonly string[];
  /** State entries that a run updates. */
  readonly updated: readonly string[];
  /** Those of them whose new value may be written over the old one. */
  readonly inPlace: readonly string[];
  readonly results: Readonly<Record<string, TensorSpec>>;
}

/** A graph that ONNX Runtime has compiled. */
export interface CompiledGraph {
  /** Copies a tensor to an array that steps may write to. */
  own(tensor: HostTensor): StateEntry;
  /** Runs the graph once. The entries of the new state may use the arrays of the old one. */
  run(state: StateEntries, inputs: HostTensors): Promise<RunResult>;
  release(): Promise<void>;
}

/** Compiles a model. @throws the error of ONNX Runtime. */
export type CompileGraph = (
  model: Uint8Array,
  options: InferenceSession.SessionOptions,
  graph: GraphInterface,
) => Promise<CompiledGraph>;

/** Converts to a tensor of ONNX Runtime. Neither this function nor `toHost` copies floats and integers. */
export function toOrt({ Tensor }: OnnxRuntime, tensor: HostTensor): Tensor {
  const { shape, dtype, data } = expandLevels(tensor);
  return new Tensor(dtype, data, [...shape]);
}
/** Converts from a tensor of ONNX Runtime, without a copy. */
export const toHost = ({ type, dims, data }: Tensor): HostTensor => ({
  shape: dims,
  dtype: type as HostTensor['dtype'],
  data: data as Float32Array,
});

/** Name of a graph's input without its prefix. */
export const withoutPrefix = (name: string): string => name.slice(name.indexOf('/') + 1);

/**
 * A graph that runs by ONNX Runtime's binding for Node. It returns the updated state as new arrays, into which the binding has
 * copied it. Preallocated arrays would be filled by another copy (measured: a twelfth of a small model's step).
 */
class BindingGraph implements CompiledGraph {
  constructor(
    private readonly runtime: OnnxRuntime,
    private readonly session: InferenceSession,
    private readonly graph: GraphInterface,
  ) {}

  own({ shape, dtype, data }: HostTensor): StateEntry {
    return { shape, dtype, data: data.slice(), owned: true };
  }

  async run(state: StateEntries, inputs: HostTensors): Promise<RunResult> {
    const { runtime, graph, session } = this;
    const feeds: Record<string, Tensor> = {};
    for (const name of graph.inputs) {
      const key = withoutPrefix(name);
      feeds[name] = toOrt(runtime, name.startsWith(NAME_PREFIXES.state) ? state[key]! : inputs[key]!);
    }
    const fetches: Record<string, Tensor | null> = {};
    for (const name of graph.updated) fetches[NAME_PREFIXES.next + name] = null;
    for (const name of Object.keys(graph.results)) fetches[NAME_PREFIXES.output + name] = null;
    const results = await session.run(feeds, fetches as InferenceSession.OnnxValueMapType);
    const result = (name: string): HostTensor => toHost(results[name]!);
    return {
      state: Object.fromEntries(
        graph.updated.map((name) => [name, { ...result(NAME_PREFIXES.next + name), owned: true }]),
      ),
      outputs: Object.fromEntries(
        Object.keys(graph.results).map((name) => [name, result(NAME_PREFIXES.output + name)]),
      ),
    };
  }

  release(): Promise<void> {
    return this.session.release();
  }
}

/** Compiles graphs that run by ONNX Runtime's binding for Node. */
export const bindingCompiler =
  (runtime: OnnxRuntime): CompileGraph =>
  async (model, options, graph) =>
    new BindingGraph(runtime, await runtime.InferenceSession.create(model, options), graph);
