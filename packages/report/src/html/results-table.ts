import type { RunResults } from '@medbench/core';
import { capitalised, formatSpread, formatValue, plural, protocolTitle } from '../format.js';
import { arrowOf, metricFacts, withArrow } from '../metrics.js';
import { type Column, captionOf, type Figure, type ResultTable, type Row, runsOf, SYNTHETIC_LINE } from '../model.js';
import { html, type Markup } from './escape.js';

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

/** A figure with its spread below, as a table's cell. */
export function figureCell(figure: Figure, options: { reasons?: readonly string[]; star?: boolean } = {}): Markup {
  const links = figure.notes.map((note) => html`<sup><a href="#note-${note}">${note}</a></sup>`);
  if (figure.value === null) {
    if (figure.status === 'none') return html`<td class="number"><span title="not applicable">—</span></td>`;
    const reason = figure.notes.map((note) => options.reasons?.[note - 1] ?? '').join('; ');
    return html`<td class="failed"><span title="${reason}">✗ failed</span>${links}<small>${short(reason)}</small></td>`;
  }
  const value = html`${formatValue(figure.value)}${options.star === true && '\u00a0*'}`;
  const shown = figure.best ? html`<strong>${value}</strong>` : value;
  const spread = formatSpread(figure);
  return html`<td class="number" data-value="${figure.value}">${shown}${links}${
    spread !== '' && html`<small>${spread}</small>`
  }</td>`;
}

const short = (text: string): string => (text.length > 60 ? `${text.slice(0, 59).trimEnd()}…` : text);

function rowHeader({ id, title, question, extension, control }: Row): Markup {
  const facts = [id === title ? '' : id, control ? 'control' : question, extension ? 'extension' : ''];
  return html`<th scope="row">${title} <small>${facts.filter((fact) => fact !== '').join(' · ')}</small></th>`;
}

function header(columns: readonly Column[]): Markup {
  const group = (columns: readonly Column[], text: string): Markup =>
    html`<th scope="colgroup" colspan="${columns.length}" class="group">${capitalised(text)}</th>`;
  const modalities = runsOf(columns, ({ modality }) => modality);
  const protocols = modalities.flatMap((run) => runsOf(run, ({ protocol }) => protocol));
  return html`<thead>
<tr><th scope="col" class="corner" rowspan="3">Method</th>${modalities.map((run) => group(run, run[0]!.modality))}</tr>
<tr>${protocols.map((run) => group(run, protocolTitle(run[0]!.protocol)))}</tr>
<tr>${columns.map(
    (column, i) =>
      html`<th scope="col" class="number" data-column="${i + 1}" title="${columnTitle(column)}">${column.title}${
        column.synthetic === 'all' && '\u00a0*'
      } <small>${metricName(column.metric)}</small></th>`,
  )}</tr>
</thead>`;
}

const columnTitle = ({ task, protocol, metric, n }: Column): string =>
  `${task}, ${protocolTitle(protocol)}: ${metric} on ${plural(n, 'test example')}`;

function tableOf(table: ResultTable, indices: readonly number[], caption: string): Markup {
  const columns = indices.map((i) => table.columns[i]!);
  const line = (row: Row): Markup =>
    html`<tr>${rowHeader(row)}${indices.map((i) => {
      const figure = row.figures[i]!;
      const star = table.columns[i]!.synthetic === 'some' && figure.synthetic;
      return figureCell(figure, { reasons: table.notes, star });
    })}</tr>\n`;
  const body = (rows: readonly Row[], name: string): Markup | false =>
    rows.length > 0 && html`<tbody class="${name}">\n${rows.map(line)}</tbody>\n`;
  return scrolling(
    caption,
    html`<table class="sortable">
<caption><span>${caption}</span></caption>
${header(columns)}
${body(
  table.rows.filter(({ control }) => !control),
  'methods',
)}${body(
  table.rows.filter(({ control }) => control),
  'controls',
)}</table>`,
  );
}

/** What each metric among the primary and further ones measures. */
function legend({ cells }: RunResults): Markup {
  const names = [...new Set(cells.flatMap(({ metric, metrics }) => [metric, ...Object.keys(metrics)]))];
  return html`<h3>What the metrics mean</h3>
<dl>${names
    .filter((name) => name !== '')
    .map(
      (name) =>
        html`<dt>${withArrow(name)}</dt><dd>${metricFacts(name).definition ?? 'As the task defines it.'}</dd>\n`,
    )}</dl>`;
}

/** The section with the table of results, its footnotes and the legend of metrics. */
export function resultsSection(results: RunResults, table: ResultTable): Markup {
  if (table.columns.length === 0)
    return html`<section><h2>Results</h2>\n<p>No cell has been measured yet.</p></section>\n`;
  const sentences = captionOf(table, true).map((text) => text.replace('bold:', 'underlined bold:'));
  const controls = table.rows.some(({ control }) => control) ? ' Controls are set apart: no method trained them.' : '';
  const caption = `${capitalised(sentences.join(' · '))}.${controls}`;
  const all = table.columns.map((_, i) => i);
  const tables =
    all.length <= WIDEST
      ? tableOf(table, all, caption)
      : runsOf(all, (i) => table.columns[i]!.modality).map((part) => {
          const name = capitalised(table.columns[part[0]!]!.modality);
          return html`<h3>${name}</h3>\n${tableOf(table, part, `${name}. ${caption}`)}`;
        });
  const notes =
    table.notes.length > 0 &&
    html`<h3>Failed and incomplete cells</h3>
<ol>${table.notes.map((note, i) => html`<li id="note-${i + 1}">${note}</li>\n`)}</ol>`;
  const synthetic = table.columns.some((column) => column.synthetic !== 'none');
  return html`<section><h2>Results</h2>
${synthetic && html`<p>${SYNTHETIC_LINE}</p>`}
${tables}
${notes}
${legend(results)}
</section>
`;
}
