import type { ColumnStatistics, RunStatistics } from '@medbench/core';
import { formatP } from './format.js';
import type { ResultTable } from './model.js';
import { findComparisons } from './significance.js';

export const SYNTHETIC_LINE = 'Figures marked * are on generated phantoms: they say nothing about medicine.';

/** Explains the notation of a table's figures, one phrase each. */
export function tableCaption({ severalSeeds, rows }: ResultTable, bold: boolean): string[] {
  const figures = rows.flatMap((row) => row.figures);
  const textIf = (when: boolean, text: string): string[] => (when ? [text] : []);
  return [
    ...textIf(severalSeeds, 'mean ± standard deviation over seeds'),
    ...textIf(
      figures.some(({ interval }) => interval !== null),
      'value [95 % interval]',
    ),
    ...textIf(bold && figures.some(({ best }) => best), 'bold: best method of the column'),
    ...textIf(
      figures.some(({ status }) => status === 'none'),
      '— not applicable',
    ),
    ...textIf(
      figures.some(({ status }) => status === 'failed'),
      '✗ failed',
    ),
    ...textIf(
      figures.some(({ status }) => status === 'pending'),
      '… not measured yet',
    ),
  ];
}

/** `over 3 comparisons`, or `over 3 to 10 comparisons` where columns differ. */
function over(counts: readonly number[]): string {
  const [low, high] = [Math.min(...counts), Math.max(...counts)];
  if (low !== high) return `over ${low} to ${high} comparisons`;
  return `over ${low} comparison${low === 1 ? '' : 's'}`;
}

const percent = ({ level }: RunStatistics): string => `${Number((100 * level).toPrecision(3))} %`;

/** A sentence about the seeds behind the tests; empty if every test has two seeds or more. */
function seedsSentence(columns: readonly ColumnStatistics[]): string[] {
  const few = columns.filter(({ seeds }) => seeds.length < 2);
  if (few.length === 0) return [];
  // Two rows may have more seeds in common than all rows together have.
  const pairs = columns.flatMap(({ againstBest, againstControls }) => [...againstBest, ...againstControls]);
  return [
    few.length === columns.length && pairs.every(({ test }) => test !== 'two-way-t')
      ? 'The spread over training seeds is not in these tests: they compare one seed.'
      : `In ${few.length} of ${columns.length} columns fewer than two seeds are common to all rows: the spread over training seeds is not in all of their tests.`,
  ];
}

/** Explains average ranks in one sentence; empty if the run has none. */
export function ranksCaption({ statistics }: ResultTable): string[] {
  if (!statistics?.ranks) return [];
  const { columns, pValue, criticalDifference } = statistics.ranks;
  const none = pValue < statistics.level ? '' : ', no significant difference';
  return [
    `Average rank over ${columns} columns, 1 is best (Friedman p ${formatP(
      pValue,
    )}${none}): ranks that differ by less than ${criticalDifference.toFixed(2)} are not significantly different.`,
  ];
}

const testedColumns = ({ columns, statistics }: ResultTable) =>
  columns.filter(({ rare }) => !rare).flatMap((column) => findComparisons(statistics, column) ?? []);

/** The outcome of the tests behind a table, one sentence each; empty if nothing was tested. */
export function testsCaption(table: ResultTable): string[] {
  const { rows, statistics } = table;
  if (!statistics) return [];
  const tested = testedColumns(table);
  const withMethods = tested.filter(({ againstBest }) => againstBest.length > 0);
  const withControls = tested.filter(({ againstControls }) => againstControls.length > 0);
  const symbols = new Set(rows.flatMap(({ figures }) => figures.flatMap(({ marks }) => marks.map((m) => m.symbol))));
  const sentences: string[] = [];
  const describeTest = (counts: readonly number[]): string =>
    sentences.length === 0
      ? `(paired test on the same examples, Holm ${over(counts)}, ${percent(statistics)})`
      : `(same test, Holm ${over(counts)})`;
  if (withMethods.length > 0) {
    const test = describeTest(withMethods.map(({ pairs }) => pairs));
    sentences.push(
      symbols.has('≈')
        ? `≈ not significantly worse than the best of the column; methods without ≈ are significantly worse ${test}.`
        : `Every other method that was compared is significantly worse than the best of its column ${test}.`,
    );
  }
  if (withControls.length > 0) {
    const test = describeTest(withControls.map(({ againstControls }) => againstControls.length));
    sentences.push(
      symbols.has('∘')
        ? `∘ not significantly above every control of the column ${test}.`
        : `Every method that was compared is significantly above every control of its column ${test}.`,
    );
  }
  const both = tested.filter((column) => withMethods.includes(column) || withControls.includes(column));
  return [...sentences, ...seedsSentence(both)];
}
