import { elementCount } from '@medbench/core';
import { byteSize, type Graph, type GraphNode, type Value } from './graph.js';

/** Where a step makes less than this, all of it stays near the processor, and more operations would cost more than they save. */
const SMALL_STEP = 2 ** 29;

const isScalarSum = (node: GraphNode | undefined): node is GraphNode =>
  node?.op === 'Add' &&
  node.outputs[0]!.dtype === 'float32' &&
  node.inputs.every(({ shape }) => elementCount(shape) === 1);

/** When what a term sums up was recorded. */
function readiness(term: Value): number {
  const source = term.node?.op === 'ReduceSumSquare' || term.node?.op === 'Reshape' ? term.node.inputs[0] : undefined;
  return source ? readiness(source) : term.id;
}

/** Terms of the sum of squares of parts laid end to end: that of each part, so that none waits for the others. */
function termsOfParts(graph: Graph, term: Value): Value[] {
  const node = term.node;
  const parts = node?.op === 'ReduceSumSquare' ? node.inputs[0]!.node : undefined;
  if (parts?.op !== 'Concat') return [term];
  return parts.inputs.map((part) => {
    const axes = graph.integers([...part.shape.keys()]);
    return graph.node('ReduceSumSquare', [part, axes], { shape: [], dtype: term.dtype }, { keepdims: 0 });
  });
}

/** Nodes that something needs. */
function used(nodes: readonly GraphNode[], outputs: ReadonlySet<Value>): GraphNode[] {
  const needed = new Set(outputs);
  const kept = nodes.toReversed().filter((node) => {
    const living = node.outputs.some((value) => needed.has(value));
    if (living) for (const value of node.inputs) needed.add(value);
    return living;
  });
  return kept.reverse();
}

/**
 * Puts the terms of each sum of scalars in the order in which what they are made of was recorded. ONNX Runtime computes
 * depth first from the results, and of a node's inputs the one that stands last: a sum whose chain of additions stands after
 * its terms is computed term by term. The norm of the gradients is such a sum, and everything after it waits for it: this
 * way each gradient of a weight is computed when the backward pass is at its layer, while what it needs is in the cache,
 * and that is given up before the next. In another order the whole backward pass is kept until the end.
 * @param nodes each after those that it needs; so is the result.
 * @param outputs values that have to be computed as they are.
 */
export function inOrderOfRecording(
  graph: Graph,
  nodes: readonly GraphNode[],
  outputs: ReadonlySet<Value>,
): GraphNode[] {
  const made = nodes.reduce((sum, node) => sum + node.outputs.reduce((size, value) => size + byteSize(value), 0), 0);
  if (made < SMALL_STEP) return [...nodes];
  const uses = new Map<Value, number>();
  for (const { inputs } of nodes) for (const value of inputs) uses.set(value, (uses.get(value) ?? 0) + 1);
  const inner = new Set<GraphNode>();
  for (const node of nodes.filter(isScalarSum))
    for (const value of node.inputs)
      if (isScalarSum(value.node) && uses.get(value) === 1 && !outputs.has(value)) inner.add(value.node);

  const termsOf = (node: GraphNode): Value[] =>
    node.inputs.flatMap((value) => (value.node && inner.has(value.node) ? termsOf(value.node) : [value]));
  const known = new Set(nodes);
  const ordered = nodes.flatMap((node) => {
    if (inner.has(node)) return [];
    if (!isScalarSum(node) || !node.inputs.some((value) => value.node && inner.has(value.node))) return [node];
    const terms = termsOf(node)
      .flatMap((term) => termsOfParts(graph, term))
      .sort((a, b) => readiness(a) - readiness(b));
    const before = terms.flatMap((term) => (term.node && !known.has(term.node) ? [term.node] : []));
    const chain: GraphNode[] = [];
    let sum = terms[0]!;
    for (const term of terms.slice(1, -1)) {
      sum = graph.node('Add', [sum, term], sum.shape.length === 0 ? sum : term);
      chain.push(sum.node!);
    }
    return [...new Set([...before, ...chain]), { ...node, inputs: [sum, terms.at(-1)!] }];
  });
  return used(ordered, outputs);
}
