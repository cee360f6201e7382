import type { RowComparison, RunResults, StudyQuestion } from '@medbench/core';
import { halvingSteps, type Rung, type SearchStanding } from './halving.js';
import type { VariantRun } from './join.js';
import type { StudySearch } from './study.js';

/** The value that a search chose for one method in one variant. */
export interface SearchChoice {
  readonly variant: { readonly id: string; readonly title: string };
  readonly method: string;
  readonly value: number;
  /** The rungs, with the figures of their candidates on validation images. */
  readonly rungs: readonly (Rung & { readonly standings: readonly SearchStanding[] })[];
  /** Number of steps that the search trained, per seed. */
  readonly steps: number;
  /** Number of steps that training all values to the end takes, per seed. */
  readonly gridSteps: number;
  /** With `--grid`, the value with the best mean figure on the test images: known only with hindsight. */
  readonly best?: number;
}

/** Returns the row id of a method with a value of the setting. */
export const searchRow = ({ setting }: StudySearch, method: string, value: number | string): string =>
  `${method}:${setting}=${value}`;

/** Returns the mean of a row's primary figures over columns and seeds; NaN if one is missing. */
export function meanFigure({ cells }: RunResults, row: string): number {
  const rowCells = cells.filter(({ method }) => method === row);
  return (
    rowCells.reduce((sum, { status, value }) => sum + (status === 'ok' ? (value ?? Number.NaN) : Number.NaN), 0) /
    rowCells.length
  );
}

/**
 * Renames a row of a run, so that the values chosen in the variants become one row of the joint table.
 * @param keep whether to keep the original row as well.
 */
export function withAlias(
  run: VariantRun,
  rowId: string,
  alias: { readonly id: string; readonly title: string },
  keep: boolean,
): VariantRun {
  const { results, comparisons, variant } = run;
  const rename = (row: string): string => (row === rowId ? alias.id : row);
  const renamed = (pair: RowComparison): RowComparison => ({
    ...pair,
    first: rename(pair.first),
    second: rename(pair.second),
  });
  const copies = <T>(items: readonly T[], matches: (item: T) => boolean, transform: (item: T) => T): T[] =>
    items.flatMap((item) => (matches(item) ? [...(keep ? [item] : []), transform(item)] : [item]));
  const pairs = (list: readonly RowComparison[]): RowComparison[] =>
    copies(list, ({ first, second }) => first === rowId || second === rowId, renamed);
  // The outcome of any paired test of a row against itself. It is added only if the row was tested at all.
  const selfComparison = (list: readonly RowComparison[]): RowComparison[] => {
    const tested = keep && list.find(({ first, second }) => first === rowId || second === rowId);
    return tested
      ? [{ first: alias.id, second: rowId, difference: 0, ci95: [0, 0], pValue: 1, adjusted: 1, test: tested.test }]
      : [];
  };
  const { statistics } = results;
  return {
    variant,
    comparisons: comparisons.map((column) => ({
      ...column,
      pairs: [...pairs(column.pairs), ...selfComparison(column.pairs)],
    })),
    results: {
      ...results,
      methods: copies(
        results.methods,
        ({ id }) => id === rowId,
        (row) => ({ ...row, ...alias }),
      ),
      cells: copies(
        results.cells,
        ({ method }) => method === rowId,
        (cell) => ({ ...cell, method: alias.id }),
      ),
      ...(statistics
        ? {
            statistics: {
              ...statistics,
              columns: statistics.columns.map((column) => ({
                ...column,
                best: keep || column.best === null ? column.best : rename(column.best),
                againstBest:
                  column.best === rowId
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

/** Returns the questions to a search over variants, with the chosen values and the cost of the search. */
export function searchQuestions(search: StudySearch, choices: readonly SearchChoice[], grid: boolean): StudyQuestion[] {
  const { setting, baseline, usual } = search;
  return search.methods.flatMap((method): StudyQuestion[] => {
    const methodChoices = choices.filter((choice) => choice.method === method);
    const sum = (select: (choice: SearchChoice) => number): number =>
      methodChoices.reduce((total, choice) => total + select(choice), 0);
    const values = methodChoices.map(({ variant, value }) => `${value} for ${variant.title}`).join(', ');
    const cost = `with ${percent(
      sum(({ steps }) => steps),
      sum(({ gridSteps }) => gridSteps),
    )} of the steps of all ${search.values.length} values`;
    const chosen = searchRow(search, method, 'chosen');
    const hindsight = methodChoices.map(({ variant, best }) => `${best} for ${variant.title}`).join(', ');
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
        question: `Must the ${setting} of ${method} be chosen for each modality: is the chosen value better than ${usual} everywhere?`,
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

/** Returns the number of steps of a search and of its grid. */
export const searchCosts = (
  search: StudySearch,
  rungs: readonly Rung[],
  steps: number,
): Pick<SearchChoice, 'steps' | 'gridSteps'> => ({
  steps: halvingSteps(rungs),
  gridSteps: search.values.length * steps,
});
