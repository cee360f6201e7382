import { isDeepStrictEqual } from 'node:util';
import { MedbenchError, type ResultCell, type RunResults, readSealed, type TaskResult } from '@medbench/core';
import { RunLayout } from '@medbench/runner/layout';

/** The part of a file in `cells/` that the table shows. */
type StoredResults = { readonly results?: readonly TaskResult[] };

/** Whether the table shows the figures of a stored result. */
const agrees = (shown: ResultCell, stored: TaskResult): boolean =>
  shown.metric === stored.metric &&
  shown.n === stored.n &&
  shown.value === (stored.metrics[stored.metric]?.value ?? null) &&
  isDeepStrictEqual(shown.ci95, stored.metrics[stored.metric]?.ci95 ?? null) &&
  isDeepStrictEqual(shown.metrics, stored.metrics);

/**
 * Checks that a table shows the figures of the cells beside it. Cells that are not there, as in a `results.json` that
 * was passed on alone, are not checked.
 * @throws MedbenchError('store') naming the first cell that is damaged or has another figure.
 */
export function checkAgainstCells(runDir: string, { cells }: RunResults): void {
  const layout = new RunLayout(runDir);
  const files = new Map<string, StoredResults | undefined>();
  const mismatch = (what: string): MedbenchError =>
    new MedbenchError('store', what, {
      hint: 'Repeat the run command on this folder: it measures what is missing and rewrites results.json.',
    });
  for (const cell of cells) {
    if (cell.status !== 'ok') continue;
    const path = layout.cell(cell.method, cell.task, cell.seed);
    if (!files.has(path)) {
      const file = readSealed<StoredResults>(path);
      if (file.state === 'damaged') throw mismatch(`${path} is damaged or was changed by hand`);
      files.set(path, file.state === 'intact' ? file.value : undefined);
    }
    const stored = files.get(path)?.results;
    const result = stored?.find(({ protocol }) => protocol === cell.protocol);
    if (stored && !(result && agrees(cell, result))) {
      throw mismatch(
        `${layout.results} shows ${cell.metric} ${cell.value} for ${cell.method} on ${cell.task} ` +
          `(${cell.protocol}, seed ${cell.seed}), and ${layout.relative(path)} has ` +
          `${result ? (result.metrics[cell.metric]?.value ?? 'none') : 'no such figure'}`,
      );
    }
  }
}
