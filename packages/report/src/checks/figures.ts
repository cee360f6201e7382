import type { ResultCell, RunResults } from '@medbench/core';
import type { FindScores } from '@medbench/runner/scores';
import { recompute } from './recompute.js';

/** How far the figures of a table follow from the scores of their test examples. */
export interface CheckedFigures {
  /** Number of figures that were computed anew. */
  readonly recomputed: number;
  /** Cells without scores, whose figures follow from nothing here. */
  readonly withoutScores: readonly string[];
  /** Figures that do not follow from the scores, each as a sentence. */
  readonly differences: readonly string[];
}

/** The interval of a cell, if its ends are no numbers in order. */
const wrongInterval = ({ ci95 }: ResultCell): ResultCell['ci95'] => (ci95 && !(ci95[0] <= ci95[1]) ? ci95 : null);

/**
 * Computes the figures of a table anew from the scores, labels and predictions of their test examples, as far as these
 * suffice. Needs neither data nor plugins.
 * @param find looks up the scores, as `findScores` of `@medbench/runner/scores` returns it.
 * @param intervals whether intervals are computed too, as this version of medbench does.
 */
export function checkFigures(
  { cells }: Pick<RunResults, 'cells'>,
  find: FindScores,
  { intervals }: { readonly intervals: boolean },
): CheckedFigures {
  let recomputed = 0;
  const differences: string[] = [];
  const withoutScores: string[] = [];
  for (const cell of cells) {
    if (cell.status !== 'ok') continue;
    const name = `${cell.method} on ${cell.task} (${cell.protocol}, seed ${cell.seed})`;
    const interval = wrongInterval(cell);
    if (interval) differences.push(`${name}: the interval goes from ${interval[0]} to ${interval[1]}`);
    const found = find(cell);
    if (!found) {
      withoutScores.push(name);
      continue;
    }
    const checked = recompute(cell, found.result, intervals);
    recomputed += checked.recomputed;
    for (const { metric, shown, computed } of checked.differences) {
      differences.push(`${name}: ${metric} is ${shown}, and the scores give ${computed}`);
    }
  }
  return { recomputed, withoutScores, differences };
}
