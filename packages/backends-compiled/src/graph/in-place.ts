import { elementCount } from '@medbench/core';
import type { GraphNode, Value } from './graph.js';
import { IN_PLACE } from './memory.js';

/** A graph to look for state entries in. */
export interface UpdatingGraph {
  readonly nodes: readonly GraphNode[];
  /** State entries with the values of the input before a step, and of the output after it. */
  readonly entries: readonly { readonly name: string; readonly before: Value; readonly after: Value }[];
  /** Values that are outputs by a second name, or without a node: copies of them are made at any time. */
  readonly copied: ReadonlySet<Value>;
}

/** Whether a node computes each element from the elements at the same position, in any shape. */
const keepsPositions = ({ op, outputs }: GraphNode, count: number): boolean =>
  (op in IN_PLACE || op === 'Reshape') && elementCount(outputs[0]!.shape) === count;

/**
 * State entries whose new value may be written over the old one while the graph runs, in whatever order respects its edges.
 * Every node that reads the old value must run before the node that writes the new one, so it must be an ancestor of that, or
 * belong to its element-by-element surroundings.
 *
 * ONNX Runtime changes the graph before. It drops nodes that change nothing: so nodes that read a result of the entry's size count as
 * readers of the entry. And it fuses nodes: so no other reader may be next to those surroundings, where it could become one node
 * with the writer.
 */
export function entriesInPlace({ nodes, entries, copied }: UpdatingGraph): readonly string[] {
  // Nodes are found by their outputs, not by `value.node`: after fusion, `value.node` may be the node before fusion.
  const producers = new Map(nodes.flatMap((node, i) => node.outputs.map((value) => [value, i] as const)));
  const readers = new Map<Value, number[]>();
  for (const [i, { inputs }] of nodes.entries())
    for (const value of new Set(inputs)) {
      const known = readers.get(value);
      if (known) known.push(i);
      else readers.set(value, [i]);
    }
  const sources = (index: number): number[] => nodes[index]!.inputs.flatMap((value) => producers.get(value) ?? []);

  /** Nodes that read a value or what could become a view of it; undefined if a copy of it is made at any time. */
  const readersOf = (entry: Value, writer: number): Set<number> | undefined => {
    const count = elementCount(entry.shape);
    const found = new Set<number>();
    const stack = [entry];
    for (let value = stack.pop(); value; value = stack.pop()) {
      if (copied.has(value)) return undefined;
      for (const index of readers.get(value) ?? []) {
        if (found.has(index)) continue;
        found.add(index);
        if (index === writer) continue;
        stack.push(...nodes[index]!.outputs.filter(({ shape }) => elementCount(shape) === count));
      }
    }
    return found;
  };

  /** The nodes around a writer that work element by element, and those next to them. */
  const surroundings = (writer: number, count: number): { readonly inner: Set<number>; readonly edge: Set<number> } => {
    const [inner, edge] = [new Set([writer]), new Set<number>()];
    const stack = [writer];
    for (let index = stack.pop(); index !== undefined; index = stack.pop())
      for (const source of sources(index)) {
        if (inner.has(source)) continue;
        if (keepsPositions(nodes[source]!, count)) {
          inner.add(source);
          stack.push(source);
        } else edge.add(source);
      }
    return { inner, edge };
  };

  /** The last writer whose ancestors a node was found to be of. */
  const visited = new Int32Array(nodes.length).fill(-1);
  const areAncestors = (open: Set<number>, writer: number): boolean => {
    const stack = [writer];
    for (let index = stack.pop(); index !== undefined && open.size > 0; index = stack.pop())
      for (const source of sources(index)) {
        if (visited[source] === writer) continue;
        visited[source] = writer;
        open.delete(source);
        stack.push(source);
      }
    return open.size === 0;
  };

  const inPlace = ({ before, after }: UpdatingGraph['entries'][number]): boolean => {
    const writer = producers.get(after);
    const count = elementCount(before.shape);
    if (writer === undefined || copied.has(after) || !keepsPositions(nodes[writer]!, count)) return false;
    const open = readersOf(before, writer);
    if (!open) return false;
    const { inner, edge } = surroundings(writer, count);
    for (const index of inner) open.delete(index);
    for (const index of open) if (edge.has(index)) return false;
    return areAncestors(open, writer);
  };
  return entries.filter(inPlace).map(({ name }) => name);
}
