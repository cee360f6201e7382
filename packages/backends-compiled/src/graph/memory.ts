import { Arena, type Chunk } from './arena.js';
import { byteSize, type GraphNode, sameShape, type Value } from './graph.js';

/**
 * Operators whose result ONNX Runtime may write over an operand of the same size that nothing else needs, by the operands
 * that it tries in turn.
 */
const UNARY =
  'Abs Neg Sqrt Exp Log Erf Tanh Sigmoid Relu Elu Floor Ceil Reciprocal Not Cast Softmax LogSoftmax Softplus Sign LeakyRelu Selu';
const BINARY = 'Add Sub Mul Div';
const IN_PLACE: Readonly<Record<string, readonly number[]>> = Object.fromEntries([
  ...UNARY.split(' ').map((op) => [op, [0]]),
  ...BINARY.split(' ').map((op) => [op, [0, 1]]),
]);

/** What a graph runs on. */
export interface GraphRun {
  /** In the order in which they are written. */
  readonly nodes: readonly GraphNode[];
  /** Values that are handed out. */
  readonly results: readonly Value[];
  /** Values handed out that are no node's own: copied at the end of a run. */
  readonly copied: readonly Value[];
}

/**
 * The order in which ONNX Runtime runs a graph: depth first from what nothing else needs, the last written node first
 * (`core/graph/graph_viewer.cc`).
 */
export function runningOrder(nodes: readonly GraphNode[]): GraphNode[] {
  // By what they make: a node that was joined with another is not the one that its value names.
  const madeBy = new Map(nodes.flatMap(({ outputs }, i) => outputs.map((value) => [value, i] as const)));
  const needed = nodes.map(({ inputs }) => {
    const found = new Set(inputs.flatMap((value) => madeBy.get(value) ?? []));
    return [...found].sort((a, b) => a - b);
  });
  const used = new Set(needed.flat());
  const stack = nodes.flatMap((_, i) => (used.has(i) ? [] : [{ at: i, done: false }]));
  const seen = new Set<number>();
  const order: GraphNode[] = [];
  for (let top = stack.pop(); top; top = stack.pop()) {
    if (top.done) order.push(nodes[top.at]!);
    if (top.done || seen.has(top.at)) continue;
    seen.add(top.at);
    stack.push({ at: top.at, done: true });
    for (const at of needed[top.at]!) if (!seen.has(at)) stack.push({ at, done: false });
  }
  return order;
}

/** A piece of memory that one value after another lies in. */
interface Buffer {
  /** The value that it is made for. */
  readonly first: Value;
  /** Uses to come; outputs are counted once more, so that they stay. */
  uses: number;
}

/** What happens to memory at each node: buffers that are made before it, buffers that end with it. */
interface Moment {
  readonly made: readonly Buffer[];
  /** Sizes of what the operator needs while it runs. */
  readonly scratch: readonly number[];
  readonly ended: readonly Buffer[];
}

/**
 * Which values share memory, as ONNX Runtime's planner decides it (`core/framework/allocation_planner.cc`): a reshape lies
 * where its operand lies, an elementwise result may take an operand's place, any other result that of a dead value of the
 * same shape.
 */
function moments(order: readonly GraphNode[], results: ReadonlySet<Value>): Moment[] {
  const uses = new Map<Value, number>();
  const count = (value: Value): void => void uses.set(value, (uses.get(value) ?? 0) + 1);
  for (const { inputs, outputs } of order) for (const value of [...inputs, ...outputs]) count(value);
  for (const value of results) count(value);
  const buffers = new Map<Value, Buffer>();
  const usesOf = (value: Value): number => uses.get(value) ?? 0;
  const bufferOf = (value: Value): Buffer => {
    const known = buffers.get(value);
    if (known) return known;
    // Inputs and constants are never taken over.
    const made = { first: value, uses: usesOf(value) + (value.node ? 0 : 1) };
    buffers.set(value, made);
    return made;
  };
  /** Buffers of dead values, the latest first. */
  const dead: Buffer[] = [];
  const reusedBy = ({ op, inputs }: GraphNode, output: Value, position: number): Buffer | undefined => {
    if (op === 'Reshape') return bufferOf(inputs[0]!);
    for (const at of position === 0 ? (IN_PLACE[op] ?? []) : []) {
      const input = inputs[at]!;
      const buffer = bufferOf(input);
      if (buffer.uses === 1 && sameShape(input.shape, output.shape) && byteSize(input) === byteSize(output))
        return buffer;
    }
    if (output.shape.length === 0) return undefined;
    const found = dead.findIndex(
      ({ first }) => sameShape(first.shape, output.shape) && byteSize(first) === byteSize(output),
    );
    return found < 0 ? undefined : dead.splice(found, 1)[0];
  };
  const last = new Map<Buffer, number>();
  const madeAt = order.map((node, at) => {
    const made: Buffer[] = [];
    node.outputs.forEach((output, position) => {
      const reused = results.has(output) ? undefined : reusedBy(node, output, position);
      if (reused) {
        reused.uses += usesOf(output);
        buffers.set(output, reused);
      } else made.push(bufferOf(output));
    });
    for (const value of [...node.inputs, ...node.outputs]) {
      const buffer = bufferOf(value);
      last.set(buffer, at);
      if (--buffer.uses === 0) dead.unshift(buffer);
    }
    return made;
  });
  const ended = order.map((): Buffer[] => []);
  for (const [buffer, at] of last) if (buffer.first.node && !results.has(buffer.first)) ended[at]!.push(buffer);
  return madeAt.map((made, at) => ({ made, ended: ended[at]!, scratch: scratchOf(order[at]!) }));
}

/** `Where` gathers what it takes from each side before it joins the two. */
const scratchOf = ({ op, outputs }: GraphNode): number[] =>
  op === 'Where' ? [0, 1].map(() => byteSize(outputs[0]!)) : [];

/** Garbage that V8 lets gather before it collects arrays, as measured by `npm run bench:memory`. */
const GARBAGE = 16 * 2 ** 20;

/**
 * Bytes that ONNX Runtime's arena takes up in a training: what a run computes, and what it hands out, which is kept through
 * the next run as its input and is collected one run later at the earliest.
 * @param garbage room that V8 leaves for what is collected later still, in bytes.
 */
export function arenaBytes({ nodes, results, copied }: GraphRun, garbage = GARBAGE): number {
  const handed = new Set(results);
  const plan = moments(runningOrder(nodes), handed);
  const outBytes = [...results, ...copied].reduce((sum, value) => sum + byteSize(value), 0);
  const kept = 2 + Math.min(6, Math.floor(garbage / Math.max(1, outBytes)));
  const arena = new Arena();
  const generations: Chunk[][] = [];
  for (let run = 0; run < kept + 2; run++) {
    const chunks = new Map<Buffer, Chunk>();
    for (const { made, scratch, ended } of plan) {
      for (const buffer of made) chunks.set(buffer, arena.allocate(byteSize(buffer.first)));
      const lent = scratch.map((bytes) => arena.allocate(bytes));
      for (const chunk of lent) arena.release(chunk);
      for (const buffer of ended) {
        arena.release(chunks.get(buffer)!);
        chunks.delete(buffer);
      }
    }
    generations.push([...chunks.values(), ...copied.map((value) => arena.allocate(byteSize(value)))]);
    if (generations.length > kept) for (const chunk of generations.shift()!) arena.release(chunk);
  }
  return arena.touched;
}
