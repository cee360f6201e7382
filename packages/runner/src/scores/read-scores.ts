import type { RunResults, ScoredColumn } from '@medbench/core';
import { RunLayout, type StoredCell, tryReadJson } from '../store/index.js';
import { ScoreTable } from './scores.js';

/**
 * Reads the per-example scores behind the figures of a run's `results.json` from the cells of its folder. A cell that
 * is missing, or whose figure differs from the results, contributes no scores. It takes no lock: finished cells do not
 * change.
 */
export async function readScores(folder: string, results: RunResults): Promise<ScoredColumn[]> {
  const table = new ScoreTable();
  const layout = new RunLayout(folder);
  const stored = new Map<string, StoredCell | undefined>();
  for (const { method, control, task, protocol, seed, status, metric, value } of results.cells) {
    if (status !== 'ok') continue;
    const key = JSON.stringify([method, task, seed]);
    if (!stored.has(key)) stored.set(key, tryReadJson<StoredCell>(layout.cell(method, task, seed)));
    const cell = stored.get(key);
    const result = cell?.results?.find((candidate) => candidate.protocol === protocol);
    if (!cell || result?.metric !== metric || result.metrics[metric]?.value !== value) continue;
    table.add({ row: method, control, task, seed, data: cell.data }, result);
  }
  // Columns of parts, such as the rare classes, have no figure in the results.
  return table.columns().filter(({ part }) => !part);
}
