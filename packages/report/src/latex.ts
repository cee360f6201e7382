import type { RunResults } from '@medbench/core';
import { ranksCaption, SYNTHETIC_LINE, tableCaption, testsCaption } from './caption.js';
import { capitalised, formatFigure, formatRank, oneLine } from './format.js';
import { type Column, type Figure, type ResultTable, type Row, resultTable, splitRuns } from './model.js';

/** Columns beyond which there is a table for each modality: more do not fit a page. */
const WIDEST = 6;

const COMMANDS: Readonly<Record<string, string>> = {
  '\\': '\\textbackslash{}',
  '{': '\\{',
  '}': '\\}',
  $: '\\$',
  '&': '\\&',
  '#': '\\#',
  '%': '\\%',
  _: '\\_',
  '~': '\\textasciitilde{}',
  '^': '\\textasciicircum{}',
  '<': '\\textless{}',
  '>': '\\textgreater{}',
  '|': '\\textbar{}',
  '"': "''",
  '`': '{`}',
  // After \\ they would be its options.
  '[': '{[}',
  ']': '{]}',
  '*': '{*}',
  '≈': '$\\approx$',
  '∘': '$\\circ$',
  '±': '$\\pm$',
  '·': '$\\cdot$',
  '×': '$\\times$',
  '✗': '$\\times$',
  '↑': '$\\uparrow$',
  '↓': '$\\downarrow$',
  λ: '$\\lambda$',
  '—': '---',
  '–': '--',
  '“': '``',
  '”': "''",
  '’': "'",
  '…': '\\ldots{}',
  '\u00a0': '~',
  '\u2009': '\\,',
};

/** Text of unknown origin as literal LaTeX on one line; other scripts stay as they are (UTF-8). */
const literal = (text: string): string =>
  [...oneLine(text)]
    // Two hyphens would be a dash.
    .map((character, i, all) => (character === '-' && all[i + 1] === '-' ? '-{}' : (COMMANDS[character] ?? character)))
    .join('');

const noteMark = (notes: readonly number[]): string =>
  notes.length > 0 ? `\\textsuperscript{${notes.join(',')}}` : '';

function cell(figure: Figure, star: boolean): string {
  const text = literal(formatFigure(figure));
  const marks = figure.marks.map(({ symbol }) => `\\,${COMMANDS[symbol]}`).join('');
  return `${figure.best ? `\\textbf{${text}}` : text}${noteMark(figure.notes)}${marks}${star ? '{*}' : ''}`;
}

/** A header over groups of columns, with a rule below each. */
function groupLine(columns: readonly Column[], key: (column: Column) => string): string[] {
  let at = 2;
  const groups = splitRuns(columns, key).map((group) => {
    const from = at;
    at += group.length;
    return {
      head: `\\multicolumn{${group.length}}{c}{${literal(capitalised(key(group[0]!)))}}`,
      rule: `\\cmidrule(lr){${from}-${at - 1}}`,
    };
  });
  return [`& ${groups.map(({ head }) => head).join(' & ')} \\\\`, groups.map(({ rule }) => rule).join(' ')];
}

interface Part {
  readonly indices: readonly number[];
  readonly ranks: boolean;
  readonly caption: string;
}

function tabular(table: ResultTable, { indices, ranks, caption }: Part): string {
  const columns = indices.map((i) => table.columns[i]!);
  const line = (row: Row): string => {
    const name = literal(row.title);
    const figures = indices.map((i) => {
      const figure = row.figures[i]!;
      return cell(figure, table.columns[i]!.synthetic === 'some' && figure.synthetic);
    });
    const all = [
      row.control ? `\\textit{${name}}` : name,
      ...figures,
      ...(ranks ? [literal(formatRank(row.rank))] : []),
    ];
    return `${all.join(' & ')} \\\\`;
  };
  const methods = table.rows.filter(({ control }) => !control);
  const controls = table.rows.filter(({ control }) => control);
  const star = ({ synthetic }: Column): string => (synthetic === 'all' ? '{*}' : '');
  const names = columns.map((column) => `${literal(column.title)}${star(column)}`);
  const metrics = columns.map(({ metric, words, notes }) => `${literal(words.withArrow(metric))}${noteMark(notes)}`);
  return [
    '\\begin{table}',
    '\\centering',
    `\\caption{${literal(caption)}}`,
    `\\begin{tabular}{l${'r'.repeat(indices.length + Number(ranks))}}`,
    '\\toprule',
    ...(columns.length > 0
      ? [...groupLine(columns, ({ modality }) => modality), ...groupLine(columns, ({ words }) => words.title)]
      : []),
    `${['Method', ...names, ...(ranks ? ['Average rank'] : [])].join(' & ')} \\\\`,
    ...(columns.length > 0 ? [`${['', ...metrics, ...(ranks ? [''] : [])].join(' & ')} \\\\`] : []),
    '\\midrule',
    ...methods.map(line),
    ...(controls.length > 0 && methods.length > 0 ? ['\\midrule'] : []),
    ...controls.map(line),
    '\\bottomrule',
    '\\end{tabular}',
    '\\end{table}',
  ].join('\n');
}

/**
 * The table of `renderTable` for a paper: `booktabs` rules, one `table` environment, or one for each modality and one with
 * the average ranks where it would be too wide; the footnotes as a list. Text from the file is escaped, so that it cannot
 * become a command.
 */
export function renderLatex(results: RunResults): string {
  const table = resultTable(results);
  const { id, preset, seeds } = results.run;
  const synthetic = results.run.synthetic || table.columns.some((column) => column.synthetic !== 'none');
  const head = `% medbench run ${oneLine(id)}, preset ${oneLine(preset)}, seeds ${seeds.join(', ')}. Needs \\usepackage{booktabs}.`;
  if (table.columns.length === 0) return `${head}\nNo cell has been measured yet.\n`;
  const controls = table.rows.some(({ control }) => control) ? ['italics: controls'] : [];
  const caption = [
    ...(synthetic ? [SYNTHETIC_LINE] : []),
    `${capitalised([...tableCaption(table, true), ...controls].join(' · '))}.`,
    ...testsCaption(table),
  ].join(' ');
  const ranking = ranksCaption(table).join(' ');
  const all = table.columns.map((_, i) => i);
  const ranks = ranking !== '';
  const parts: Part[] =
    all.length <= WIDEST
      ? [{ indices: all, ranks, caption: `${caption} ${ranking}`.trimEnd() }]
      : [
          ...splitRuns(all, (i) => table.columns[i]!.modality).map((indices) => ({
            indices,
            ranks: false,
            caption: `${capitalised(table.columns[indices[0]!]!.modality)}. ${caption}`,
          })),
          ...(ranks ? [{ indices: [], ranks, caption: ranking }] : []),
        ];
  const notes = table.notes.map((note, i) => `\\item[\\textsuperscript{${i + 1}}] ${literal(note)}`);
  const list = notes.length > 0 ? [['\\begin{itemize}', ...notes, '\\end{itemize}'].join('\n')] : [];
  return `${[head, ...parts.map((part) => tabular(table, part)), ...list].join('\n\n')}\n`;
}
