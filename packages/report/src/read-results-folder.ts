import { lstatSync, realpathSync } from 'node:fs';
import { sep } from 'node:path';
import { MedbenchError, type RunResults, type ScoredColumn } from '@medbench/core';
import { RunLayout } from '@medbench/runner/layout';
import { findScores, scoreColumns } from '@medbench/runner/scores';
import { checkFigures } from './checks/figures.js';
import { readResults } from './write.js';

/** Largest files in bytes. Full-size tables have a tenth of it. */
const LARGEST = { results: 128 * 2 ** 20, cell: 64 * 2 ** 20 } as const;
/** Most figures of a table. */
const MOST_CELLS = 100_000;

/** A folder of results whose figures were checked. */
export interface ResultsFolder {
  readonly results: RunResults;
  /** Scores of the test examples, for tests. */
  readonly columns: readonly ScoredColumn[];
  readonly checked: {
    /** Number of figures that were computed anew from the scores. */
    readonly recomputed: number;
    /** Number of figures without scores. */
    readonly withoutScores: number;
  };
}

/**
 * Refuses a file that is too large, no file, or outside of its folder by a link.
 * @returns false if there is none.
 */
function isBounded(file: string, folder: string, largest: number): boolean {
  const stats = lstatSync(file, { throwIfNoEntry: false });
  if (!stats) return false;
  const refuse = (what: string): never => {
    throw new MedbenchError('store', `${file} ${what}`, { hint: 'Ask for the folder as medbench wrote it.' });
  };
  if (!stats.isFile() || !realpathSync(file).startsWith(folder + sep)) refuse('is no file of this folder');
  if (stats.size > largest) refuse(`has ${stats.size} bytes, and at most ${largest} are read`);
  return true;
}

/** Refuses cells that are too large or elsewhere, before anything reads them. */
function requireBoundedCells(folder: string, { cells }: RunResults): void {
  if (cells.length > MOST_CELLS) {
    throw new MedbenchError('store', `${folder} has ${cells.length} figures, and at most ${MOST_CELLS} are read`);
  }
  const layout = new RunLayout(folder);
  const files = new Set(cells.map(({ method, task, seed }) => layout.cell(method, task, seed)));
  const within = realpathSync(folder);
  for (const file of files) isBounded(file, within, LARGEST.cell);
}

/**
 * Reads a folder of results that anybody may have written, and checks it: `results.json` is what was written, its
 * figures are those of the cells beside it, and they follow from the scores of the test examples as far as these are
 * there; intervals are not computed anew. Needs neither data nor plugins, and follows no link out of the folder.
 * @throws MedbenchError as `readResults` and `findScores`; ('store') naming the file or the figure that does not fit.
 */
export async function readResultsFolder(folder: string): Promise<ResultsFolder> {
  const { results: file } = new RunLayout(folder);
  // A missing file has an error of its own, which says what to do.
  if (lstatSync(file, { throwIfNoEntry: false })) isBounded(file, realpathSync(folder), LARGEST.results);
  const results = await readResults(folder, requireBoundedCells);
  const find = await findScores(folder, results);
  const { recomputed, withoutScores, differences } = checkFigures(results, find, { intervals: false });
  const [first] = differences;
  if (first !== undefined) {
    const more = differences.length > 1 ? ` (and ${differences.length - 1} more figures do not follow)` : '';
    throw new MedbenchError('store', `${first}${more}`, {
      hint: 'Repeat the run command on its folder: it measures what is missing and rewrites results.json.',
    });
  }
  return {
    results,
    columns: scoreColumns(results, find).filter(({ part }) => !part),
    checked: { recomputed, withoutScores: withoutScores.length },
  };
}
