import { SMALLEST_RELEVANT_DIFFERENCE } from '../answers/judge.js';
import type { ResultTable } from '../model.js';

/** Number of steps of the colour scale, from the worst method of a column to its best. */
export const STEPS = 7;

/** Controls that answer without looking at the example: a method at their level has learnt nothing for the column. */
const GUESSES: readonly string[] = ['chance', 'majority'];

/** Titles of the table's measured controls that guess; empty if there are none. */
export const listGuesses = ({ rows }: ResultTable): string[] =>
  rows
    .filter(
      ({ id, control, figures }) => control && GUESSES.includes(id) && figures.some(({ value }) => value !== null),
    )
    .map(({ title }) => title);

/**
 * The colour scale of one column. Its ends are the worst and the best method, at least `SMALLEST_RELEVANT_DIFFERENCE`
 * apart, so that differences too small to matter do not look large. For metrics beyond 1, this distance is a share of
 * the best.
 *
 * @param index of the column in the table.
 * @returns the class of a cell for its value: `low` at the level of guessing or below, otherwise `h0` for the worst to
 *   `h6` for the best. Controls beyond the ends have the colour of the nearest end. Empty if
 *   every method failed.
 */
export function shadeColumn({ rows, columns }: ResultTable, index: number): (value: number) => string {
  const { words, metric } = columns[index]!;
  const sign = words.metric(metric).lowerIsBetter ? -1 : 1;
  const listGoodness = (wanted: (row: ResultTable['rows'][number]) => boolean): number[] =>
    rows.filter(wanted).flatMap(({ figures }) => {
      const { value } = figures[index]!;
      return value === null ? [] : [sign * value];
    });
  const methods = listGoodness(({ control }) => !control);
  if (methods.length === 0) return () => '';
  const best = Math.max(...methods);
  const worst = Math.min(...methods, best - SMALLEST_RELEVANT_DIFFERENCE * Math.max(1, Math.abs(best)));
  const guess = Math.max(...listGoodness(({ id, control }) => control && GUESSES.includes(id)));
  return (value) => {
    const goodness = sign * value;
    if (goodness <= guess) return 'low';
    const step = Math.floor((STEPS * (goodness - worst)) / (best - worst));
    return `h${Math.min(STEPS - 1, Math.max(0, step))}`;
  };
}
