import type { ColumnStatistics, RowComparison, RunStatistics } from '@medbench/core';
import { ranksCaption } from '../caption.js';
import { formatP, formatSigned, formatSignedInterval, plural } from '../format.js';
import type { ResultTable, TableColumn } from '../model.js';
import { findComparisons, isSignificant } from '../significance.js';
import { defined, TERMS } from './definition.js';
import { html, type Markup } from './escape.js';
import { numberHead, rankCell, scrollable } from './results-table.js';

const TESTS: Readonly<Record<RowComparison['test'], string>> = {
  'mcnemar-mid-p': 'McNemar, mid-p',
  'sign-flip': 'sign flips',
  'paired-t': 't over examples',
  'two-way-t': 't over examples and seeds',
};

function ranksTable(table: ResultTable): Markup | undefined {
  const [sentence] = ranksCaption(table);
  if (sentence === undefined) return undefined;
  const ranked = table.rows.filter(({ rank }) => rank !== null).sort((a, b) => a.rank! - b.rank!);
  return html`<h3>Average ranks</h3>
${scrollable(
  'Average ranks',
  html`<table>
<caption><span>${sentence}</span></caption>
<thead><tr><th scope="col" class="corner">Method</th>${numberHead('Average rank', TERMS.rank)}</tr></thead>
<tbody>
${ranked.map(({ title, rank }) => html`<tr><th scope="row"><bdi>${title}</bdi></th>${rankCell(rank)}</tr>\n`)}</tbody></table>`,
)}
`;
}

function againstBest(
  table: ResultTable,
  column: TableColumn,
  comparisons: ColumnStatistics,
  statistics: RunStatistics,
): Markup {
  const findTitle = (id: string): string => table.rows.find((row) => row.id === id)?.title ?? id;
  const name = `${column.title}, ${column.words.title}`;
  const best = findTitle(comparisons.best ?? '');
  const others = comparisons.againstBest.length;
  const worse = comparisons.againstBest.filter((comparison) => isSignificant(comparison, statistics)).length;
  const seeds =
    comparisons.seeds.length > 0
      ? `${comparisons.seeds.length === 1 ? 'seed' : 'seeds'} ${comparisons.seeds.join(', ')}`
      : 'no seed common to all';
  const caption = `${name}: ${best} minus each other method, on ${plural(comparisons.n, 'test example')}, ${seeds}; p by Holm over ${plural(comparisons.pairs, 'comparison')}.`;
  const line = ({ second, difference, ci95, adjusted, test }: RowComparison): Markup =>
    html`<tr><th scope="row"><bdi>${findTitle(second)}</bdi></th><td class="number">${formatSigned(
      difference,
    )}</td><td class="number">${formatSignedInterval(ci95)}</td><td class="number">${formatP(
      adjusted,
    )}</td><td>${TESTS[test] ?? test}</td></tr>\n`;
  return html`<details><summary>${name}: ${best} is significantly better than ${worse} of ${others}</summary>
${scrollable(
  caption,
  html`<table>
<caption><span>${caption}</span></caption>
<thead><tr><th scope="col" class="corner">Method</th>${numberHead('Difference', TERMS.difference)}${numberHead(
    '95 % interval',
    TERMS.differenceInterval,
  )}${numberHead('Adjusted p', TERMS.adjusted)}<th scope="col">${defined('Test', TERMS.test)}</th></tr></thead>
<tbody>
${comparisons.againstBest.map(line)}</tbody></table>`,
)}</details>
`;
}

/** The section with average ranks and the tests of each column's best method; undefined if nothing was tested. */
export function differencesSection(table: ResultTable): Markup | undefined {
  const { statistics, columns } = table;
  if (!statistics) return undefined;
  const details = columns.flatMap((column) => {
    const comparisons = column.rare ? undefined : findComparisons(statistics, column);
    return comparisons && comparisons.againstBest.length > 0
      ? [againstBest(table, column, comparisons, statistics)]
      : [];
  });
  const ranks = ranksTable(table);
  if (details.length === 0 && !ranks) return undefined;
  return html`<section><h2>Which differences are real</h2>
${ranks}${
  details.length > 0 &&
  html`<h3>The best method of each column against the others</h3>
<p>Differences are of the mean score per test example, which differs from the primary metric where that is not such a mean, for example the AUROC. Intervals are for single differences; p is adjusted for all comparisons between methods of the column.</p>
${details}`
}</section>
`;
}
