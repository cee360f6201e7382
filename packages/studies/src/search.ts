import type { RowComparison, RunResults, StudyQuestion } from '@medbench/core';
import { halvingSteps, type Rung, type Standing } from './halving.js';
import type { VariantRun } from './join.js';
import type { Search } from './study.js';

/** What a search found for one method in one variant. */
export interface Choice {
  readonly variant: { readonly id: string; readonly title: string };
  readonly method: string;
  readonly value: number;
  /** Each rung, with what its candidates reached on validation images. */
  readonly rungs: readonly (Rung & { readonly standings: readonly Standing[] })[];
  /** Steps that the search trained, per seed, and those that all values to the end would have taken. */
  readonly steps: number;
  readonly gridSteps: number;
  /** With the whole grid at hand: the value with the best mean figure on the test images, with hindsight. */
  readonly best?: number;
}

/** Row of a method under a value of the setting. */
export const searchRow = ({ setting }: Search, method: string, value: number | string): string =>
  `${method}:${setting}=${value}`;

/** Mean of a row's primary figures over columns and seeds; NaN if one is missing. */
export function meanFigure({ cells }: RunResults, row: string): number {
  const own = cells.filter(({ method }) => method === row);
  return (
    own.reduce((sum, { status, value }) => sum + (status === 'ok' ? (value ?? Number.NaN) : Number.NaN), 0) / own.length
  );
}

/**
 * A run in which a row goes by another name, so that what was chosen in each variant is one row of the joint table.
 * @param keep Whether the row stays beside it.
 */
export function withAlias(
  run: VariantRun,
  of: string,
  as: { readonly id: string; readonly title: string },
  keep: boolean,
): VariantRun {
  const { results, comparisons, variant } = run;
  const rename = (row: string): string => (row === of ? as.id : row);
  const renamed = (pair: RowComparison): RowComparison => ({
    ...pair,
    first: rename(pair.first),
    second: rename(pair.second),
  });
  const copies = <T>(items: readonly T[], is: (item: T) => boolean, to: (item: T) => T): T[] =>
    items.flatMap((item) => (is(item) ? [...(keep ? [item] : []), to(item)] : [item]));
  const pairs = (all: readonly RowComparison[]): RowComparison[] =>
    copies(all, ({ first, second }) => first === of || second === of, renamed);
  // What any paired test says of a row and itself; for that it must have been tested at all.
  const itself = (all: readonly RowComparison[]): RowComparison[] => {
    const tested = keep && all.find(({ first, second }) => first === of || second === of);
    return tested
      ? [{ first: as.id, second: of, difference: 0, ci95: [0, 0], pValue: 1, adjusted: 1, test: tested.test }]
      : [];
  };
  const { statistics } = results;
  return {
    variant,
    comparisons: comparisons.map((column) => ({ ...column, pairs: [...pairs(column.pairs), ...itself(column.pairs)] })),
    results: {
      ...results,
      methods: copies(
        results.methods,
        ({ id }) => id === of,
        (row) => ({ ...row, ...as }),
      ),
      cells: copies(
        results.cells,
        ({ method }) => method === of,
        (cell) => ({ ...cell, method: as.id }),
      ),
      ...(statistics
        ? {
            statistics: {
              ...statistics,
              columns: statistics.columns.map((column) => ({
                ...column,
                best: keep || column.best === null ? column.best : rename(column.best),
                againstBest:
                  column.best === of
                    ? column.againstBest.map((pair) => (keep ? pair : renamed(pair)))
                    : pairs(column.againstBest),
                againstControls: pairs(column.againstControls),
              })),
            },
          }
        : {}),
    },
  };
}

const percent = (part: number, whole: number): string => `${Math.round((100 * part) / whole)} %`;

/** What a search over variants is asked, with what it found and what that took. */
export function searchQuestions(search: Search, choices: readonly Choice[], grid: boolean): StudyQuestion[] {
  const { setting, baseline, usual } = search;
  return search.methods.flatMap((method): StudyQuestion[] => {
    const own = choices.filter((choice) => choice.method === method);
    const sum = (of: (choice: Choice) => number): number => own.reduce((total, choice) => total + of(choice), 0);
    const values = own.map(({ variant, value }) => `${value} for ${variant.title}`).join(', ');
    const cost = `with ${percent(
      sum(({ steps }) => steps),
      sum(({ gridSteps }) => gridSteps),
    )} of the steps of all ${search.values.length} values`;
    const chosen = searchRow(search, method, 'chosen');
    const hindsight = own.map(({ variant, best }) => `${best} for ${variant.title}`).join(', ');
    return [
      {
        id: `${method}-chosen`,
        question: `Does ${method} help where its ${setting} is chosen for each modality?`,
        against: baseline,
        rows: [chosen],
        found: `chosen on validation images, ${cost}: ${setting} ${values}`,
      },
      {
        id: `${method}-per-modality`,
        question: `Must the ${setting} of ${method} be chosen for each modality: is what was chosen better than ${usual} everywhere?`,
        against: searchRow(search, method, usual),
        rows: [chosen],
      },
      ...(grid
        ? [
            {
              id: `${method}-grid`,
              question: `Is the ${setting} of ${method} that the search chose as good as the best of the whole grid?`,
              against: searchRow(search, method, 'best'),
              rows: [chosen],
              found: `best on the test images, with hindsight: ${setting} ${hindsight}`,
            },
          ]
        : []),
    ];
  });
}

/** Steps of a search and of its grid. */
export const searchCosts = (
  search: Search,
  rungs: readonly Rung[],
  steps: number,
): Pick<Choice, 'steps' | 'gridSteps'> => ({
  steps: halvingSteps(rungs),
  gridSteps: search.values.length * steps,
});
