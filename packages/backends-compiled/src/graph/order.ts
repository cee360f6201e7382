import { elementCount } from '@medbench/core';
import { byteSize, type Graph, type GraphNode, type Value } from './graph.js';

/**
 * Steps that compute fewer bytes than this are not reordered. All their values stay near the processor anyway, and the
 * extra operations would cost more than they save.
 */
const SMALL_STEP_BYTES = 2 ** 29;

const isScalarSum = (node: GraphNode | undefined): node is GraphNode =>
  node?.op === 'Add' &&
  node.outputs[0]!.dtype === 'float32' &&
  node.inputs.every(({ shape }) => elementCount(shape) === 1);

/** The id, and so the time of recording, of the value that a term sums up. */
function recordedAt(term: Value): number {
  const source = term.node?.op === 'ReduceSumSquare' || term.node?.op === 'Reshape' ? term.node.inputs[0] : undefined;
  return source ? recordedAt(source) : term.id;
}

/**
 * Splits the sum of squares of a concatenation into one sum per concatenated value, so that no value waits for the
 * others. Any other term is returned as it is.
 */
function splitConcatenatedTerm(graph: Graph, term: Value): Value[] {
  const node = term.node;
  const concat = node?.op === 'ReduceSumSquare' ? node.inputs[0]!.node : undefined;
  if (concat?.op !== 'Concat') return [term];
  return concat.inputs.map((part) => {
    const axes = graph.integers([...part.shape.keys()]);
    return graph.node('ReduceSumSquare', [part, axes], { shape: [], dtype: term.dtype }, { keepdims: 0 });
  });
}

/** The nodes that the outputs depend on, in the same order. */
function dropUnused(nodes: readonly GraphNode[], outputs: ReadonlySet<Value>): GraphNode[] {
  const needed = new Set(outputs);
  const usedReversed = nodes.toReversed().filter((node) => {
    const isUsed = node.outputs.some((value) => needed.has(value));
    if (isUsed) for (const value of node.inputs) needed.add(value);
    return isUsed;
  });
  return usedReversed.reverse();
}

/**
 * Sorts the terms of each sum of scalars by the time at which their source was recorded. ONNX Runtime computes depth
 * first from the results, and of a node's inputs it first computes the one whose node is written last. A sum whose
 * chain of additions is written after its terms is therefore computed term by term.
 *
 * The norm of the gradients is such a sum, and every update waits for it. In this order, each weight gradient is
 * computed when the backward pass is at its layer: the activations that it needs are in the cache, and they are freed
 * before the next layer. In another order, the activations of the whole backward pass stay in memory until the end.
 * @param nodes nodes in topological order.
 * @param outputs values that must not be replaced.
 * @returns nodes in topological order.
 */
export function sortSumsByRecording(
  graph: Graph,
  nodes: readonly GraphNode[],
  outputs: ReadonlySet<Value>,
): GraphNode[] {
  const outputBytes = nodes.reduce(
    (sum, node) => sum + node.outputs.reduce((size, value) => size + byteSize(value), 0),
    0,
  );
  if (outputBytes < SMALL_STEP_BYTES) return [...nodes];
  const uses = new Map<Value, number>();
  for (const { inputs } of nodes) for (const value of inputs) uses.set(value, (uses.get(value) ?? 0) + 1);
  const inner = new Set<GraphNode>();
  for (const node of nodes.filter(isScalarSum))
    for (const value of node.inputs)
      if (isScalarSum(value.node) && uses.get(value) === 1 && !outputs.has(value)) inner.add(value.node);

  const collectTerms = (node: GraphNode): Value[] =>
    node.inputs.flatMap((value) => (value.node && inner.has(value.node) ? collectTerms(value.node) : [value]));
  const originalNodes = new Set(nodes);
  const ordered = nodes.flatMap((node) => {
    if (inner.has(node)) return [];
    if (!isScalarSum(node) || !node.inputs.some((value) => value.node && inner.has(value.node))) return [node];
    const terms = collectTerms(node)
      .flatMap((term) => splitConcatenatedTerm(graph, term))
      .sort((a, b) => recordedAt(a) - recordedAt(b));
    const newTermNodes = terms.flatMap((term) => (term.node && !originalNodes.has(term.node) ? [term.node] : []));
    const chain: GraphNode[] = [];
    let sum = terms[0]!;
    for (const term of terms.slice(1, -1)) {
      sum = graph.node('Add', [sum, term], sum.shape.length === 0 ? sum : term);
      chain.push(sum.node!);
    }
    return [...new Set([...newTermNodes, ...chain]), { ...node, inputs: [sum, terms.at(-1)!] }];
  });
  return dropUnused(ordered, outputs);
}
