import { readFile } from 'node:fs/promises';
import type { ColumnComparisons } from '@medbench/core';
import { RunLayout } from '@medbench/runner/layout';

/**
 * Reads the comparisons of all pairs of a run's rows from its `comparisons.json`. Undefined if the file is missing or
 * damaged, for example in an unfinished run: then only the comparisons in `results.json` are known.
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
