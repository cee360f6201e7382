import type { Builder } from '../graph/builder.js';
import type { Value } from '../graph/graph.js';

/** A kernel's inputs by name; for kernels that take a list, by position. */
export type Inputs = Readonly<Record<string, Value>>;

/** What one TensorFlow.js kernel is in the graph: its ONNX nodes, whose shapes the builder works out. */
export type Rule = (builder: Builder, inputs: Inputs, attrs: never) => Value | readonly Value[];

/** The kernels of one family, by TensorFlow.js name. */
export type RuleTable = Readonly<Record<string, Rule>>;

/** Axes given as a number, a list or nothing (all), counted from the front. */
export function axesOf(axis: number | readonly number[] | null | undefined, rank: number): number[] {
  const axes = axis === null || axis === undefined ? [...Array(rank).keys()] : typeof axis === 'number' ? [axis] : axis;
  return axes.map((one) => (one < 0 ? one + rank : one)).sort((a, b) => a - b);
}

/** One axis, counted from the front. */
export const axisOf = (axis: number | readonly number[] | undefined, rank: number): number =>
  axesOf(axis ?? 0, rank)[0]!;
