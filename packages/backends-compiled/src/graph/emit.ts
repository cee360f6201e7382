import type { BakedConstant, Written } from '@medbench/backend-trace';
import { elementCount } from '@medbench/core';
import { fuse } from './fuse.js';
import { byteSize, filled, type Graph, type GraphNode, type Value } from './graph.js';
import type { GraphRun } from './memory.js';
import { inOrderOfRecording } from './order.js';
import { encodeModel, type ModelProto, type NodeProto, type TensorProto, type ValueProto } from './protobuf.js';

/** Fills above this size are made by `ConstantOfShape` when the session starts, and take no room in the model. */
const LARGEST_WRITTEN_FILL = 1024;

export interface Emitted extends Written {
  /** The same before it was written as bytes. */
  readonly proto: ModelProto;
  /** Names of the inputs that the outputs depend on. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** Bytes of all tensors that the graph computes. */
  readonly tracedBytes: number;
  /** Bytes of the constants at full size. */
  readonly constantBytes: number;
  /** What is written, as values. */
  readonly run: GraphRun;
}

/** Nodes that the outputs depend on, each after those that it needs. */
function livingNodes(outputs: readonly Value[]): GraphNode[] {
  const living = new Set<GraphNode>();
  const stack = outputs.flatMap(({ node }) => (node ? [node] : []));
  for (let node = stack.pop(); node; node = stack.pop()) {
    if (living.has(node)) continue;
    living.add(node);
    for (const { node: source } of node.inputs) if (source && !living.has(source)) stack.push(source);
  }
  return [...living].sort((a, b) => a.outputs[0]!.id - b.outputs[0]!.id);
}

/** Writes the part of a graph that the named outputs depend on as an ONNX model. */
export function emit(graph: Graph, outputs: Readonly<Record<string, Value>>): Emitted {
  const kept = new Set(Object.values(outputs));
  const living = inOrderOfRecording(graph, fuse(graph, livingNodes([...kept]), kept), kept);
  const nodes: NodeProto[] = [];
  const fills: NodeProto[] = [];
  const initializers: TensorProto[] = [];
  const constants: BakedConstant[] = [];
  const names = new Map<Value, string>();
  const used = new Set<string>();
  let tracedBytes = 0;
  let constantBytes = 0;

  const write = (tensor: TensorProto): void => void initializers.push(tensor);
  const nameOf = (value: Value): string => {
    const known = names.get(value);
    if (known !== undefined) return known;
    const name = value.input ?? `v${value.id}`;
    names.set(value, name);
    const { shape, dtype, constant } = value;
    if (value.input !== undefined) used.add(value.input);
    if (constant) constantBytes += byteSize(value);
    if (constant && 'raw' in constant) {
      write({ name, shape, dtype, raw: constant.raw });
      constants.push({ shape, dtype, digest: constant.digest });
    } else if (constant && byteSize(value) <= LARGEST_WRITTEN_FILL) {
      write({ name, shape, dtype, raw: filled(dtype, elementCount(shape), constant.splat) });
      constants.push({ shape, dtype, digest: String(constant.splat) });
    } else if (constant) {
      const sides = `${name}_shape`;
      const raw = new Uint8Array(BigInt64Array.from(shape, BigInt).buffer);
      write({ name: sides, shape: [shape.length], dtype: 'int64', raw });
      const attributes = { value: { dtype, raw: filled(dtype, 1, constant.splat) } };
      fills.push({ op: 'ConstantOfShape', domain: '', inputs: [sides], outputs: [name], attributes });
      constants.push({ shape, dtype, digest: String(constant.splat) });
    }
    return name;
  };

  // An output needs a name of its own, so it is given to the value where that is computed here and is not yet taken.
  const aliases: [string, Value][] = [];
  for (const [name, value] of Object.entries(outputs)) {
    if (value.node && !names.has(value)) names.set(value, name);
    else aliases.push([name, value]);
  }
  for (const { op, domain, inputs, outputs: results, attributes } of living) {
    for (const result of results) tracedBytes += byteSize(result);
    nodes.push({ op, domain, inputs: inputs.map(nameOf), outputs: results.map(nameOf), attributes });
  }
  for (const [name, value] of aliases)
    nodes.push({ op: 'Identity', domain: '', inputs: [nameOf(value)], outputs: [name], attributes: {} });

  const inputs: ValueProto[] = graph.inputs
    .filter(({ input }) => used.has(input!))
    .map(({ input, shape, dtype }) => ({ name: input!, shape, dtype }));
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
    constants,
    tracedBytes,
    constantBytes,
    run: {
      nodes: living,
      results: [...new Set(Object.values(outputs))].filter(({ node }) => node),
      copied: aliases.map(([, value]) => value),
    },
  };
}
