import type { RunCell } from '@medbench/core';
import { formatP, formatSigned, formatSignedInterval, formatValue, plural } from '../format.js';
import { TERMS } from '../html/definition.js';
import { html, type Markup } from '../html/escape.js';
import { renderPage } from '../html/frame.js';
import { metricName, numberHead, scrollable } from '../html/results-table.js';
import { type ComparedRuns, describeTest, nameRows, summariseComparison } from './model.js';
import { differencesPlot } from './plot.js';

const P_DEFINITION =
  'Chance of a difference at least as large if both runs were alike, over other test examples and other trainings, corrected by Holm for all cells tested: below 0.05 it is called significant.';

function summary({ runs }: ComparedRuns): Markup {
  const line = (name: string, getText: (run: ComparedRuns['runs'][number]) => string): Markup =>
    html`<tr><th scope="row">${name}</th>${runs.map((run) => html`<td><bdi>${getText(run)}</bdi></td>`)}</tr>\n`;
  const caption = 'The two runs.';
  return html`<section><h2>What is compared</h2>
${scrollable(
  caption,
  html`<table>
<caption><span>${caption}</span></caption>
<thead><tr><th scope="col" class="corner">Field</th>${runs.map(
    ({ name }, i) => html`<th scope="col">${i === 0 ? 'First' : 'Second'}: <bdi>${name}</bdi></th>`,
  )}</tr></thead>
<tbody>
${[
  line('Run', ({ results }) => results.run.id),
  line('Preset', ({ results }) => results.run.preset),
  line('Seeds', ({ results }) => results.run.seeds.join(', ')),
  line('Generated data', ({ results }) => (results.run.synthetic ? 'yes' : 'none')),
  line('Command', ({ results }) => results.run.command),
]}</tbody></table>`,
)}
</section>
`;
}

function line(cell: RunCell, { runs, comparison: { level } }: ComparedRuns): Markup {
  const findTitle = (i: 0 | 1, row: string): string =>
    runs[i].results.methods.find(({ id }) => id === row)?.title ?? row;
  const title = nameRows({
    row: findTitle(0, cell.row),
    ...(cell.otherRow === undefined ? {} : { otherRow: findTitle(1, cell.otherRow) }),
  });
  const { test, difference, values, seeds } = cell;
  const value = (i: 0 | 1): Markup =>
    Number.isNaN(values[i])
      ? html`<td class="failed">✗ failed</td>`
      : html`<td class="number" data-value="${values[i]}">${formatValue(values[i])}<small>${
          seeds[i].length === 1 ? 'seed' : 'seeds'
        } ${seeds[i].join(', ')}</small></td>`;
  const emptyCell = html`<td class="number">—</td>`;
  const verdict = describeTest(cell, level);
  return html`<tr><th scope="row"><bdi>${title}</bdi> <small><bdi>${title === nameRows(cell) ? '' : nameRows(cell)}</bdi></small></th>${value(0)}${value(1)}${
    difference === null
      ? emptyCell
      : html`<td class="number" data-value="${difference}">${formatSigned(difference)}</td>`
  }${test ? html`<td class="number">${formatSignedInterval(test.ci95)}</td>` : emptyCell}${
    test ? html`<td class="number" data-value="${test.adjusted}">${formatP(test.adjusted)}</td>` : emptyCell
  }<td class="verdict-cell">${test && test.adjusted < level ? html`<strong>${verdict}</strong>` : html`${verdict}`}</td></tr>\n`;
}

function columnTable(cells: readonly RunCell[], compared: ComparedRuns): Markup {
  const [{ task, protocol, metric, n }] = cells as [RunCell];
  const { runs } = compared;
  const words = compared.words(protocol);
  const title = runs[0].results.tasks.find(({ id }) => id === task)?.title ?? task;
  const definition = words.definition(metric);
  const tested = cells.find(({ test }) => test);
  const caption = `${title}, ${words.title}: first and second run${
    tested ? `, on the same ${plural(tested.n, 'test example')}` : n > 0 ? `, ${plural(n, 'test example')}` : ''
  }.`;
  return html`<h3><bdi>${title}</bdi>, ${words.title}</h3>
${scrollable(
  caption,
  html`<table class="sortable">
<caption><span>${caption} ${metricName(words, metric)}</span></caption>
<thead><tr><th scope="col" class="corner">Method</th>${numberHead('First', definition, 1)}${numberHead('Second', definition, 2)}${numberHead(
    'Difference',
    TERMS.difference,
    3,
  )}${numberHead('95 % interval', TERMS.differenceInterval)}${numberHead('Adjusted p', P_DEFINITION, 5)}<th scope="col">Verdict</th></tr></thead>
<tbody>
${cells.map((cell) => line(cell, compared))}</tbody></table>`,
)}
`;
}

function cellsSection(compared: ComparedRuns): Markup {
  const { comparison } = compared;
  const columnKey = ({ task, protocol }: RunCell): string => JSON.stringify([task, protocol]);
  const columns = [...new Set(comparison.cells.map(columnKey))].map((key) =>
    comparison.cells.filter((cell) => columnKey(cell) === key),
  );
  const plots = columns.flatMap((cells) => differencesPlot(cells, comparison.level, compared.words) ?? []);
  return html`<section><h2>Cells of both runs</h2>
${columns.map((cells) => columnTable(cells, compared))}</section>
${
  plots.length > 0 &&
  html`<section><h2>Differences with their intervals</h2>
<p>First run minus second. Filled: significant after correction; hollow: no difference found. Each interval is for a single difference and is not corrected.</p>
<div class="plots">
${plots}</div>
</section>
`
}`;
}

function aloneSection({ runs, alone }: ComparedRuns): Markup | undefined {
  const entries = alone.flatMap(({ rows, columns }, i) => [
    ...(rows.length > 0
      ? [html`<dt>Rows of <bdi>${runs[i]!.name}</bdi></dt><dd><bdi>${rows.join('; ')}</bdi></dd>`]
      : []),
    ...(columns.length > 0
      ? [html`<dt>Columns of <bdi>${runs[i]!.name}</bdi></dt><dd><bdi>${columns.join('; ')}</bdi></dd>`]
      : []),
  ]);
  return entries.length === 0 ? undefined : html`<section><h2>In one run only</h2>\n<dl>${entries}</dl>\n</section>\n`;
}

function settingsSection({ runs, settings }: ComparedRuns): Markup {
  if (settings.length === 0) {
    return html`<section><h2>What the runs differ in</h2>\n<p>Settings and versions are the same.</p>\n</section>\n`;
  }
  const caption = 'Settings, seeds and versions that are not the same.';
  return html`<section><h2>What the runs differ in</h2>
${scrollable(
  caption,
  html`<table>
<caption><span>${caption}</span></caption>
<thead><tr><th scope="col" class="corner">Setting</th>${runs.map(({ name }) => html`<th scope="col"><bdi>${name}</bdi></th>`)}</tr></thead>
<tbody>
${settings.map(
  ({ name, values }) =>
    html`<tr><th scope="row"><bdi>${name}</bdi></th>${values.map((value) => html`<td><bdi>${value ?? '—'}</bdi></td>`)}</tr>\n`,
)}</tbody></table>`,
)}
</section>
`;
}

/** Two runs as one self-contained page: the differences in their figures and in their settings and versions. */
export function renderComparison(compared: ComparedRuns): string {
  const { runs } = compared;
  const synthetic = runs.some(({ results }) => results.run.synthetic);
  return renderPage(
    `medbench: ${runs[0].name} and ${runs[1].name}`,
    html`<h1>Two runs compared</h1>
${synthetic && html`<p class="banner" role="note">Generated phantoms: figures based on them say nothing about medicine.</p>`}
${summariseComparison(compared).map((sentence) => html`<p>${sentence}</p>\n`)}`,
    html`${[summary(compared), cellsSection(compared), aloneSection(compared), settingsSection(compared)]}`,
  );
}
