import type { ConfidenceInterval } from '@medbench/core';
import { type Measurement, summarise } from './cells.js';
import type { PrintedFigure } from './format.js';
import { type ResultTable, splitRuns, type TableColumn } from './model.js';

/** A row's mean over columns, with its measurement for each seed. */
export interface MeanFigure extends PrintedFigure {
  readonly measurements: readonly Measurement[];
}

/** Columns of one modality, protocol and metric, with their indices in the table. */
export interface ColumnGroup {
  readonly columns: readonly TableColumn[];
  readonly indices: readonly number[];
}

/** Groups of two or more columns that can be averaged: same modality, protocol and metric. */
export function groupColumns(table: ResultTable, indices: readonly number[]): ColumnGroup[] {
  const key = (i: number): string => {
    const { modality, protocol, metric } = table.columns[i]!;
    return JSON.stringify([modality, protocol, metric]);
  };
  return splitRuns(indices, key)
    .filter(({ length }) => length > 1)
    .map((group) => ({ indices: group, columns: group.map((i) => table.columns[i]!) }));
}

/**
 * The mean of a row's figures over columns, for the seeds that all figures have. The interval of a mean assumes
 * independent test sets: each arm is the root of the sum of the columns' squared arms, divided by the number of columns
 * (Zou and Donner 2008, eq. 3).
 *
 * @returns undefined if no seed has a figure in every column.
 */
export function meanOver(
  figures: readonly { readonly measurements: readonly Measurement[] }[],
): MeanFigure | undefined {
  const [first, ...others] = figures;
  const measurements = (first?.measurements ?? []).flatMap(({ seed }): Measurement[] => {
    const perColumn = [first!, ...others].map((figure) => figure.measurements.find((one) => one.seed === seed));
    if (!perColumn.every((one) => one !== undefined)) return [];
    const value = perColumn.reduce((sum, one) => sum + one.value, 0) / perColumn.length;
    if (!perColumn.every((one) => one.ci95 !== null)) return [{ seed, value, ci95: null }];
    const arm = (side: 0 | 1): number =>
      Math.sqrt(perColumn.reduce((sum, one) => sum + (one.value - one.ci95![side]) ** 2, 0)) / perColumn.length;
    return [{ seed, value, ci95: [value - arm(0), value + arm(1)] }];
  });
  return measurements.length > 0 ? { ...summarise(measurements), status: 'ok' } : undefined;
}

/** The mean of the seeds' 95 % intervals over test examples; null if a seed has no interval. */
export function meanInterval(measurements: readonly Measurement[]): ConfidenceInterval | null {
  if (measurements.length === 0 || measurements.some(({ ci95 }) => ci95 === null)) return null;
  const mean = (side: 0 | 1): number =>
    measurements.reduce((sum, { ci95 }) => sum + ci95![side], 0) / measurements.length;
  return [mean(0), mean(1)];
}
