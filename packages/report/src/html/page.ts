import { createHash } from 'node:crypto';
import type { RunResults } from '@medbench/core';
import { plural } from '../format.js';
import { type ResultTable, resultTable } from '../model.js';
import { metricsSection, runSection } from './details.js';
import { differencesSection } from './differences.js';
import { html, Markup } from './escape.js';
import { forestSection } from './forest.js';
import { resultsSection } from './results-table.js';
import { SORT_SCRIPT } from './script.js';
import { setupSection } from './setup.js';
import { STYLE } from './style.js';
import { costSection, curvesSection } from './training.js';

// Nothing is loaded and only this page's own script runs, whatever text the results carry.
const POLICY = [
  "default-src 'none'",
  "style-src 'unsafe-inline'",
  `script-src 'sha256-${createHash('sha256').update(SORT_SCRIPT).digest('base64')}'`,
  "base-uri 'none'",
  "form-action 'none'",
].join('; ');

function summary({ run, methods }: RunResults, { rows, columns }: ResultTable): Markup {
  const trained = rows.filter(({ control }) => !control).length;
  const controls = rows.length - trained;
  const tasks = new Set(columns.map(({ task }) => task)).size;
  const modalities = new Set(columns.map(({ modality }) => modality)).size;
  const parts = [plural(trained, 'method'), ...(controls > 0 ? [plural(controls, 'control')] : [])].join(' and ');
  const where = modalities === 1 ? '1 modality' : `${modalities} modalities`;
  const facts: [string, string][] = [
    ['Run', run.id],
    ['Preset', run.preset],
    ['Backend', run.backend],
    [run.seeds.length > 1 ? 'Seeds' : 'Seed', run.seeds.join(', ')],
    ['Trained on', run.corpora.length > 0 ? run.corpora.join(', ') : 'no corpus named'],
  ];
  return html`<p>${methods.length === 0 && rows.length === 0 ? 'No method' : parts} on ${plural(tasks, 'task')}${
    tasks > 0 && ` in ${where}`
  }, ${plural(columns.length, 'column')} of figures.</p>
<dl class="facts">${facts.map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl>`;
}

function banner({ run }: RunResults, { columns }: ResultTable): Markup | undefined {
  const marked = columns.filter(({ synthetic }) => synthetic !== 'none').length;
  if (!run.synthetic && marked === 0) return undefined;
  const some = marked > 0 && columns.some(({ synthetic }) => synthetic !== 'all');
  return html`<p class="banner" role="note">Generated phantoms: ${
    some ? 'the figures marked * say' : 'these figures say'
  } nothing about medicine.</p>`;
}

/**
 * The run as one self-contained page: table, which differences are real, forest plots, training curves, cost, all metrics, settings. It loads
 * nothing, works without scripts (with one, tables sort by column), follows the light or dark scheme and prints.
 * All text is escaped. Same results, same bytes.
 */
export function renderHtml(results: RunResults): string {
  const table = resultTable(results);
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${new Markup(POLICY)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>medbench run ${results.run.id}</title>
<style>${new Markup(STYLE)}</style>
</head>
<body>
<header>
<h1>medbench results</h1>
${banner(results, table)}
${summary(results, table)}
</header>
<main>
${resultsSection(results, table)}${differencesSection(table)}${forestSection(table)}${setupSection(results)}${curvesSection(results)}${costSection(results)}${metricsSection(
  results,
  table,
)}${runSection(results)}</main>
<script>${new Markup(SORT_SCRIPT)}</script>
</body>
</html>
`;
  return page.text;
}
