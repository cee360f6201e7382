import type { RunResults, ScoredColumn } from '@medbench/core';
import { RunLayout, type StoredCell, tryReadJson } from '../store/index.js';
import type { FindScores } from './find-scores.js';
import { isResultsFolder } from './folder/manifest.js';
import { readPassedOn } from './folder/passed-on.js';
import { ScoreTable } from './scores.js';

/** Looks up results in the cells of a run folder. It takes no lock: finished cells do not change. */
function inRunFolder(folder: string): FindScores {
  const layout = new RunLayout(folder);
  const stored = new Map<string, StoredCell | undefined>();
  return ({ method, task, protocol, seed, metric, value }) => {
    const key = JSON.stringify([method, task, seed]);
    if (!stored.has(key)) stored.set(key, tryReadJson<StoredCell>(layout.cell(method, task, seed)));
    const cell = stored.get(key);
    const result = cell?.results?.find((candidate) => candidate.protocol === protocol);
    if (!cell || result?.metric !== metric || result.metrics[metric]?.value !== value) return undefined;
    return { data: cell.data, result };
  };
}

/**
 * Returns what looks up the results behind the figures of a table: in the cells of a run folder, or in the files of a
 * results folder.
 * @throws MedbenchError('store') if a file of a results folder is damaged; ('data') if one is no Parquet file.
 */
export const findScores = async (folder: string, results: RunResults): Promise<FindScores> =>
  isResultsFolder(folder) ? readPassedOn(folder, results) : inRunFolder(folder);

/** Gathers the scores of all cells of a table into columns, those of parts included. */
export function scoreColumns({ cells }: RunResults, find: FindScores): ScoredColumn[] {
  const table = new ScoreTable();
  for (const cell of cells) {
    const found = cell.status === 'ok' ? find(cell) : undefined;
    const { method: row, control, task, seed } = cell;
    if (found) table.add({ row, control, task, seed, data: found.data }, found.result);
  }
  return table.columns();
}

/**
 * Reads the per-example scores behind the figures of `results.json` from the folder of a run, or from a results folder. A
 * cell that is missing, or whose figure differs from the results, contributes no scores.
 * @throws as `findScores`.
 */
export async function readScores(folder: string, results: RunResults): Promise<ScoredColumn[]> {
  const columns = scoreColumns(results, await findScores(folder, results));
  // Columns of parts, such as the rare classes, have no figure in the results.
  return columns.filter(({ part }) => !part);
}
