import { SMALLEST_RELEVANT_DIFFERENCE } from '../answers/judge.js';
import { ranksCaption, SYNTHETIC_LINE, tableCaption, testsCaption } from '../caption.js';
import { capitalise, formatFigure, formatRank, formatSpread, formatValue, plural } from '../format.js';
import { type ResultTable, splitRuns, type TableColumn, type TableFigure, type TableRow } from '../model.js';
import type { TestMark } from '../significance.js';
import type { ProtocolWords } from '../words.js';
import { defined, definedMetric, explained, TERMS } from './definition.js';
import { html, Markup } from './escape.js';
import { shadeColumn } from './shade.js';
import { modeSwitch, scaleLine, sizeClass } from './table-key.js';

/** Fewest columns of a group whose header is readable in one line when the table shows colours only. */
const READABLE = 4;

/** A metric's name with its definition and the direction of better values. */
export const metricName = (words: ProtocolWords, metric: string): Markup =>
  html`${definedMetric(words, metric)}\u00a0${words.arrow(metric)}`;

/** Wraps a table in a container that scrolls, also by keyboard. */
export const scrollable = (label: string, table: Markup): Markup =>
  html`<div class="scroll" role="region" aria-label="${label}" tabindex="0">${table}</div>`;

/** Links to footnotes, `1, 2`. Without the commas, 1 and 2 would read as 12. */
const noteLinks = (notes: readonly number[], texts: readonly string[] = []): Markup | false =>
  notes.length > 0 &&
  html`<sup>${notes.map(
    (note, i) => html`${i > 0 && ', '}<a href="#note-${note}"${titleAttribute(texts[note - 1])}>${note}</a>`,
  )}</sup>`;

const titleAttribute = (text: string | undefined): Markup | false => text !== undefined && html` title="${text}"`;

const markLabel = ({ symbol, about }: TestMark): Markup =>
  html`<span class="mark" role="img" aria-label="${about}">\u00a0${symbol}</span>`;

/** A table cell with an average rank. */
export const rankCell = (rank: number | null): Markup =>
  rank === null
    ? html`<td class="number rank"><span title="controls and methods with missing figures are not ranked">${formatRank(rank)}</span></td>`
    : html`<td class="number rank" data-value="${rank}">${formatRank(rank)}</td>`;

interface CellOptions {
  /** The footnotes of the table. */
  readonly reasons?: readonly string[];
  /** Whether the figure itself is marked as generated. */
  readonly star?: boolean;
  /** Reason why the cell is empty, if it is. */
  readonly empty?: string;
  /** Whether the table can be sorted, which needs all digits. Default true. */
  readonly sorts?: boolean;
  /** Further classes of the cell, for its colour. */
  readonly classes?: string;
}

/** A table cell with a figure and its spread below. */
export function figureCell(figure: TableFigure, options: CellOptions = {}): Markup {
  const links = noteLinks(figure.notes);
  const classes = options.classes ? ` ${options.classes}` : '';
  if (figure.value === null) {
    if (figure.status === 'none' || figure.status === 'pending') {
      const empty = figure.status === 'pending' ? 'not measured yet' : (options.empty ?? 'not applicable');
      return html`<td class="number${classes}"><span title="${empty}">${formatFigure(figure)}</span></td>`;
    }
    const reason = figure.notes.map((note) => options.reasons?.[note - 1] ?? '').join('; ');
    return html`<td class="failed${classes}"><span title="${reason}">✗<span class="more"> failed</span></span>${links}<small>${shorten(reason)}</small></td>`;
  }
  const value = html`${formatValue(figure.value)}${options.star === true && '\u00a0*'}`;
  const shown = figure.best ? html`<strong>${value}</strong>` : value;
  const spread = formatSpread(figure);
  const digits = options.sorts !== false && html` data-value="${figure.value}"`;
  return html`<td class="number${classes}"${digits}>${shown}${links}${figure.marks.map(markLabel)}${
    spread !== '' && html`<small>${spread}</small>`
  }</td>`;
}

const shorten = (text: string): string => (text.length > 60 ? `${text.slice(0, 59).trimEnd()}…` : text);

function rowHeader({ id, title, question, extension, control }: TableRow): Markup {
  const info = [control ? 'control' : question, extension ? 'extension' : ''].filter((entry) => entry !== '');
  const name = id !== title && html`<bdi>${id}</bdi>`;
  const more = info.length > 0 && html`<bdi class="more">${name && ' · '}${info.join(' · ')}</bdi>`;
  return html`<th scope="row"><span class="row"><bdi class="name">${title}</bdi> <small>${name}${more}</small></span></th>`;
}

/** Explains why a row has no figure in a column. */
function emptyReason(row: TableRow, { rare, words }: TableColumn): string {
  if (rare) return 'not applicable: this row has no recall of rare classes';
  return row.control
    ? `not applicable: this control has no figures in ${words.title}`
    : 'not measured: the run has no cell for it';
}

/** The header of a column of numbers with their definition. @param column its index, if the script can sort by it. */
export const numberHead = (label: string, definition: string, column?: number): Markup =>
  column === undefined
    ? html`<th scope="col" class="number">${defined(label, definition)}</th>`
    : html`<th scope="col" class="number" data-column="${column}"><span class="label">${label}</span> ${explained(label, definition)}</th>`;

/** Columns of a table of results besides its figures: heads that are three lines high. */
interface OtherHeads {
  /** Before the figures. */
  readonly before?: readonly Markup[];
  readonly after?: readonly Markup[];
  /** The head of the names. Default: `Method`. */
  readonly corner?: Markup;
}

/** The head of the average ranks. @param column its index. */
export const rankHead = (about: string, column: number): Markup =>
  html`<th scope="col" class="number rank" rowspan="3" data-column="${column}" data-lower title="${about}"><span class="label">Average rank</span> <small>${defined('1 is best', TERMS.rank)} ↓</small></th>`;

/** The head of a table of results: modalities, protocols, and a column for each task. */
export function resultsHead(
  columns: readonly TableColumn[],
  notes: readonly string[],
  { before = [], after = [], corner = html`<th scope="col" class="corner" rowspan="3">Method</th>` }: OtherHeads,
): Markup {
  const group = (columns: readonly TableColumn[], text: string): Markup =>
    html`<th scope="colgroup" colspan="${columns.length}" class="group${columns.length < READABLE && ' narrow'}" title="${text}"><bdi>${text}</bdi></th>`;
  const modalities = splitRuns(columns, ({ modality }) => modality);
  // The script turns the label into a button, which must contain neither links nor other buttons.
  const head = (column: TableColumn, i: number): Markup =>
    html`<th scope="col" class="number" data-column="${before.length + i + 1}" data-modality="${column.modality}" data-protocol="${column.words.title}"${column.words.metric(column.metric).lowerIsBetter && new Markup(' data-lower')} title="${columnTitle(column)}"><span class="label"><bdi>${breakable(column.title)}</bdi>${
      column.synthetic === 'all' && '\u00a0*'
    }</span> <small>${metricName(column.words, column.metric)}</small>${noteLinks(column.notes, notes)}</th>`;
  return html`<thead>
<tr>${corner}${before}${modalities.map((run) => group(run, capitalise(run[0]!.modality)))}${after}</tr>
<tr class="protocols">${splitProtocols(columns).map((run) => group(run, capitalise(run[0]!.words.title)))}</tr>
<tr>${columns.map(head)}</tr>
</thead>`;
}

/** A title that a narrow column breaks where a name continues in capitals, `Pneumonia|MNIST`. */
const breakable = (title: string): Markup =>
  html`${title.split(/(?<=[a-z])(?=[A-Z]{2})/).map((part, i) => html`${i > 0 && new Markup('<wbr>')}${part}`)}`;

/** Runs of columns of one modality and protocol. */
export const splitProtocols = (columns: readonly TableColumn[]): TableColumn[][] =>
  splitRuns(columns, ({ modality, protocol }) => JSON.stringify([modality, protocol]));

function columnTitle({ task, words, metric, n, rare }: TableColumn): string {
  const examples = n > 0 || !rare ? ` on ${plural(n, 'test example')}` : '';
  const classes = rare && rare.length > 0 ? ` of rare classes: ${rare.join(', ')}` : '';
  return `${task}, ${words.title}: ${metric}${examples}${classes}`;
}

function drawTable(table: ResultTable, caption: string): Markup {
  const { columns } = table;
  const ranking = ranksCaption(table).join(' ');
  const ranks = ranking !== '';
  const shades = columns.map((_, i) => shadeColumn(table, i));
  const starts = new Set(splitProtocols(columns).map(([first]) => first));
  const line = (row: TableRow): Markup =>
    html`<tr${row.question !== '' && html` data-question="${row.control ? 'control' : row.question}"`}>${rowHeader(row)}${row.figures.map(
      (figure, i) => {
        const column = columns[i]!;
        const shade = figure.value === null ? '' : shades[i]!(figure.value);
        return figureCell(figure, {
          reasons: table.notes,
          star: column.synthetic === 'some' && figure.synthetic,
          empty: emptyReason(row, column),
          classes: `${shade}${starts.has(column) ? ' start' : ''}`.trim(),
        });
      },
    )}${ranks && rankCell(row.rank)}</tr>\n`;
  const body = (rows: readonly TableRow[], name: string): Markup | false =>
    rows.length > 0 && html`<tbody class="${name}">\n${rows.map(line)}</tbody>\n`;
  return scrollable(
    'Results',
    html`<table class="sortable heat">
<caption><span>${`${caption} ${ranking}`.trimEnd()}</span></caption>
${resultsHead(columns, table.notes, { after: ranks ? [rankHead(ranking, columns.length + 1)] : [] })}
${body(
  table.rows.filter(({ control }) => !control),
  'methods',
)}${body(
  table.rows.filter(({ control }) => control),
  'controls',
)}</table>`,
  );
}

/** The footnotes of a table of results; undefined without any. */
export const footnotes = ({ notes, columnNotes }: ResultTable): Markup | undefined =>
  notes.length === 0
    ? undefined
    : html`<h3>${columnNotes > 0 ? 'Notes' : 'Failed and incomplete cells'}</h3>
<ol>${notes.map(
        (note, i) =>
          html`<li id="note-${i + 1}"${i < columnNotes && new Markup(' class="warning"')}><bdi>${note}</bdi></li>\n`,
      )}</ol>`;

/** The section with the table of results and its footnotes. */
export function resultsSection(table: ResultTable): Markup {
  if (table.columns.length === 0)
    return html`<section class="first"><h2>Results</h2>\n<p>No cell has been measured yet.</p></section>\n`;
  const sentences = tableCaption(table, true).map((text) => text.replace('bold:', '★ and bold:'));
  const controls = table.rows.some(({ control }) => control)
    ? ' Controls come last, with a stripe of their colour: no method trained them.'
    : '';
  const scale = `Colours run from the worst to the best method of a column, which are taken as at least ${SMALLEST_RELEVANT_DIFFERENCE} apart.`;
  const caption = [`${capitalise(sentences.join(' · '))}. ${scale}${controls}`, ...testsCaption(table)].join(' ');
  const synthetic = table.columns.some((column) => column.synthetic !== 'none');
  return html`<section class="first ${sizeClass(table)}" data-filter><h2>Results</h2>
${modeSwitch(table)}
${scaleLine(table)}
${drawTable(table, caption)}
${synthetic && html`<p>${SYNTHETIC_LINE}</p>`}
${footnotes(table)}
</section>
`;
}
