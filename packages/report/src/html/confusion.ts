import type { ClassificationDetail, ResultCell } from '@medbench/core';
import { formatCount } from '../format.js';
import { html, type Markup } from './escape.js';
import { scrolling } from './results-table.js';

/** Classes beyond which a matrix is no longer read on a page. */
const MOST_CLASSES = 30;

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
  const line = (name: string, r: number): Markup =>
    html`<tr><th scope="row">${name}${rare.includes(name) && ' (rare)'}</th>${(confusion[r] ?? []).map(
      (count) => html`<td>${formatCount(count)}</td>`,
    )}</tr>\n`;
  return html`<details><summary>${title}</summary>
${scrolling(
  caption,
  html`<table class="confusion">
<caption><span>${caption}</span></caption>
<thead><tr><th scope="col" class="corner">True class</th>${classes.map((name) => html`<th scope="col">${name}</th>`)}</tr></thead>
<tbody>
${classes.map(line)}</tbody></table>`,
)}</details>
`;
}

/** The confusion matrices of one column, each collapsed; undefined if no row has one. */
export function confusionTables(
  rows: readonly { readonly title: string; readonly cells: readonly ResultCell[] }[],
): Markup | undefined {
  const found = rows.flatMap(({ title, cells }) => {
    const sum = summed(cells);
    return sum ? [matrix(title, sum)] : [];
  });
  if (found.length === 0) return undefined;
  return html`<details class="confusions"><summary>Confusion matrices</summary>
${found}</details>
`;
}
