import type { RunResults } from '@medbench/core';
import { cellsAt, selectMeasurements, summarise } from '../cells.js';
import { capitalise } from '../format.js';
import type { ResultTable, TableColumn } from '../model.js';
import { TERMS } from './definition.js';
import { html, type Markup } from './escape.js';
import { figureCell, metricName, numberHead, scrollable } from './results-table.js';

/** Most figures of a page that opens on a phone. Beyond this, recalls of single classes are only in `results.csv`. */
const MOST_FIGURES = 10_000;

const isClassRecall = (name: string): boolean => name.startsWith('recall_');

function columnMetrics(
  results: RunResults,
  table: ResultTable,
  column: TableColumn,
  withoutRecalls: boolean,
): Markup | undefined {
  const rows = table.rows
    .map(({ id, title }) => ({ title, cells: cellsAt(results, id, column).filter(({ status }) => status === 'ok') }))
    .filter(({ cells }) => cells.length > 0);
  const names = [...new Set(rows.flatMap(({ cells }) => cells.flatMap(({ metrics }) => Object.keys(metrics))))].filter(
    (name) => !withoutRecalls || !isClassRecall(name),
  );
  if (names.length === 0) return undefined;
  const notes = [...new Set(rows.flatMap(({ cells }) => cells.flatMap((cell) => cell.notes ?? [])))];
  const line = ({ title, cells }: (typeof rows)[number]): Markup =>
    html`<tr><th scope="row"><bdi>${title}</bdi></th>${names.map((name) => {
      const summary = summarise(selectMeasurements(cells, name));
      const status = summary.value === null ? ('none' as const) : ('ok' as const);
      return figureCell({ ...summary, status, synthetic: false, notes: [], best: false, marks: [] }, { sorts: false });
    })}<td class="number">${Math.max(...cells.map(({ n }) => n))}</td></tr>\n`;
  const label = `${column.title}, ${column.words.title}`;
  return html`<h3><bdi>${label}</bdi>${column.synthetic !== 'none' && ' *'}</h3>
${scrollable(
  label,
  html`<table>
<caption><span>${capitalise(column.modality)}. Task <code>${column.task}</code>, primary metric ${column.metric}.</span></caption>
<thead><tr><th scope="col" class="corner">Method</th>${names.map(
    (name) => html`<th scope="col" class="number">${metricName(column.words, name)}</th>`,
  )}${numberHead('n', TERMS.n)}</tr></thead>
<tbody>
${rows.map(line)}</tbody></table>`,
)}
${notes.length > 0 && html`<ul>${notes.map((note) => html`<li><bdi>${note}</bdi></li>`)}</ul>`}
`;
}

/** The collapsed section with every metric of every cell, and the notes of the cells. */
export function metricsSection(results: RunResults, table: ResultTable): Markup | undefined {
  const figures = results.cells.reduce((sum, { metrics }) => sum + Object.keys(metrics).length, 0);
  const withoutRecalls = figures / results.run.seeds.length > MOST_FIGURES;
  const tables = table.columns
    .filter(({ rare }) => !rare)
    .map((column) => columnMetrics(results, table, column, withoutRecalls));
  if (tables.every((part) => part === undefined)) return undefined;
  return html`<section><h2>All metrics</h2>
<details><summary>Show every metric of every task</summary>
${withoutRecalls && html`<p>Recalls of single classes are only in results.csv: the run has too many figures for one page.</p>\n`}${tables}</details>
</section>
`;
}

function pairsTable(
  caption: string,
  heads: readonly [string, string],
  entries: readonly (readonly [string, string])[],
): Markup {
  return scrollable(
    caption,
    html`<table>
<caption><span>${caption}</span></caption>
<thead><tr><th scope="col" class="corner">${heads[0]}</th><th scope="col">${heads[1]}</th></tr></thead>
<tbody>
${entries.map(([name, value]) => html`<tr><th scope="row"><bdi>${name}</bdi></th><td><bdi>${value}</bdi></td></tr>\n`)}</tbody></table>`,
  );
}

/** The section with the command, corpora, settings and versions that repeat the run. */
export function runSection({ run }: RunResults): Markup {
  const toEntries = (record: Readonly<Record<string, unknown>>): [string, string][] =>
    Object.entries(record).map(([name, value]) => [name, String(value)]);
  return html`<section><h2>The run</h2>
<h3>Command</h3>
<p>This repeats the run:</p>
<pre tabindex="0" dir="auto"><code>${run.command}</code></pre>
<h3>Corpora</h3>
${
  run.corpora.length > 0
    ? html`<ul>${run.corpora.map((corpus) => html`<li><bdi>${corpus}</bdi></li>`)}</ul>`
    : html`<p>No corpus is named in the results.</p>`
}
<h3>Settings</h3>
${pairsTable('All settings of the run', ['Setting', 'Value'], toEntries(run.settings))}
<h3>Versions</h3>
${pairsTable('Versions that the run used', ['Package', 'Version'], toEntries(run.versions))}
</section>
`;
}
