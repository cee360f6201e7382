import type { ConfidenceInterval, MetricValue, ResultCell, RunResults } from '@medbench/core';
import type { PrintedFigure } from './format.js';

/** One measurement of a figure, made with one seed. */
export interface Measurement {
  readonly seed: number;
  readonly value: number;
  readonly ci95: ConfidenceInterval | null;
}

/** Mean and spread of the measurements of one metric; values are null if there are none. */
export function summarise(
  measurements: readonly Measurement[],
): Pick<PrintedFigure, 'value' | 'interval' | 'sd'> & { readonly measurements: readonly Measurement[] } {
  const count = measurements.length;
  const first = measurements[0];
  if (!first) return { value: null, interval: null, sd: null, measurements };
  if (count === 1) return { value: first.value, interval: first.ci95, sd: null, measurements };
  const mean = measurements.reduce((sum, { value }) => sum + value, 0) / count;
  const variance = measurements.reduce((sum, { value }) => sum + (value - mean) ** 2, 0) / (count - 1);
  return { value: mean, interval: null, sd: Math.sqrt(variance), measurements };
}

/** One metric of a cell; undefined if the cell has no finite value for it. */
export function findMetric({ metrics }: ResultCell, name: string): MetricValue | undefined {
  const metric = Object.hasOwn(metrics, name) ? metrics[name] : undefined;
  return metric && Number.isFinite(metric.value) ? metric : undefined;
}

/** The measurements of one metric in the cells of one row and column, in order of seed. */
export function selectMeasurements(cells: readonly ResultCell[], metric: string): Measurement[] {
  return cells
    .flatMap((cell) => {
      const measured = findMetric(cell, metric);
      return measured ? [{ seed: cell.seed, value: measured.value, ci95: measured.ci95 }] : [];
    })
    .sort((a, b) => a.seed - b.seed);
}

/** Cells by row and column, cached for each results object: large runs look up cells thousands of times. */
const cellIndexes = new WeakMap<RunResults, ReadonlyMap<string, readonly ResultCell[]>>();

const cellKey = (method: string, task: string, protocol: string): string => JSON.stringify([method, task, protocol]);

function indexCells(results: RunResults): ReadonlyMap<string, readonly ResultCell[]> {
  const cached = cellIndexes.get(results);
  if (cached) return cached;
  const index = new Map<string, ResultCell[]>();
  for (const cell of results.cells) {
    const key = cellKey(cell.method, cell.task, cell.protocol);
    const group = index.get(key);
    if (group) group.push(cell);
    else index.set(key, [cell]);
  }
  cellIndexes.set(results, index);
  return index;
}

/** The cells of one row and column, one per seed. */
export function cellsAt(
  results: RunResults,
  method: string,
  { task, protocol }: { readonly task: string; readonly protocol: string },
): ResultCell[] {
  const matches = indexCells(results).get(cellKey(method, task, protocol)) ?? [];
  return [...new Map(matches.map((cell) => [cell.seed, cell])).values()].sort((a, b) => a.seed - b.seed);
}
