import type { RunResults } from '@medbench/core';
import Table from 'cli-table3';
import { capitalised, formatFigure, oneLine, protocolTitle, superscript } from './format.js';
import { withArrow } from './metrics.js';
import { type Column, captionOf, type Figure, type ResultTable, resultTable, runsOf, SYNTHETIC_LINE } from './model.js';

export interface TableOptions {
  /** ANSI bold, dim and colours. Default false. */
  readonly color?: boolean;
  /** Characters per line; wider tables are split by modality, then by column. Default 120. */
  readonly width?: number;
}

const GAP = '  ';
const LABEL_LIMIT = 24;
const HEADER_LIMIT = 18;

const paint = (code: string, text: string): string => `\u001b[${code}m${text}\u001b[0m`;
const widthOf = (text: string): number => [...text].length;

/** Breaks an id after a hyphen, underscore or space where it is longer than a figure is wide. */
function wrapped(text: string): string[] {
  const lines: string[] = [''];
  for (const part of oneLine(text).match(/[^-_ ]*[-_ ]?/g) ?? []) {
    const last = lines.length - 1;
    if (lines[last] !== '' && widthOf(lines[last]! + part) > HEADER_LIMIT) lines.push(part);
    else lines[last] += part;
  }
  return lines.map((line) => oneLine(line, HEADER_LIMIT));
}

interface PrintedColumn {
  readonly modality: string;
  readonly header: readonly string[];
  readonly cells: readonly string[];
  readonly figures: readonly Figure[];
  readonly width: number;
}

function printedColumn(table: ResultTable, column: Column, index: number): PrintedColumn {
  const mark = column.synthetic === 'all' ? ' *' : '';
  const header = [
    ...wrapped(column.task),
    protocolTitle(column.protocol),
    oneLine(withArrow(column.metric), HEADER_LIMIT + 4) + mark,
  ];
  const figures = table.rows.map(({ figures }) => figures[index]!);
  const cells = figures.map((figure) => {
    const own = column.synthetic === 'some' && figure.synthetic ? ' *' : '';
    return formatFigure(figure) + superscript(figure.notes) + own;
  });
  const modality = oneLine(capitalised(column.modality), HEADER_LIMIT);
  return { modality, header, cells, figures, width: Math.max(...[modality, ...header, ...cells].map(widthOf)) };
}

/** Whole modalities side by side as long as they fit; one that is too wide alone is split between its columns. */
function split(columns: readonly PrintedColumn[], room: number): PrintedColumn[][] {
  const widthOfAll = (list: readonly PrintedColumn[]): number =>
    list.reduce((sum, { width }) => sum + GAP.length + width, 0);
  const parts: PrintedColumn[][] = [[]];
  const add = (group: readonly PrintedColumn[]): void => {
    const last = parts.at(-1)!;
    if (last.length === 0 || widthOfAll([...last, ...group]) <= room) last.push(...group);
    else parts.push([...group]);
  };
  for (const modality of runsOf(columns, (column) => column.modality)) {
    if (widthOfAll(modality) <= room) add(modality);
    else for (const column of modality) add([column]);
  }
  return parts.filter((part) => part.length > 0);
}

function draw(table: ResultTable, part: readonly PrintedColumn[], color: boolean): string {
  const labels = table.rows.map(({ id }) => oneLine(id, LABEL_LIMIT));
  const labelWidth = Math.max(6, ...labels.map(widthOf));
  const widths = [labelWidth, ...part.map(({ width }) => width)];
  const none = Object.fromEntries(
    'top,top-mid,top-left,top-right,bottom,bottom-mid,bottom-left,bottom-right,left,left-mid,mid,mid-mid,right,right-mid'
      .split(',')
      .map((name) => [name, '']),
  );
  const grid = new Table({
    // Half of the gap is padding: cli-table3 takes every separator under a spanning cell for one character.
    colWidths: widths.map((width) => width + GAP.length - 1),
    chars: { ...none, middle: ' ' },
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': GAP.length - 1, compact: true },
  });
  const rule = widths.map((width) => '─'.repeat(width));
  grid.push([
    '',
    ...runsOf(part, ({ modality }) => modality).map((group) => {
      const span = group.reduce((sum, { width }) => sum + width, GAP.length * (group.length - 1));
      const name = group[0]!.modality;
      return {
        colSpan: group.length,
        content: `${name} ${'─'.repeat(Math.max(0, span - widthOf(name) - 1))}`.trimEnd(),
      };
    }),
  ]);
  const height = Math.max(...part.map(({ header }) => header.length));
  for (let line = 0; line < height; line++) {
    const label = line === height - 1 ? 'method' : '';
    // Headers end on the same line, so that protocol and metric stand in one row each.
    grid.push([label, ...part.map(({ header }) => header[line - height + header.length] ?? '')]);
  }
  grid.push(rule);
  table.rows.forEach((row, i) => {
    if (row.control && i > 0 && !table.rows[i - 1]!.control) grid.push(rule);
    const dim = (text: string): string => (color && row.control ? paint('2', text) : text);
    const cells = part.map(({ cells, figures }) => {
      const { best, status } = figures[i]!;
      if (color && best) return paint('1', cells[i]!);
      return color && status === 'failed' ? paint('31', cells[i]!) : dim(cells[i]!);
    });
    grid.push([dim(labels[i]!), ...cells]);
  });
  return grid.toString().replaceAll(/ +$/gm, '');
}

/**
 * The run as a terminal table: one row per method, then the controls under a rule; one column per task and protocol,
 * by modality. A cell is the primary metric with its 95 % interval, or mean ± standard deviation where there are several
 * seeds; reasons of failed cells stand below. Text from the file is stripped of control characters.
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
  if (table.columns.length === 0) return `${paragraphs[0]}\n\nNo cell has been measured yet.\n`;
  const labelWidth = Math.max(6, ...table.rows.map((row) => widthOf(oneLine(row.id, LABEL_LIMIT))));
  const columns = table.columns.map((column, i) => printedColumn(table, column, i));
  for (const part of split(columns, width - labelWidth)) paragraphs.push(draw(table, part, color));
  const notes = table.notes.map((note, i) => {
    const label = superscript([i + 1]);
    return `${label} ${oneLine(note, Math.max(20, width - widthOf(label) - 1))}`;
  });
  const caption = capitalised(captionOf(table, color).join(' · '));
  paragraphs.push([...(caption ? [caption] : []), ...notes].join('\n'));
  return `${paragraphs.filter((text) => text !== '').join('\n\n')}\n`;
}
