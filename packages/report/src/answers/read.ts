import { readFile } from 'node:fs/promises';
import type { ColumnComparisons } from '@medbench/core';
import { RunLayout } from '@medbench/runner/layout';

/**
 * Every pair of a run's rows, from its `comparisons.json`; undefined where it is not there or not whole, as in a run that
 * has not come to its end: then nothing but what `results.json` says itself is known.
 */
export async function readComparisons(runDir: string): Promise<readonly ColumnComparisons[] | undefined> {
  try {
    const parsed: unknown = JSON.parse(await readFile(new RunLayout(runDir).comparisons, 'utf8'));
    const { areComparisons } = await import('../schemas.js');
    return areComparisons(parsed) ? (parsed as ColumnComparisons[]) : undefined;
  } catch {
    return undefined;
  }
}
