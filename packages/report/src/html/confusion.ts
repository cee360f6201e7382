import type { ClassificationDetail, ResultCell, RunResults } from '@medbench/core';
import { cellsAt } from '../cells.js';
import { formatCount } from '../format.js';
import type { ResultTable, TableColumn, TableRow } from '../model.js';
import { html, Markup } from './escape.js';
import { scrollable } from './results-table.js';

/** Most classes of a matrix that the page shows. */
const MOST_CLASSES = 30;
/** Most matrices that the page shows in full. Beyond this, each column only shows the matrix of its best method. */
const MOST_MATRICES = 300;

interface SummedMatrix {
  readonly detail: ClassificationDetail;
  readonly seeds: readonly number[];
}

/** Adds up the matrices of a row over its seeds; undefined if no cell has one. */
function sumMatrices(cells: readonly ResultCell[]): SummedMatrix | undefined {
  const details = cells.flatMap(({ seed, classification }) => (classification ? [{ seed, ...classification }] : []));
  const first = details[0];
  if (!first) return undefined;
  const sameClasses = details.filter(({ classes }) => JSON.stringify(classes) === JSON.stringify(first.classes));
  const confusion = first.confusion.map((row, r) =>
    row.map((_, c) => sameClasses.reduce((sum, detail) => sum + (detail.confusion[r]?.[c] ?? 0), 0)),
  );
  return { detail: { ...first, confusion }, seeds: sameClasses.map(({ seed }) => seed) };
}

function matrix(title: string, { detail: { classes, confusion, rare }, seeds }: SummedMatrix): Markup {
  if (classes.length > MOST_CLASSES) {
    return html`<p>${title}: the matrix of its ${classes.length} classes is in results.json.</p>\n`;
  }
  const caption = `${title}: test examples by true class (rows) and predicted class (columns)${
    seeds.length > 1 ? `, sum over seeds ${seeds.join(', ')}` : ''
  }.`;
  const line = (name: string, r: number): Markup => {
    const row = confusion[r] ?? [];
    const total = row.reduce((sum, count) => sum + count, 0);
    // The cell's shade is its share of the row's examples. Small shares are left out to keep the page small.
    const shade = (count: number): Markup | false =>
      count > 0.05 * total && new Markup(` style="--s:${(count / total).toFixed(1)}"`);
    return html`<tr><th scope="row"><bdi>${name}</bdi>${rare.includes(name) && ' (rare)'}</th>${row.map(
      (count) => html`<td${shade(count)}>${formatCount(count)}</td>`,
    )}</tr>\n`;
  };
  return html`<details><summary><bdi>${title}</bdi></summary>
${scrollable(
  caption,
  html`<table class="confusion">
<caption><span>${caption}</span></caption>
<thead><tr><th scope="col" class="corner">True class</th>${classes.map((name) => html`<th scope="col"><bdi>${name}</bdi></th>`)}</tr></thead>
<tbody>
${classes.map(line)}</tbody></table>`,
)}</details>
`;
}

/** The matrices of one column, one for each given row that has one; undefined if no row has one. */
function columnMatrices(results: RunResults, rows: readonly TableRow[], column: TableColumn): Markup | undefined {
  const matrices = rows.flatMap(({ id, title }) => {
    const summed = sumMatrices(cellsAt(results, id, column).filter(({ status }) => status === 'ok'));
    return summed ? [matrix(title, summed)] : [];
  });
  if (matrices.length === 0) return undefined;
  return html`<details class="confusions"><summary><bdi>${column.title}</bdi>, ${column.words.title}${
    column.synthetic !== 'none' && '\u00a0*'
  }</summary>
${matrices}</details>
`;
}

/** The section with the confusion matrices, collapsed by column and row; undefined if there are none. */
export function confusionSection(results: RunResults, { columns, rows }: ResultTable): Markup | undefined {
  const matrixCount = results.cells.filter(({ classification }) => classification).length / results.run.seeds.length;
  const bestOnly = matrixCount > MOST_MATRICES;
  const columnSections = columns.flatMap((column, i) => {
    if (column.rare) return [];
    const shown = bestOnly ? rows.filter(({ figures }) => figures[i]!.best).slice(0, 1) : rows;
    return columnMatrices(results, shown, column) ?? [];
  });
  if (columnSections.length === 0) return undefined;
  return html`<section><h2>Confusion matrices</h2>
<p>Test examples by true class (rows) and predicted class (columns); the darker, the larger the share of the row.${
    bestOnly &&
    ' Only the matrix of the best method of each column is shown; those of the other rows are in results.json.'
  }</p>
${columnSections}</section>
`;
}
