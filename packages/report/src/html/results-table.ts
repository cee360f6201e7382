import type { RunResults } from '@medbench/core';
import { captionOf, ranksCaption, SYNTHETIC_LINE, testsCaption } from '../caption.js';
import { capitalised, formatRank, formatSpread, formatValue, plural, protocolTitle } from '../format.js';
import { arrowOf, metricFacts, withArrow } from '../metrics.js';
import { type Column, type Figure, type ResultTable, type Row, runsOf } from '../model.js';
import type { Mark } from '../significance.js';
import { html, Markup } from './escape.js';

/** Columns beyond which the table is made anew for each modality, so that it can be read and printed. */
const WIDEST = 12;

/** A metric's name with its arrow, and its definition as a tooltip. */
export function metricName(metric: string): Markup {
  const { definition } = metricFacts(metric);
  return definition
    ? html`<abbr title="${definition}">${metric}</abbr> ${arrowOf(metric)}`
    : html`${withArrow(metric)}`;
}

/** A table in a container of its own that scrolls, by keyboard too. */
export const scrolling = (label: string, table: Markup): Markup =>
  html`<div class="scroll" role="region" aria-label="${label}" tabindex="0">${table}</div>`;

/** Numbers that lead to the footnotes. */
const noteLinks = (notes: readonly number[], texts: readonly string[] = []): Markup[] =>
  notes.map((note) => html`<sup><a href="#note-${note}"${title(texts[note - 1])}>${note}</a></sup>`);

const title = (text: string | undefined): Markup | false => text !== undefined && html` title="${text}"`;

const markLabel = ({ symbol, about }: Mark): Markup =>
  html`<span class="mark" role="img" title="${about}" aria-label="${about}">\u00a0${symbol}</span>`;

/** An average rank as a table's cell. */
export const rankCell = (rank: number | null): Markup =>
  rank === null
    ? html`<td class="number">${formatRank(rank)}</td>`
    : html`<td class="number" data-value="${rank}">${formatRank(rank)}</td>`;

/** A figure with its spread below, as a table's cell. */
export function figureCell(figure: Figure, options: { reasons?: readonly string[]; star?: boolean } = {}): Markup {
  const links = noteLinks(figure.notes);
  if (figure.value === null) {
    if (figure.status === 'none') return html`<td class="number"><span title="not applicable">—</span></td>`;
    const reason = figure.notes.map((note) => options.reasons?.[note - 1] ?? '').join('; ');
    return html`<td class="failed"><span title="${reason}">✗ failed</span>${links}<small>${short(reason)}</small></td>`;
  }
  const value = html`${formatValue(figure.value)}${options.star === true && '\u00a0*'}`;
  const shown = figure.best ? html`<strong>${value}</strong>` : value;
  const spread = formatSpread(figure);
  return html`<td class="number" data-value="${figure.value}">${shown}${links}${figure.marks.map(markLabel)}${
    spread !== '' && html`<small>${spread}</small>`
  }</td>`;
}

const short = (text: string): string => (text.length > 60 ? `${text.slice(0, 59).trimEnd()}…` : text);

function rowHeader({ id, title, question, extension, control }: Row): Markup {
  const facts = [id === title ? '' : id, control ? 'control' : question, extension ? 'extension' : ''];
  return html`<th scope="row">${title} <small>${facts.filter((fact) => fact !== '').join(' · ')}</small></th>`;
}

function header(columns: readonly Column[], notes: readonly string[], rank: string | undefined): Markup {
  const group = (columns: readonly Column[], text: string): Markup =>
    html`<th scope="colgroup" colspan="${columns.length}" class="group">${capitalised(text)}</th>`;
  const modalities = runsOf(columns, ({ modality }) => modality);
  const protocols = modalities.flatMap((run) => runsOf(run, ({ protocol }) => protocol));
  const lines = columns.length > 0 ? 3 : 1;
  const ranks =
    rank !== undefined &&
    html`<th scope="col" class="number" rowspan="${lines}" data-column="${columns.length + 1}" title="${rank}">Average rank <small>1 is best ↓</small></th>`;
  // Footnotes last in a header: the script makes a button of all before them, and a button holds no link.
  const head = (column: Column, i: number): Markup =>
    html`<th scope="col" class="number" data-column="${i + 1}" title="${columnTitle(column)}">${column.title}${
      column.synthetic === 'all' && '\u00a0*'
    } <small>${metricName(column.metric)}</small>${noteLinks(column.notes, notes)}</th>`;
  return html`<thead>
<tr><th scope="col" class="corner" rowspan="${lines}">Method</th>${modalities.map((run) =>
    group(run, run[0]!.modality),
  )}${ranks}</tr>
${
  lines > 1 &&
  html`<tr>${protocols.map((run) => group(run, protocolTitle(run[0]!.protocol)))}</tr>
<tr>${columns.map(head)}</tr>
`
}</thead>`;
}

function columnTitle({ task, protocol, metric, n, rare }: Column): string {
  const examples = n > 0 || !rare ? ` on ${plural(n, 'test example')}` : '';
  const classes = rare && rare.length > 0 ? ` of rare classes: ${rare.join(', ')}` : '';
  return `${task}, ${protocolTitle(protocol)}: ${metric}${examples}${classes}`;
}

interface Part {
  /** Which columns of the table it shows. */
  readonly indices: readonly number[];
  readonly caption: string;
  readonly ranks: boolean;
}

function tableOf(table: ResultTable, { indices, caption, ranks }: Part): Markup {
  const columns = indices.map((i) => table.columns[i]!);
  const line = (row: Row): Markup =>
    html`<tr>${rowHeader(row)}${indices.map((i) => {
      const figure = row.figures[i]!;
      const star = table.columns[i]!.synthetic === 'some' && figure.synthetic;
      return figureCell(figure, { reasons: table.notes, star });
    })}${ranks && rankCell(row.rank)}</tr>\n`;
  const body = (rows: readonly Row[], name: string): Markup | false =>
    rows.length > 0 && html`<tbody class="${name}">\n${rows.map(line)}</tbody>\n`;
  return scrolling(
    caption,
    html`<table class="sortable">
<caption><span>${caption}</span></caption>
${header(columns, table.notes, ranks ? ranksCaption(table).join(' ') : undefined)}
${body(
  table.rows.filter(({ control }) => !control),
  'methods',
)}${body(
  table.rows.filter(({ control }) => control),
  'controls',
)}</table>`,
  );
}

/** One table, or one for each modality and one with the average ranks where it would be too wide. */
function tables(table: ResultTable, caption: string): Markup[] {
  const all = table.columns.map((_, i) => i);
  const ranking = ranksCaption(table).join(' ');
  const ranks = ranking !== '';
  if (all.length <= WIDEST)
    return [tableOf(table, { indices: all, caption: `${caption} ${ranking}`.trimEnd(), ranks })];
  const parts = runsOf(all, (i) => table.columns[i]!.modality).map((indices) => {
    const name = capitalised(table.columns[indices[0]!]!.modality);
    return html`<h3>${name}</h3>\n${tableOf(table, { indices, caption: `${name}. ${caption}`, ranks: false })}`;
  });
  if (!ranks) return parts;
  return [...parts, html`<h3>All columns</h3>\n${tableOf(table, { indices: [], caption: ranking, ranks })}`];
}

/** Recalls of single classes beyond which the legend has one line for all. */
const MOST_RECALLS = 5;

const isClassRecall = (name: string): boolean => name.startsWith('recall_');

/** What each metric among the primary and further ones measures. */
function legend({ cells }: RunResults): Markup {
  const found = cells.flatMap(({ metric, metrics }) => [metric, ...Object.keys(metrics)]);
  const names = [...new Set(found)].filter((name) => name !== '');
  const many = names.filter(isClassRecall).length > MOST_RECALLS;
  const shown = many ? [...names.filter((name) => !isClassRecall(name)), 'recall_<class>'] : names;
  const definitionOf = (name: string): string => metricFacts(name).definition ?? 'As the task defines it.';
  return html`<h3>What the metrics mean</h3>
<dl>${shown.map((name) => html`<dt>${withArrow(name)}</dt><dd>${definitionOf(name)}</dd>\n`)}</dl>`;
}

/** The section with the table of results, its footnotes and the legend of metrics. */
export function resultsSection(results: RunResults, table: ResultTable): Markup {
  if (table.columns.length === 0)
    return html`<section><h2>Results</h2>\n<p>No cell has been measured yet.</p></section>\n`;
  const sentences = captionOf(table, true).map((text) => text.replace('bold:', 'underlined bold:'));
  const controls = table.rows.some(({ control }) => control) ? ' Controls are set apart: no method trained them.' : '';
  const caption = [`${capitalised(sentences.join(' · '))}.${controls}`, ...testsCaption(table)].join(' ');
  const notes =
    table.notes.length > 0 &&
    html`<h3>${table.columnNotes > 0 ? 'Notes' : 'Failed and incomplete cells'}</h3>
<ol>${table.notes.map(
      (note, i) =>
        html`<li id="note-${i + 1}"${i < table.columnNotes && new Markup(' class="warning"')}>${note}</li>\n`,
    )}</ol>`;
  const synthetic = table.columns.some((column) => column.synthetic !== 'none');
  return html`<section><h2>Results</h2>
${synthetic && html`<p>${SYNTHETIC_LINE}</p>`}
${tables(table, caption)}
${notes}
${legend(results)}
</section>
`;
}
