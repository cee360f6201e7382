import type { ClassificationDetail, ResultCell, RunResults } from '@medbench/core';
import { cellsAt } from '../cells.js';
import { formatCount } from '../format.js';
import type { Column, ResultTable, Row } from '../model.js';
import { html, Markup } from './escape.js';
import { scrolling } from './results-table.js';

/** Classes beyond which a matrix is no longer read on a page. */
const MOST_CLASSES = 30;
/** Matrices beyond which a column shows that of its best method alone. */
const MOST_MATRICES = 300;

interface Summed {
  readonly detail: ClassificationDetail;
  readonly seeds: readonly number[];
}

/** The matrices of a row added up over its seeds; undefined if no cell has one. */
function summed(cells: readonly ResultCell[]): Summed | undefined {
  const details = cells.flatMap(({ seed, classification }) => (classification ? [{ seed, ...classification }] : []));
  const first = details[0];
  if (!first) return undefined;
  const alike = details.filter(({ classes }) => JSON.stringify(classes) === JSON.stringify(first.classes));
  const confusion = first.confusion.map((row, r) =>
    row.map((_, c) => alike.reduce((sum, detail) => sum + (detail.confusion[r]?.[c] ?? 0), 0)),
  );
  return { detail: { ...first, confusion }, seeds: alike.map(({ seed }) => seed) };
}

function matrix(title: string, { detail: { classes, confusion, rare }, seeds }: Summed): Markup {
  if (classes.length > MOST_CLASSES) {
    return html`<p>${title}: the matrix of its ${classes.length} classes is in results.json.</p>\n`;
  }
  const caption = `${title}: test examples by true class (rows) and predicted class (columns)${
    seeds.length > 1 ? `, sum over seeds ${seeds.join(', ')}` : ''
  }.`;
  const line = (name: string, r: number): Markup => {
    const row = confusion[r] ?? [];
    const all = row.reduce((sum, count) => sum + count, 0);
    // The share of the row's examples, as the strength of the cell's colour; as good as none is left out, for size.
    const shade = (count: number): Markup | false =>
      count > 0.05 * all && new Markup(` style="--s:${(count / all).toFixed(1)}"`);
    return html`<tr><th scope="row"><bdi>${name}</bdi>${rare.includes(name) && ' (rare)'}</th>${row.map(
      (count) => html`<td${shade(count)}>${formatCount(count)}</td>`,
    )}</tr>\n`;
  };
  return html`<details><summary><bdi>${title}</bdi></summary>
${scrolling(
  caption,
  html`<table class="confusion">
<caption><span>${caption}</span></caption>
<thead><tr><th scope="col" class="corner">True class</th>${classes.map((name) => html`<th scope="col"><bdi>${name}</bdi></th>`)}</tr></thead>
<tbody>
${classes.map(line)}</tbody></table>`,
)}</details>
`;
}

/** The matrices of one column, one for each of these rows that has one; undefined if none has. */
function matricesOf(results: RunResults, rows: readonly Row[], column: Column): Markup | undefined {
  const found = rows.flatMap(({ id, title }) => {
    const sum = summed(cellsAt(results, id, column).filter(({ status }) => status === 'ok'));
    return sum ? [matrix(title, sum)] : [];
  });
  if (found.length === 0) return undefined;
  return html`<details class="confusions"><summary><bdi>${column.title}</bdi>, ${column.words.title}${
    column.synthetic !== 'none' && '\u00a0*'
  }</summary>
${found}</details>
`;
}

/** The section with the confusion matrices, collapsed by column and row; undefined if there are none. */
export function confusionSection(results: RunResults, { columns, rows }: ResultTable): Markup | undefined {
  const matrices = results.cells.filter(({ classification }) => classification).length / results.run.seeds.length;
  const few = matrices > MOST_MATRICES;
  const parts = columns.flatMap((column, i) => {
    if (column.rare) return [];
    const shown = few ? rows.filter(({ figures }) => figures[i]!.best).slice(0, 1) : rows;
    return matricesOf(results, shown, column) ?? [];
  });
  if (parts.length === 0) return undefined;
  return html`<section><h2>Confusion matrices</h2>
<p>Test examples by true class (rows) and predicted class (columns); the darker, the larger the share of the row.${
    few && ' Of the best method of each column; those of the other rows are in results.json.'
  }</p>
${parts}</section>
`;
}
