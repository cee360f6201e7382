import type { RunResults } from '@medbench/core';
import { ranksCaption, SYNTHETIC_LINE, tableCaption, testsCaption } from './caption.js';
import { capitalise, formatFigure, formatRank, oneLine } from './format.js';
import {
  type ResultTable,
  resultTable,
  splitRuns,
  type TableColumn,
  type TableFigure,
  type TableRow,
} from './model.js';

/** Most columns that fit a page. Beyond this, each modality has its own table. */
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
  // Directly after \\ a bracket would start its optional argument, and a star would belong to the command.
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

/** Untrusted text as literal LaTeX on one line; other scripts are left as UTF-8. */
const escapeLatex = (text: string): string =>
  [...oneLine(text)]
    // LaTeX turns two hyphens into a dash.
    .map((character, i, characters) =>
      character === '-' && characters[i + 1] === '-' ? '-{}' : (COMMANDS[character] ?? character),
    )
    .join('');

const noteMark = (notes: readonly number[]): string =>
  notes.length > 0 ? `\\textsuperscript{${notes.join(',')}}` : '';

function cell(figure: TableFigure, star: boolean): string {
  const text = escapeLatex(formatFigure(figure));
  const marks = figure.marks.map(({ symbol }) => `\\,${COMMANDS[symbol]}`).join('');
  return `${figure.best ? `\\textbf{${text}}` : text}${noteMark(figure.notes)}${marks}${star ? '{*}' : ''}`;
}

/** A header line over groups of columns, with a rule below each group. */
function groupLine(columns: readonly TableColumn[], key: (column: TableColumn) => string): string[] {
  let nextColumn = 2;
  const groups = splitRuns(columns, key).map((group) => {
    const firstColumn = nextColumn;
    nextColumn += group.length;
    return {
      head: `\\multicolumn{${group.length}}{c}{${escapeLatex(capitalise(key(group[0]!)))}}`,
      rule: `\\cmidrule(lr){${firstColumn}-${nextColumn - 1}}`,
    };
  });
  return [`& ${groups.map(({ head }) => head).join(' & ')} \\\\`, groups.map(({ rule }) => rule).join(' ')];
}

interface TablePart {
  readonly indices: readonly number[];
  readonly ranks: boolean;
  readonly caption: string;
}

function tabular(table: ResultTable, { indices, ranks, caption }: TablePart): string {
  const columns = indices.map((i) => table.columns[i]!);
  const line = (row: TableRow): string => {
    const name = escapeLatex(row.title);
    const figures = indices.map((i) => {
      const figure = row.figures[i]!;
      return cell(figure, table.columns[i]!.synthetic === 'some' && figure.synthetic);
    });
    const fields = [
      row.control ? `\\textit{${name}}` : name,
      ...figures,
      ...(ranks ? [escapeLatex(formatRank(row.rank))] : []),
    ];
    return `${fields.join(' & ')} \\\\`;
  };
  const methods = table.rows.filter(({ control }) => !control);
  const controls = table.rows.filter(({ control }) => control);
  const star = ({ synthetic }: TableColumn): string => (synthetic === 'all' ? '{*}' : '');
  const names = columns.map((column) => `${escapeLatex(column.title)}${star(column)}`);
  const metrics = columns.map(
    ({ metric, words, notes }) => `${escapeLatex(words.withArrow(metric))}${noteMark(notes)}`,
  );
  return [
    '\\begin{table}',
    '\\centering',
    `\\caption{${escapeLatex(caption)}}`,
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
 * The table of `renderTable` for a paper, with `booktabs` rules and the footnotes as a list. It is one `table`
 * environment; if that is too wide, one for each modality and one with the average ranks. Text from the file is
 * escaped, so that it cannot become a command.
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
    `${capitalise([...tableCaption(table, true), ...controls].join(' · '))}.`,
    ...testsCaption(table),
  ].join(' ');
  const ranking = ranksCaption(table).join(' ');
  const allIndices = table.columns.map((_, i) => i);
  const ranks = ranking !== '';
  const tables: TablePart[] =
    allIndices.length <= WIDEST
      ? [{ indices: allIndices, ranks, caption: `${caption} ${ranking}`.trimEnd() }]
      : [
          ...splitRuns(allIndices, (i) => table.columns[i]!.modality).map((indices) => ({
            indices,
            ranks: false,
            caption: `${capitalise(table.columns[indices[0]!]!.modality)}. ${caption}`,
          })),
          ...(ranks ? [{ indices: [], ranks, caption: ranking }] : []),
        ];
  const notes = table.notes.map((note, i) => `\\item[\\textsuperscript{${i + 1}}] ${escapeLatex(note)}`);
  const list = notes.length > 0 ? [['\\begin{itemize}', ...notes, '\\end{itemize}'].join('\n')] : [];
  return `${[head, ...tables.map((part) => tabular(table, part)), ...list].join('\n\n')}\n`;
}
