import { readFile } from 'node:fs/promises';
import { type ColumnComparisons, hashJson, MedbenchError, parseJson, type RunResults } from '@medbench/core';
import { RunLayout } from '@medbench/runner/layout';

/**
 * Reads the comparisons of all pairs of a run's rows from its `comparisons.json`. Undefined if the file is missing or
 * no list of comparisons, for example in an unfinished run: then only the comparisons in `results.json` are known.
 * @throws MedbenchError('store') if the file does not hold the comparisons that the run wrote.
 */
export async function readComparisons(
  runDir: string,
  { statistics }: Pick<RunResults, 'statistics'>,
): Promise<readonly ColumnComparisons[] | undefined> {
  const file = new RunLayout(runDir).comparisons;
  let parsed: unknown;
  try {
    parsed = parseJson(await readFile(file, 'utf8'));
  } catch {
    return undefined;
  }
  const { areComparisons } = await import('../schemas.js');
  if (!areComparisons(parsed)) return undefined;
  if (statistics?.comparisons !== undefined && hashJson(parsed) !== statistics.comparisons) {
    throw new MedbenchError('store', `${file} does not hold the comparisons of results.json`, {
      hint: 'It is damaged or was changed by hand. Repeat the run command on this folder: it writes both again.',
    });
  }
  return parsed as ColumnComparisons[];
}
