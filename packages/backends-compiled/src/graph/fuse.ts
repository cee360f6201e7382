import { type Graph, type GraphNode, splatValue, type Value } from './graph.js';

/** Number of uses of each value. */
function useCounts(nodes: readonly GraphNode[]): Map<Value, number> {
  const counts = new Map<Value, number>();
  for (const { inputs } of nodes) for (const value of inputs) counts.set(value, (counts.get(value) ?? 0) + 1);
  return counts;
}

const alphaFactor = (gemm: GraphNode): number => {
  const { alpha } = gemm.attributes;
  return typeof alpha === 'object' && 'float' in alpha ? alpha.float : 1;
};

/** The inputs of a matrix product with a bias that is added to its rows; undefined if the bias does not fit. */
function withBias(gemm: GraphNode, bias: Value): Pick<GraphNode, 'inputs'> | undefined {
  const columns = gemm.outputs[0]!.shape[1];
  if (gemm.inputs.length !== 2 || bias.shape.length !== 1 || bias.shape[0] !== columns) return undefined;
  return { inputs: [...gemm.inputs, bias] };
}

/**
 * Fuses into each matrix product the operation that follows it, if nothing else uses the bare product: adding a bias to
 * the rows, or multiplying by a constant.
 * @param nodes nodes in topological order.
 * @param outputs values that must not be fused away.
 * @returns nodes in topological order.
 */
export function fuse(graph: Graph, nodes: readonly GraphNode[], outputs: ReadonlySet<Value>): GraphNode[] {
  const counts = useCounts(nodes);
  /** Each product with everything fused into it so far, keyed by its output. */
  const products = new Map<Value, GraphNode>();
  const result = new Map<Value, readonly GraphNode[]>();
  const join = (from: Value, to: GraphNode, before: readonly GraphNode[], joined: GraphNode): void => {
    result.delete(from);
    products.delete(from);
    products.set(to.outputs[0]!, joined);
    result.set(to.outputs[0]!, [...before, joined]);
  };
  for (const node of nodes) {
    const output = node.outputs[0]!;
    result.set(output, [node]);
    if (node.op === 'Gemm') products.set(output, node);
    if (node.op !== 'Add' && node.op !== 'Mul') continue;
    for (const [product, other] of [node.inputs, node.inputs.toReversed()] as [Value, Value][]) {
      const gemm = products.get(product);
      if (!gemm || counts.get(product) !== 1 || outputs.has(product)) continue;
      const factor = splatValue(other);
      if (node.op === 'Add') {
        const joined = withBias(gemm, other);
        if (!joined) continue;
        join(product, node, [], { ...gemm, ...joined, outputs: node.outputs });
      } else {
        if (factor === undefined) continue;
        const [a, b, bias] = gemm.inputs as [Value, Value, Value?];
        const scaled = bias && graph.node('Mul', [bias, graph.splat(factor, { shape: [], dtype: bias.dtype })], bias);
        const attributes = { ...gemm.attributes, alpha: { float: alphaFactor(gemm) * factor } };
        join(product, node, scaled?.node ? [scaled.node] : [], {
          ...gemm,
          inputs: scaled ? [a, b, scaled] : [a, b],
          attributes,
          outputs: node.outputs,
        });
      }
      break;
    }
  }
  // A scaled bias that several products share is placed before the first of these products.
  return [...new Set(nodes.flatMap((node) => result.get(node.outputs[0]!) ?? []))];
}
