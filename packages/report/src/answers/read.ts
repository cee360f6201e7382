import { readFile } from 'node:fs/promises';
import type { ColumnComparisons } from '@medbench/core';
import { RunLayout } from '@medbench/runner/layout';
import { isObject } from '../shape.js';

const isComparison = (value: unknown): boolean =>
  isObject(value) &&
  ['first', 'second', 'test'].every((key) => typeof value[key] === 'string') &&
  ['difference', 'pValue', 'adjusted'].every((key) => typeof value[key] === 'number') &&
  Array.isArray(value.ci95) &&
  value.ci95.length === 2;

/**
 * Every pair of a run's rows, from its `comparisons.json`; undefined where it is not there or not whole, as in a run that
 * has not come to its end: then nothing but what `results.json` says itself is known.
 */
export async function readComparisons(runDir: string): Promise<readonly ColumnComparisons[] | undefined> {
  try {
    const parsed: unknown = JSON.parse(await readFile(new RunLayout(runDir).comparisons, 'utf8'));
    const whole =
      Array.isArray(parsed) &&
      parsed.every((column) => isObject(column) && Array.isArray(column.pairs) && column.pairs.every(isComparison));
    return whole ? (parsed as ColumnComparisons[]) : undefined;
  } catch {
    return undefined;
  }
}
