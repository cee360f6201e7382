import { SYNTHETIC_LINE } from '../../caption.js';
import { formatBytes, formatCount, formatEnergy, formatSeconds, plural } from '../../format.js';
import { TERMS } from '../../html/definition.js';
import { html, type Markup } from '../../html/escape.js';
import { renderPage } from '../../html/frame.js';
import { figureCell, metricName, numberHead, scrollable } from '../../html/results-table.js';
import { describeSetup } from '../../html/setup.js';
import { licenceDemand } from '../../licences.js';
import type { Board } from '../board.js';
import { countParameters, describeCorpora, describeCost } from '../describe-entry.js';
import type { Entry } from '../entries.js';
import { PAGES } from '../pages.js';
import { differingSettings } from '../row-settings.js';
import { comparisonsSection } from './comparisons.js';
import { entryHead, listPlaces, nameHead, phantomBanner, wayBack } from './parts.js';
import { BOARD_STYLE } from './style.js';

type Field = readonly [name: string, value: string];

const definitions = (fields: readonly Field[]): Markup =>
  html`<dl class="info">${fields.map(([name, value]) => html`<dt>${name}</dt><dd><bdi>${value}</bdi></dd>\n`)}</dl>`;

function figuresSection(board: Board, entry: Entry): Markup {
  const { table, sets, entries } = board;
  const r = entries.indexOf(entry);
  const caption = 'Figures of this model, its place in each column, and marks as in the table of all models.';
  const line = (c: number): Markup | false => {
    const column = table.columns[c]!;
    const figure = table.rows[r]!.figures[c]!;
    if (figure.status === 'none') return false;
    const { lowerIsBetter } = column.words.metric(column.metric);
    const places = listPlaces(
      table.rows.map(({ figures }) => figures[c]!),
      entries,
      lowerIsBetter,
    );
    const ranked = places.filter((place) => place !== null).length;
    const place = places[r];
    return html`<tr><th scope="row" data-value="${column.title}"><a href="../${PAGES.task(sets[c]!.task)}"><bdi>${column.title}</bdi></a></th><td>${column.words.title}</td><td>${metricName(column.words, column.metric)}</td>${figureCell(
      { ...figure, notes: [] },
      { star: figure.synthetic, reasons: [] },
    )}<td class="number"${typeof place === 'number' && html` data-value="${place}"`}>${place ? `${place} of ${ranked}` : '—'}</td><td class="number">${figure.measurements.map(({ seed }) => seed).join(', ')}</td><td class="number" data-value="${column.n}">${formatCount(column.n)}</td></tr>\n`;
  };
  return html`<section><h2>Figures</h2>
${scrollable(
  caption,
  html`<table class="sortable">
<caption><span>${caption}</span></caption>
<thead><tr>${nameHead('Task')}<th scope="col">Protocol</th><th scope="col">Metric</th>${numberHead(
    'Figure',
    'Mean over the seeds with its standard deviation, and the 95 % interval over test examples (mean of those of the seeds).',
    3,
  )}${numberHead('Place', 'Place among the models of the column, 1 for the best.', 4)}<th scope="col" class="number">Seeds</th>${numberHead('n', TERMS.n, 6)}</tr></thead>
<tbody>
${sets.map((_, c) => line(c))}</tbody></table>`,
)}
${entry.synthetic && html`<p>${SYNTHETIC_LINE}</p>`}
</section>
`;
}

function setupSection(entry: Entry): Markup | undefined {
  const setup = entry.training.find((record) => record.setup)?.setup;
  if (!setup) return undefined;
  return html`<section><h2>Set-up</h2>
<p>From the code that trained it.</p>
${definitions(describeSetup(setup))}
</section>
`;
}

function dataSection(entry: Entry): Markup | undefined {
  const corpora = describeCorpora(entry);
  if (corpora.length === 0) return undefined;
  const caption = 'Corpora that the model was trained on, and what their licences ask of its weights.';
  return html`<section><h2>Training data</h2>
${scrollable(
  caption,
  html`<table>
<caption><span>${caption}</span></caption>
<thead><tr><th scope="col" class="corner">Corpus</th><th scope="col">Licence</th><th scope="col">Access</th><th scope="col">Weights</th></tr></thead>
<tbody>
${corpora.map(
  ({ id, title, licence, access }) =>
    html`<tr><th scope="row"><bdi>${title}</bdi> <small><bdi>${title === id ? '' : id}</bdi></small></th><td><bdi>${licence ?? 'not known'}</bdi></td><td><bdi>${access ?? 'not known'}</bdi>${access === 'generated' && '\u00a0*'}</td><td><bdi>${licenceDemand(licence ?? '', access)}</bdi></td></tr>\n`,
)}</tbody></table>`,
)}
</section>
`;
}

function costSection(entry: Entry): Markup | undefined {
  const cost = describeCost(entry);
  const parameters = countParameters(entry);
  const [first] = entry.training;
  if (!cost || !first || parameters === undefined) return undefined;
  const { energy, peakMemory } = cost;
  const fields: Field[] = [
    ['Parameters of the towers', formatCount(parameters)],
    ['Trainable parameters', formatCount(first.parameters.trainable)],
    ['Steps', formatCount(cost.steps)],
    ['Time of a training', formatSeconds(cost.seconds)],
    [
      'Energy of a training',
      `${formatEnergy(energy.joules)}, ${energy.from === 'counters' ? 'by the counters of the processor' : 'by an assumed power'}`,
    ],
    ['Peak memory', peakMemory === undefined ? 'not known' : formatBytes(peakMemory)],
  ];
  return html`<section><h2>Size and cost</h2>
<p>Time and energy are the mean over ${plural(entry.training.length, 'training')}, on the machines of the submission.</p>
${definitions(fields)}
</section>
`;
}

function settingsSection({ entries }: Board, entry: Entry): Markup | undefined {
  const alike = entries.filter(({ row }) => row === entry.row);
  const differing = differingSettings(alike.map(({ submissions: [first] }) => first!.settings));
  if (alike.length < 2) return undefined;
  const caption = 'Settings and versions that figures depend on, where these models differ.';
  return html`<section><h2>Other models of this row</h2>
${
  differing.length === 0
    ? html`<p>${plural(alike.length, 'model')} of the same settings: their test examples differ, or their embeddings are from elsewhere.</p>`
    : scrollable(
        caption,
        html`<table>
<caption><span>${caption}</span></caption>
<thead><tr><th scope="col" class="corner">Model</th>${differing.map(({ name }) => html`<th scope="col"><bdi>${name}</bdi></th>`)}</tr></thead>
<tbody>
${alike.map((other, i) => html`<tr>${entryHead(other, '../')}${differing.map(({ values }) => html`<td><bdi>${values[i] ?? '—'}</bdi></td>`)}</tr>\n`)}</tbody></table>`,
      )
}
</section>
`;
}

function originSection(entry: Entry): Markup {
  const sources = entry.submissions.flatMap((submission) => submission.sources);
  return html`<section><h2>Where it comes from</h2>
<p>As each submission says. Read a command before you run it.</p>
${sources.map(
  ({ name, results: { run } }) => html`<h3><bdi>${name}</bdi></h3>
${definitions([
  ['Run', run.id],
  ['Seeds', run.seeds.join(', ')],
  ['Preset', run.preset],
  ['Backend', run.backend],
  ['medbench', run.versions['@medbench/core'] ?? 'not known'],
])}
<pre tabindex="0" dir="auto"><code>${run.command}</code></pre>
`,
)}</section>
`;
}

/** The page of one entry: figures, comparisons, set-up, training data, size, cost, and where it comes from. */
export function renderModel(board: Board, entry: Entry): string {
  const { table, entries, sets } = board;
  const row = table.rows[entries.indexOf(entry)]!;
  const synthetic = row.figures.flatMap((figure) => (figure.value === null ? [] : [figure.synthetic]));
  const about = [
    entry.label === entry.row ? '' : entry.label,
    entry.control ? 'control: no method trained it' : entry.question,
    `row ${entry.row}`,
    plural(entry.seeds.length, 'seed'),
    plural(sets.filter((set) => entry.cells.has(set)).length, 'column'),
    ...(row.rank === null ? [] : [`average rank ${row.rank.toFixed(2)} of ${board.ranks!.methods.length}`]),
  ].filter((text) => text !== '');
  return renderPage(
    `${entry.label}: ${board.title}`,
    html`${wayBack(board)}<h1><bdi>${entry.title}</bdi></h1>
${phantomBanner(synthetic)}
<p class="muted"><bdi>${about.join(' · ')}</bdi></p>`,
    html`${[
      figuresSection(board, entry),
      comparisonsSection(board, entry),
      setupSection(entry),
      dataSection(entry),
      costSection(entry),
      settingsSection(board, entry),
      originSection(entry),
    ]}`,
    undefined,
    { style: BOARD_STYLE },
  );
}
