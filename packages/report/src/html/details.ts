import type { RunResults } from '@medbench/core';
import { cellsAt, measurementsOf, summarise } from '../cells.js';
import { capitalised, protocolTitle } from '../format.js';
import type { Column, ResultTable } from '../model.js';
import { confusionTables } from './confusion.js';
import { html, type Markup } from './escape.js';
import { figureCell, metricName, scrolling } from './results-table.js';

function metricsOf(results: RunResults, table: ResultTable, column: Column): Markup | undefined {
  const rows = table.rows
    .map(({ id, title }) => ({ title, cells: cellsAt(results, id, column).filter(({ status }) => status === 'ok') }))
    .filter(({ cells }) => cells.length > 0);
  const names = [...new Set(rows.flatMap(({ cells }) => cells.flatMap(({ metrics }) => Object.keys(metrics))))];
  if (names.length === 0) return undefined;
  const notes = [...new Set(rows.flatMap(({ cells }) => cells.flatMap((cell) => cell.notes ?? [])))];
  const line = ({ title, cells }: (typeof rows)[number]): Markup =>
    html`<tr><th scope="row">${title}</th>${names.map((name) => {
      const summary = summarise(measurementsOf(cells, name));
      const status = summary.value === null ? ('none' as const) : ('ok' as const);
      return figureCell({ ...summary, status, synthetic: false, notes: [], best: false, marks: [] });
    })}<td class="number">${Math.max(...cells.map(({ n }) => n))}</td></tr>\n`;
  const label = `${column.title}, ${protocolTitle(column.protocol)}`;
  return html`<h3>${label}${column.synthetic !== 'none' && ' *'}</h3>
${scrolling(
  label,
  html`<table>
<caption><span>${capitalised(column.modality)}. Task <code>${column.task}</code>, primary metric ${column.metric}.</span></caption>
<thead><tr><th scope="col" class="corner">Method</th>${names.map(
    (name) => html`<th scope="col" class="number">${metricName(name)}</th>`,
  )}<th scope="col" class="number">n</th></tr></thead>
<tbody>
${rows.map(line)}</tbody></table>`,
)}
${confusionTables(rows)}${notes.length > 0 && html`<ul>${notes.map((note) => html`<li>${note}</li>`)}</ul>`}
`;
}

/** The collapsed section with every metric of every cell, confusion matrices, and what tasks noted beside figures. */
export function metricsSection(results: RunResults, table: ResultTable): Markup | undefined {
  const parts = table.columns.filter(({ rare }) => !rare).map((column) => metricsOf(results, table, column));
  if (parts.every((part) => part === undefined)) return undefined;
  return html`<section><h2>All metrics</h2>
<details><summary>Show every metric of every task</summary>
${parts}</details>
</section>
`;
}

function pairs(
  caption: string,
  heads: readonly [string, string],
  entries: readonly (readonly [string, string])[],
): Markup {
  return scrolling(
    caption,
    html`<table>
<caption><span>${caption}</span></caption>
<thead><tr><th scope="col" class="corner">${heads[0]}</th><th scope="col">${heads[1]}</th></tr></thead>
<tbody>
${entries.map(([name, value]) => html`<tr><th scope="row">${name}</th><td>${value}</td></tr>\n`)}</tbody></table>`,
  );
}

/** The section with all that is needed to repeat the run. */
export function runSection({ run }: RunResults): Markup {
  const texts = (record: Readonly<Record<string, unknown>>): [string, string][] =>
    Object.entries(record).map(([name, value]) => [name, String(value)]);
  return html`<section><h2>The run</h2>
<h3>Command</h3>
<p>This repeats the run:</p>
<pre tabindex="0"><code>${run.command}</code></pre>
<h3>Corpora</h3>
${
  run.corpora.length > 0
    ? html`<ul>${run.corpora.map((corpus) => html`<li>${corpus}</li>`)}</ul>`
    : html`<p>No corpus is named in the results.</p>`
}
<h3>Settings</h3>
${pairs('All settings of the run', ['Setting', 'Value'], texts(run.settings))}
<h3>Versions</h3>
${pairs('What the run was made with', ['Package', 'Version'], texts(run.versions))}
</section>
`;
}
