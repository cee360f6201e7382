import { holm } from '@medbench/evaluation/statistics';
import { SYNTHETIC_LINE } from '../../caption.js';
import { formatCount, formatP, formatSigned, formatSignedInterval, plural } from '../../format.js';
import { TERMS } from '../../html/definition.js';
import { html, type Markup } from '../../html/escape.js';
import { drawColumn } from '../../html/forest.js';
import { renderPage } from '../../html/frame.js';
import { figureCell, metricName, numberHead, scrollable } from '../../html/results-table.js';
import { leakWarnings } from '../../leaks.js';
import type { TableFigure } from '../../model.js';
import type { Board } from '../board.js';
import type { Entry } from '../entries.js';
import { findBest } from '../marks.js';
import type { TestSet } from '../test-sets.js';
import { outcome } from '../tests.js';
import { outcomeCell } from './comparisons.js';
import {
  entryHead,
  entryLink,
  HOW_TESTED,
  listPlaces,
  nameHead,
  phantomBanner,
  verdictText,
  wayBack,
} from './parts.js';
import { BOARD_STYLE } from './style.js';

/** Most models in a table of all pairs. */
const MOST_PAIRED = 24;

/** The figures of one column, in the order of the entries. */
interface ColumnView {
  readonly board: Board;
  readonly index: number;
  readonly set: TestSet;
  readonly figures: readonly TableFigure[];
  /** Indices of entries with a figure, the best first. */
  readonly order: readonly number[];
}

function viewColumn(board: Board, index: number): ColumnView {
  const { table, sets, entries } = board;
  const figures = table.rows.map((row) => row.figures[index]!);
  const { words, metric } = table.columns[index]!;
  const sign = words.metric(metric).lowerIsBetter ? 1 : -1;
  const order = [...figures.keys()]
    .filter((r) => figures[r]!.status !== 'none')
    .sort(
      (a, b) =>
        Number(entries[a]!.control) - Number(entries[b]!.control) ||
        Number(figures[a]!.value === null) - Number(figures[b]!.value === null) ||
        sign * (figures[a]!.value! - figures[b]!.value!),
    );
  return { board, index, set: sets[index]!, figures, order };
}

function figuresTable({ board, index, set, figures, order }: ColumnView): Markup {
  const { table, entries } = board;
  const column = table.columns[index]!;
  const places = listPlaces(figures, entries, column.words.metric(column.metric).lowerIsBetter);
  const caption = `Figures on ${column.title}, ${column.words.title}, the best first.`;
  const line = (r: number): Markup => {
    const place = places[r];
    return html`<tr>${entryHead(entries[r]!, '../')}<td class="number"${typeof place === 'number' && html` data-value="${place}"`}>${place ?? 'control'}</td>${figureCell(
      { ...figures[r]!, notes: [] },
      { star: figures[r]!.synthetic },
    )}<td class="number" data-value="${entries[r]!.cells.get(set)?.length ?? 0}">${figures[r]!.measurements.map(({ seed }) => seed).join(', ')}</td></tr>\n`;
  };
  return scrollable(
    caption,
    html`<table class="sortable">
<caption><span>${caption} ≈ not significantly worse than the best, ? not tested against it.</span></caption>
<thead><tr>${nameHead('Model')}${numberHead('Place', 'Place among the models, 1 for the best.', 1)}<th scope="col" class="number" data-column="2"><span class="label">Figure</span> <small>${metricName(column.words, column.metric)}</small></th>${numberHead('Seeds', 'Trainings behind the figure.', 3)}</tr></thead>
<tbody>
${order.map(line)}</tbody></table>`,
  );
}

/** Tests of the best entry against the others; p also corrected for the lines of the table. */
function bestTable({ board, set, figures, order }: ColumnView): Markup | undefined {
  const { entries, tests } = board;
  const best = findBest(entries, figures);
  if (!best) return undefined;
  const others = order.map((r) => entries[r]!).filter((entry) => entry !== best && !entry.control);
  const pairs = others.map((other) => tests.between(best, other).get(set));
  const tested = pairs.flatMap((pair) => pair?.test ?? []);
  const within = holm(tested.map(({ pValue }) => pValue));
  if (others.length === 0) return undefined;
  const caption = `${best.label}, the best, minus each other model.`;
  const line = (other: Entry, i: number): Markup => {
    const pair = pairs[i];
    const test = pair?.test;
    if (!pair || !test)
      return html`<tr>${entryHead(other, '../')}<td class="number">—</td><td class="number">—</td><td class="number">—</td><td class="number">—</td><td class="verdict-cell">not tested: ${pair?.reason ?? 'the scores of its test examples are not there'}</td></tr>\n`;
    const stricter = within[tested.indexOf(test)]!;
    return html`<tr>${entryHead(other, '../')}<td class="number" data-value="${pair.difference!}">${formatSigned(pair.difference!)}</td><td class="number">${formatSignedInterval(test.ci95)}</td><td class="number" data-value="${test.adjusted}">${formatP(test.adjusted)}</td><td class="number" data-value="${stricter}">${formatP(stricter)}</td><td class="verdict-cell">${verdictText(outcome(pair))}</td></tr>\n`;
  };
  return html`<h4>The best against the others</h4>
${scrollable(
  caption,
  html`<table class="sortable">
<caption><span>${caption}</span></caption>
<thead><tr>${nameHead('Other model')}${numberHead('Difference', TERMS.difference, 1)}${numberHead('95 % interval', TERMS.differenceInterval)}${numberHead(
    'Adjusted p',
    'As medbench compare corrects it, by Holm for the cells of the two.',
    3,
  )}${numberHead('p within this table', 'Corrected by Holm for the lines of this table instead: as strict as the number of models asks.', 4)}<th scope="col">Outcome for the best</th></tr></thead>
<tbody>
${others.map(line)}</tbody></table>`,
)}
`;
}

/** Every pair of models; undefined for few or many. */
function pairsTable({ board, set, order }: ColumnView): Markup | undefined {
  const { entries, tests } = board;
  const shown = order.map((r) => entries[r]!).filter(({ control }) => !control);
  if (shown.length < 3 || shown.length > MOST_PAIRED) return undefined;
  const caption = 'Model of the line minus model of the column, and the outcome for the model of the line.';
  return html`<details><summary>All ${(shown.length * (shown.length - 1)) / 2} pairs</summary>
${scrollable(
  `All pairs on ${set.id}, ${set.protocol}`,
  html`<table>
<caption><span>${caption}</span></caption>
<thead><tr><th scope="col" class="corner">Model</th>${shown.map((entry) => html`<th scope="col" class="number">${entryLink(entry, '../')}</th>`)}</tr></thead>
<tbody>
${shown.map((entry) => html`<tr>${entryHead(entry, '../')}${shown.map((other) => (other === entry ? html`<td class="number">·</td>` : outcomeCell(tests.between(entry, other).get(set))))}</tr>\n`)}</tbody></table>`,
)}</details>
`;
}

function columnPart(view: ColumnView): Markup {
  const { board, index, set } = view;
  const column = board.table.columns[index]!;
  return html`<h3><bdi>${column.title}</bdi>, ${column.words.title}${column.synthetic !== 'none' && '\u00a0*'}</h3>
${set.differs !== undefined && html`<p>Another set of examples than the first: <bdi>${set.differs}</bdi>. Figures of the two are not compared.</p>\n`}<div class="plots">
${drawColumn(board.table, index, true)}</div>
${figuresTable(view)}
${bestTable(view)}
${pairsTable(view)}
`;
}

/** The section with the data of a task, as all sources describe it. */
function dataSection({ sources, sets, entries, table }: Board, task: string): Markup {
  const described = sources.flatMap(({ results }) => results.tasks.filter(({ id }) => id === task));
  const own = sets.flatMap((set, c) => (set.task === task ? [{ set, column: table.columns[c]! }] : []));
  const distinct = (pick: (one: (typeof described)[number]) => string | undefined): string =>
    [...new Set(described.flatMap((one) => pick(one) ?? []))].join('; ') || 'not known';
  const fields: (readonly [string, string])[] = [
    ['Task', task],
    ['Modality', distinct(({ modality }) => modality)],
    ['Licence', distinct(({ licence }) => licence)],
    ['Access', distinct(({ access }) => access)],
    ['Citation', distinct(({ citation }) => citation)],
    [
      'Generated data',
      own.some(({ column }) => column.synthetic !== 'none') ? 'yes: figures based on it are marked *' : 'none',
    ],
    ...own.map(({ set, column }) => [`${set.id}, ${column.words.title}`, plural(column.n, 'test example')] as const),
  ];
  const cells = entries.flatMap((entry) => own.flatMap(({ set }) => entry.cells.get(set) ?? []));
  // Notes of cells may quote the data: only their counts are shown.
  const leaks = leakWarnings(cells.map((cell) => ({ ...cell, notes: [] })));
  return html`<section><h2>Data</h2>
<dl class="info">${fields.map(([name, value]) => html`<dt><bdi>${name}</bdi></dt><dd><bdi>${value}</bdi></dd>\n`)}</dl>
${leaks.length > 0 && html`<ul>${leaks.map((leak) => html`<li class="warning"><bdi>${leak}</bdi></li>\n`)}</ul>`}
</section>
`;
}

/** The page of one task: all models on it with their uncertainty, the tests between them, and its data. */
export function renderTask(board: Board, task: string): string {
  const { table, sets, entries } = board;
  const views = sets.flatMap((set, c) => (set.task === task ? [viewColumn(board, c)] : []));
  const { title, modality } = table.columns[views[0]!.index]!;
  const synthetic = views.flatMap(({ figures }) =>
    figures.flatMap((figure) => (figure.value === null ? [] : [figure.synthetic])),
  );
  const models = new Set(views.flatMap(({ order }) => order.filter((r) => !entries[r]!.control)));
  const about = [
    modality,
    plural(models.size, 'model'),
    plural(views.length, 'column'),
    `up to ${formatCount(Math.max(...views.map(({ set }) => set.n)))} test examples`,
  ];
  return renderPage(
    `${title}: ${board.title}`,
    html`${wayBack(board)}<h1><bdi>${title}</bdi></h1>
${phantomBanner(synthetic)}
<p class="muted"><bdi>${about.join(' · ')}</bdi></p>`,
    html`<section><h2>Models</h2>
<p>Large dot: mean over seeds; small dots: single seeds; thick line: one standard deviation over seeds; thin line: 95 % interval over
test examples (mean over seeds). Filled: models; hollow and grey: controls.</p>
${views.map(columnPart)}${synthetic.some(Boolean) && html`<p>${SYNTHETIC_LINE}</p>\n`}</section>
${dataSection(board, task)}<section><h2>How differences are tested</h2>
<ul>${HOW_TESTED.map((sentence) => html`<li>${sentence}</li>\n`)}</ul>
</section>
`,
    undefined,
    { style: BOARD_STYLE },
  );
}
