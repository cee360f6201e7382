import { Arena, type Chunk } from './arena.js';
import { byteSize, type GraphNode, sameShape, type Value } from './graph.js';

/**
 * Operators whose result ONNX Runtime may write over an operand, if the operand has the same size and no other use. The
 * value lists the operands that it tries, in order.
 */
const UNARY =
  'Abs Neg Sqrt Exp Log Erf Tanh Sigmoid Relu Elu Floor Ceil Reciprocal Not Cast Softmax LogSoftmax Softplus Sign LeakyRelu Selu';
const BINARY = 'Add Sub Mul Div';
export const IN_PLACE: Readonly<Record<string, readonly number[]>> = Object.fromEntries([
  ...UNARY.split(' ').map((op) => [op, [0]]),
  ...BINARY.split(' ').map((op) => [op, [0, 1]]),
]);

/** The nodes and results of one run of a graph. */
export interface GraphRun {
  /** Nodes in the order in which the model lists them. */
  readonly nodes: readonly GraphNode[];
  /** Computed values that the run returns. */
  readonly results: readonly Value[];
  /**
   * Values that the run returns as copies made at its end: inputs, constants, and values returned under a second name.
   */
  readonly copied: readonly Value[];
}

/**
 * The order in which ONNX Runtime runs a graph: depth first from the nodes whose outputs no node uses. Among several
 * candidates, it visits the node written last first (`core/graph/graph_viewer.cc`).
 */
export function runningOrder(nodes: readonly GraphNode[]): GraphNode[] {
  // Nodes are found by their outputs, not by `value.node`: after fusion, `value.node` may be the node before fusion.
  const producers = new Map(nodes.flatMap(({ outputs }, i) => outputs.map((value) => [value, i] as const)));
  const dependencies = nodes.map(({ inputs }) => {
    const producerIndices = new Set(inputs.flatMap((value) => producers.get(value) ?? []));
    return [...producerIndices].sort((a, b) => a - b);
  });
  const used = new Set(dependencies.flat());
  const stack = nodes.flatMap((_, i) => (used.has(i) ? [] : [{ index: i, done: false }]));
  const visited = new Set<number>();
  const order: GraphNode[] = [];
  for (let top = stack.pop(); top; top = stack.pop()) {
    if (top.done) order.push(nodes[top.index]!);
    if (top.done || visited.has(top.index)) continue;
    visited.add(top.index);
    stack.push({ index: top.index, done: true });
    for (const index of dependencies[top.index]!) if (!visited.has(index)) stack.push({ index, done: false });
  }
  return order;
}

/** A piece of memory that several values use one after another. */
interface Buffer {
  /** The value that it was allocated for. */
  readonly first: Value;
  /** Number of remaining uses. Results of the run have one extra use, so that their memory is never reused. */
  uses: number;
}

/** The memory events of one node. */
interface NodeMemory {
  /** Buffers that are allocated before the node runs. */
  readonly allocated: readonly Buffer[];
  /** Sizes of temporary memory that the operator needs while it runs. */
  readonly scratch: readonly number[];
  /** Buffers that are freed after the node has run. */
  readonly freed: readonly Buffer[];
}

/**
 * Decides which values share memory, as ONNX Runtime's planner does (`core/framework/allocation_planner.cc`). A reshape
 * uses the memory of its operand. An elementwise result may overwrite an operand. Any other result may use the memory
 * of a dead value of the same shape.
 */
function planMemory(order: readonly GraphNode[], results: ReadonlySet<Value>): NodeMemory[] {
  const uses = new Map<Value, number>();
  const count = (value: Value): void => void uses.set(value, (uses.get(value) ?? 0) + 1);
  for (const { inputs, outputs } of order) for (const value of [...inputs, ...outputs]) count(value);
  for (const value of results) count(value);
  const buffers = new Map<Value, Buffer>();
  const useCount = (value: Value): number => uses.get(value) ?? 0;
  const ensureBuffer = (value: Value): Buffer => {
    const existing = buffers.get(value);
    if (existing) return existing;
    // Inputs and constants get an extra use, so that their memory is never reused.
    const buffer = { first: value, uses: useCount(value) + (value.node ? 0 : 1) };
    buffers.set(value, buffer);
    return buffer;
  };
  /** Buffers of dead values, the most recent first. */
  const dead: Buffer[] = [];
  const findReusable = ({ op, inputs }: GraphNode, output: Value, position: number): Buffer | undefined => {
    if (op === 'Reshape') return ensureBuffer(inputs[0]!);
    for (const operand of position === 0 ? (IN_PLACE[op] ?? []) : []) {
      const input = inputs[operand]!;
      const buffer = ensureBuffer(input);
      if (buffer.uses === 1 && sameShape(input.shape, output.shape) && byteSize(input) === byteSize(output))
        return buffer;
    }
    if (output.shape.length === 0) return undefined;
    const index = dead.findIndex(
      ({ first }) => sameShape(first.shape, output.shape) && byteSize(first) === byteSize(output),
    );
    return index < 0 ? undefined : dead.splice(index, 1)[0];
  };
  const lastUse = new Map<Buffer, number>();
  const allocatedAt = order.map((node, index) => {
    const allocated: Buffer[] = [];
    node.outputs.forEach((output, position) => {
      const reused = results.has(output) ? undefined : findReusable(node, output, position);
      if (reused) {
        reused.uses += useCount(output);
        buffers.set(output, reused);
      } else allocated.push(ensureBuffer(output));
    });
    for (const value of [...node.inputs, ...node.outputs]) {
      const buffer = ensureBuffer(value);
      lastUse.set(buffer, index);
      if (--buffer.uses === 0) dead.unshift(buffer);
    }
    return allocated;
  });
  const freedAt = order.map((): Buffer[] => []);
  for (const [buffer, index] of lastUse)
    if (buffer.first.node && !results.has(buffer.first)) freedAt[index]!.push(buffer);
  return allocatedAt.map((allocated, index) => ({
    allocated,
    freed: freedAt[index]!,
    scratch: scratchSizes(order[index]!),
  }));
}

/** Sizes of an operator's temporary memory: `Where` selects from each side separately before it merges the two. */
const scratchSizes = ({ op, outputs }: GraphNode): number[] =>
  op === 'Where' ? [0, 1].map(() => byteSize(outputs[0]!)) : [];

/** Bytes of dead arrays that V8 accumulates before it collects them, as measured by `npm run bench:memory`. */
const GARBAGE_BYTES = 16 * 2 ** 20;

/** Number of runs whose results are in memory: of the last two, and of older ones that V8 has not collected yet. */
const keptRuns = (resultBytes: number, garbageBytes: number): number =>
  2 + Math.min(6, Math.floor(garbageBytes / Math.max(1, resultBytes)));

/** Options of `arenaBytes`. */
export interface ArenaOptions {
  /** Bytes of older results that V8 may not have collected yet. */
  readonly garbageBytes?: number;
  /** Whether the arena holds the results too, or the caller gives arrays for them. Default true. */
  readonly holdsResults?: boolean;
}

/**
 * Peak bytes of ONNX Runtime's arena in training. They hold the values that a run computes and the results that it
 * returns. A result stays alive through the next run, as its input, and is collected one run later at the earliest.
 */
export function arenaBytes(
  { nodes, results, copied }: GraphRun,
  { garbageBytes = GARBAGE_BYTES, holdsResults = true }: ArenaOptions = {},
): number {
  const resultSet = new Set(results);
  const plan = planMemory(runningOrder(nodes), resultSet);
  const kept = keptRuns(
    [...results, ...copied].reduce((sum, value) => sum + byteSize(value), 0),
    garbageBytes,
  );
  const arena = new Arena();
  const generations: Chunk[][] = [];
  for (let run = 0; run < (holdsResults ? kept + 2 : 2); run++) {
    const chunks = new Map<Buffer, Chunk>();
    for (const { allocated, scratch, freed } of plan) {
      for (const buffer of allocated)
        if (holdsResults || !resultSet.has(buffer.first)) chunks.set(buffer, arena.allocate(byteSize(buffer.first)));
      const scratchChunks = scratch.map((bytes) => arena.allocate(bytes));
      for (const chunk of scratchChunks) arena.release(chunk);
      for (const buffer of freed) {
        arena.release(chunks.get(buffer)!);
        chunks.delete(buffer);
      }
    }
    if (!holdsResults) continue;
    generations.push([...chunks.values(), ...copied.map((value) => arena.allocate(byteSize(value)))]);
    if (generations.length > kept) for (const chunk of generations.shift()!) arena.release(chunk);
  }
  return arena.touched;
}

/** Peak bytes of outputs for which each run makes new arrays. */
export const outputBytes = (bytes: number, garbageBytes = GARBAGE_BYTES): number =>
  bytes * keptRuns(bytes, garbageBytes);
