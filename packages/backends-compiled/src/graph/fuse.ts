import type { GraphNode, Value } from './graph.js';

/** How often each value is used. */
function useCounts(nodes: readonly GraphNode[]): Map<Value, number> {
  const counts = new Map<Value, number>();
  for (const { inputs } of nodes) for (const value of inputs) counts.set(value, (counts.get(value) ?? 0) + 1);
  return counts;
}

/**
 * Joins each matrix product with the bias that is added to its rows, where nothing else uses the bare product.
 * @param nodes each after those that it needs; so is the result.
 * @param outputs values that have to be computed as they are.
 */
export function fuse(nodes: readonly GraphNode[], outputs: ReadonlySet<Value>): GraphNode[] {
  const counts = useCounts(nodes);
  const joined = new Set<GraphNode>();
  const replaced = new Map<GraphNode, GraphNode>();
  for (const node of nodes) {
    if (node.op !== 'Add') continue;
    for (const [product, bias] of [node.inputs, node.inputs.toReversed()] as [Value, Value][]) {
      const gemm = product.node;
      if (gemm?.op !== 'Gemm' || gemm.inputs.length !== 2 || counts.get(product) !== 1 || outputs.has(product))
        continue;
      if (bias.shape.length !== 1 || bias.shape[0] !== product.shape[1]) continue;
      joined.add(gemm);
      replaced.set(node, { ...gemm, inputs: [...gemm.inputs, bias], outputs: node.outputs });
      break;
    }
  }
  return nodes.filter((node) => !joined.has(node)).map((node) => replaced.get(node) ?? node);
}
