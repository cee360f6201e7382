import type { RunResults } from '@medbench/core';
import Table from 'cli-table3';
import { ranksCaption, SYNTHETIC_LINE, tableCaption, testsCaption } from './caption.js';
import { capitalise, formatFigure, formatRank, oneLine, superscript, wrapLines } from './format.js';
import { type ResultTable, resultTable, splitRuns, type TableColumn } from './model.js';
import { markSuffix } from './significance.js';

export interface TableOptions {
  /** Whether to use ANSI bold, dim and colours. Default false. */
  readonly color?: boolean;
  /** Characters per line; wider tables are split by modality, then by column. Default 120. */
  readonly width?: number;
}

const GAP = '  ';
const LABEL_LIMIT = 24;
const HEADER_LIMIT = 18;

const paint = (code: string, text: string): string => `\u001b[${code}m${text}\u001b[0m`;
const textWidth = (text: string): number => [...text].length;

/** Breaks an id after hyphens, underscores or spaces into lines of at most `HEADER_LIMIT` characters. */
function wrapHeader(text: string): string[] {
  const lines: string[] = [''];
  for (const word of oneLine(text).match(/[^-_ ]*[-_ ]?/g) ?? []) {
    const last = lines.length - 1;
    if (lines[last] !== '' && textWidth(lines[last]! + word) > HEADER_LIMIT) lines.push(word);
    else lines[last] += word;
  }
  return lines.map((line) => oneLine(line, HEADER_LIMIT));
}

interface PrintedCell {
  readonly text: string;
  readonly best?: boolean;
  readonly failed?: boolean;
}

interface PrintedColumn {
  readonly modality: string;
  readonly header: readonly string[];
  /** One per row of the table. */
  readonly cells: readonly PrintedCell[];
  readonly width: number;
}

const sizeColumn = (modality: string, header: readonly string[], cells: readonly PrintedCell[]): PrintedColumn => ({
  modality,
  header,
  cells,
  width: Math.max(...[modality, ...header, ...cells.map(({ text }) => text)].map(textWidth)),
});

function printedColumn(table: ResultTable, column: TableColumn, index: number): PrintedColumn {
  const columnStar = column.synthetic === 'all' ? ' *' : '';
  const header = [
    ...wrapHeader(column.task),
    column.words.title,
    oneLine(column.words.withArrow(column.metric), HEADER_LIMIT + 4) + superscript(column.notes) + columnStar,
  ];
  const cells = table.rows.map(({ figures }): PrintedCell => {
    const figure = figures[index]!;
    const figureStar = column.synthetic === 'some' && figure.synthetic ? ' *' : '';
    const text = formatFigure(figure) + superscript(figure.notes) + markSuffix(figure.marks) + figureStar;
    return { text, best: figure.best, failed: figure.status === 'failed' };
  });
  return sizeColumn(oneLine(capitalise(column.modality), HEADER_LIMIT), header, cells);
}

/** The column of average ranks; empty for results without ranks. */
const rankColumn = ({ statistics, rows }: ResultTable): PrintedColumn[] =>
  statistics?.ranks
    ? [
        sizeColumn(
          'Overall',
          ['average', 'rank ↓'],
          rows.map(({ rank }) => ({ text: formatRank(rank) })),
        ),
      ]
    : [];

/**
 * Splits columns into tables that fit `room`: between modalities, and inside a modality only if it is too wide alone.
 */
function splitToFit(columns: readonly PrintedColumn[], room: number): PrintedColumn[][] {
  const totalWidth = (list: readonly PrintedColumn[]): number =>
    list.reduce((sum, { width }) => sum + GAP.length + width, 0);
  const tables: PrintedColumn[][] = [[]];
  const add = (group: readonly PrintedColumn[]): void => {
    const last = tables.at(-1)!;
    if (last.length === 0 || totalWidth([...last, ...group]) <= room) last.push(...group);
    else tables.push([...group]);
  };
  for (const modality of splitRuns(columns, (column) => column.modality)) {
    if (totalWidth(modality) <= room) add(modality);
    else for (const column of modality) add([column]);
  }
  return tables.filter((part) => part.length > 0);
}

function draw(table: ResultTable, part: readonly PrintedColumn[], color: boolean): string {
  const labels = table.rows.map(({ id }) => oneLine(id, LABEL_LIMIT));
  const labelWidth = Math.max(6, ...labels.map(textWidth));
  const widths = [labelWidth, ...part.map(({ width }) => width)];
  const noBorders = Object.fromEntries(
    'top,top-mid,top-left,top-right,bottom,bottom-mid,bottom-left,bottom-right,left,left-mid,mid,mid-mid,right,right-mid'
      .split(',')
      .map((name) => [name, '']),
  );
  const grid = new Table({
    // Half of the gap is padding: cli-table3 counts every separator under a spanning cell as one character.
    colWidths: widths.map((width) => width + GAP.length - 1),
    chars: { ...noBorders, middle: ' ' },
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': GAP.length - 1, compact: true },
  });
  const rule = widths.map((width) => '─'.repeat(width));
  grid.push([
    '',
    ...splitRuns(part, ({ modality }) => modality).map((group) => {
      const span = group.reduce((sum, { width }) => sum + width, GAP.length * (group.length - 1));
      const name = group[0]!.modality;
      return {
        colSpan: group.length,
        content: `${name} ${'─'.repeat(Math.max(0, span - textWidth(name) - 1))}`.trimEnd(),
      };
    }),
  ]);
  const height = Math.max(...part.map(({ header }) => header.length));
  for (let line = 0; line < height; line++) {
    const label = line === height - 1 ? 'method' : '';
    // Headers are aligned at the bottom, so that protocols share a line and metrics share the next.
    grid.push([label, ...part.map(({ header }) => header[line - height + header.length] ?? '')]);
  }
  grid.push(rule);
  table.rows.forEach((row, i) => {
    if (row.control && i > 0 && !table.rows[i - 1]!.control) grid.push(rule);
    const dim = (text: string): string => (color && row.control ? paint('2', text) : text);
    const cells = part.map(({ cells }) => {
      const { text, best, failed } = cells[i]!;
      if (color && best) return paint('1', text);
      return color && failed ? paint('31', text) : dim(text);
    });
    grid.push([dim(labels[i]!), ...cells]);
  });
  return grid.toString().replaceAll(/ +$/gm, '');
}

/** The text below the table: the caption, the outcome of the tests, and the footnotes. */
function renderNotes(table: ResultTable, color: boolean, width: number): string {
  const caption = capitalise(tableCaption(table, color).join(' · '));
  const notes = table.notes.flatMap((note, i) => {
    const label = superscript([i + 1]);
    const room = Math.max(20, width - textWidth(label) - 1);
    // Footnotes about columns are printed in full. Reasons of single cells are cut: the log has them too.
    return i < table.columnNotes
      ? wrapLines(`${label} ${oneLine(note)}`, width, textWidth(label) + 1)
      : `${label} ${oneLine(note, room)}`;
  });
  const tests = [...testsCaption(table), ...ranksCaption(table)].flatMap((sentence) => wrapLines(sentence, width, 2));
  return [...(caption ? [caption] : []), ...tests, ...notes].join('\n');
}

/**
 * The run as a terminal table. Rows: one per method, then the controls under a rule. Columns: one per task and
 * protocol, by modality, each followed by one for its rare classes if it has any; the average rank comes last. A cell
 * shows the metric with its 95 % interval, or mean ± standard deviation for several seeds, and the marks of paired
 * tests (`≈`, `∘`). Below the table are the meaning of the marks, leaks and the reasons of failed cells. Control
 * characters are removed from text of the file.
 */
export function renderTable(results: RunResults, { color = false, width = 120 }: TableOptions = {}): string {
  const table = resultTable(results);
  const { id, preset, backend, seeds } = results.run;
  const paragraphs: string[] = [];
  const synthetic = results.run.synthetic || table.columns.some((column) => column.synthetic !== 'none');
  const head = oneLine(
    `Run ${id} · preset ${preset} · backend ${backend} · ${seeds.length > 1 ? 'seeds' : 'seed'} ${seeds.join(', ')}`,
  );
  paragraphs.push(synthetic ? `${color ? paint('33', SYNTHETIC_LINE) : SYNTHETIC_LINE}\n${head}` : head);
  return `${[...paragraphs, drawTables(table, { color, width })].join('\n\n')}\n`;
}

/** The table with the text below it, without the head. */
export function drawTables(table: ResultTable, { color = false, width = 120 }: TableOptions = {}): string {
  if (table.columns.length === 0) return 'No cell has been measured yet.';
  const labelWidth = Math.max(6, ...table.rows.map((row) => textWidth(oneLine(row.id, LABEL_LIMIT))));
  const columns = [...table.columns.map((column, i) => printedColumn(table, column, i)), ...rankColumn(table)];
  const parts = splitToFit(columns, width - labelWidth).map((part) => draw(table, part, color));
  return [...parts, renderNotes(table, color, width)].filter((text) => text !== '').join('\n\n');
}
