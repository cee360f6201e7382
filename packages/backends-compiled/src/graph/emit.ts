import { type BakedConstant, NAME_PREFIXES, type WrittenGraph } from '@medbench/backend-trace';
import { elementCount } from '@medbench/core';
import { fuse } from './fuse.js';
import { byteSize, filled, type Graph, type GraphNode, type Value } from './graph.js';
import { entriesInPlace } from './in-place.js';
import type { GraphRun } from './memory.js';
import { sortSumsByRecording } from './order.js';
import { encodeModel, type ModelProto, type NodeProto, type TensorProto, type ValueProto } from './protobuf.js';

/**
 * Largest constant fill, in bytes, that is written into the model. `ConstantOfShape` creates larger fills when the
 * session starts.
 */
const LARGEST_WRITTEN_FILL = 1024;

/** A graph written as an ONNX model. */
export interface EmittedGraph extends WrittenGraph {
  /** The model before it was encoded as bytes. */
  readonly proto: ModelProto;
  /** Names of the graph inputs that the outputs depend on. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** State entries whose new values may be written over the old ones. */
  readonly inPlace: readonly string[];
  /** Bytes of all tensors that the graph computes. */
  readonly tracedBytes: number;
  /** Bytes of all constants at full size. */
  readonly constantBytes: number;
  /** The nodes and outputs of the model as graph objects, for the memory estimate. */
  readonly run: GraphRun;
}

/** The nodes that the outputs depend on, in topological order. */
function liveNodes(outputs: readonly Value[]): GraphNode[] {
  const live = new Set<GraphNode>();
  const stack = outputs.flatMap(({ node }) => (node ? [node] : []));
  for (let node = stack.pop(); node; node = stack.pop()) {
    if (live.has(node)) continue;
    live.add(node);
    for (const { node: source } of node.inputs) if (source && !live.has(source)) stack.push(source);
  }
  return [...live].sort((a, b) => a.outputs[0]!.id - b.outputs[0]!.id);
}

/** Writes an ONNX model of the part of a graph that the named outputs depend on. */
export function emit(graph: Graph, outputs: Readonly<Record<string, Value>>): EmittedGraph {
  const outputValues = new Set(Object.values(outputs));
  const liveInOrder = sortSumsByRecording(graph, fuse(graph, liveNodes([...outputValues]), outputValues), outputValues);
  const nodes: NodeProto[] = [];
  const fills: NodeProto[] = [];
  const initializers: TensorProto[] = [];
  const constants: BakedConstant[] = [];
  const names = new Map<Value, string>();
  const usedInputs = new Set<string>();
  let tracedBytes = 0;
  let constantBytes = 0;

  const write = (tensor: TensorProto): void => void initializers.push(tensor);
  const assignName = (value: Value): string => {
    const existing = names.get(value);
    if (existing !== undefined) return existing;
    const name = value.input ?? `v${value.id}`;
    names.set(value, name);
    const { shape, dtype, constant } = value;
    if (value.input !== undefined) usedInputs.add(value.input);
    if (constant) constantBytes += byteSize(value);
    if (constant && 'raw' in constant) {
      write({ name, shape, dtype, raw: constant.raw });
      constants.push({ shape, dtype, digest: constant.digest });
    } else if (constant && byteSize(value) <= LARGEST_WRITTEN_FILL) {
      write({ name, shape, dtype, raw: filled(dtype, elementCount(shape), constant.splat) });
      constants.push({ shape, dtype, digest: String(constant.splat) });
    } else if (constant) {
      const shapeName = `${name}_shape`;
      const raw = new Uint8Array(BigInt64Array.from(shape, BigInt).buffer);
      write({ name: shapeName, shape: [shape.length], dtype: 'int64', raw });
      const attributes = { value: { dtype, raw: filled(dtype, 1, constant.splat) } };
      fills.push({ op: 'ConstantOfShape', domain: '', inputs: [shapeName], outputs: [name], attributes });
      constants.push({ shape, dtype, digest: String(constant.splat) });
    }
    return name;
  };

  // A computed value takes the name of its first output. Every other output is a copy made by an Identity node.
  const aliases: [string, Value][] = [];
  for (const [name, value] of Object.entries(outputs)) {
    if (value.node && !names.has(value)) names.set(value, name);
    else aliases.push([name, value]);
  }
  for (const { op, domain, inputs, outputs: results, attributes } of liveInOrder) {
    for (const result of results) tracedBytes += byteSize(result);
    nodes.push({ op, domain, inputs: inputs.map(assignName), outputs: results.map(assignName), attributes });
  }
  for (const [name, value] of aliases)
    nodes.push({ op: 'Identity', domain: '', inputs: [assignName(value)], outputs: [name], attributes: {} });

  const inputs: ValueProto[] = graph.inputs
    .filter(({ input }) => usedInputs.has(input!))
    .map(({ input, shape, dtype }) => ({ name: input!, shape, dtype }));
  const copied = aliases.map(([, value]) => value);
  const entries = Object.entries(outputs).flatMap(([output, after]) => {
    if (!output.startsWith(NAME_PREFIXES.next)) return [];
    const name = output.slice(NAME_PREFIXES.next.length);
    const before = graph.inputs.find(({ input }) => input === NAME_PREFIXES.state + name);
    return before ? [{ name, before, after }] : [];
  });
  const proto: ModelProto = {
    nodes: [...fills, ...nodes],
    initializers,
    inputs,
    outputs: Object.entries(outputs).map(([name, { shape, dtype }]) => ({ name, shape, dtype })),
  };
  return {
    model: encodeModel(proto),
    proto,
    nodeCount: fills.length + nodes.length,
    inputs: inputs.map(({ name }) => name),
    outputs: Object.keys(outputs),
    inPlace: entriesInPlace({ nodes: liveInOrder, entries, copied: new Set(copied) }),
    constants,
    tracedBytes,
    constantBytes,
    run: {
      nodes: liveInOrder,
      results: [...new Set(Object.values(outputs))].filter(({ node }) => node),
      copied,
    },
  };
}
