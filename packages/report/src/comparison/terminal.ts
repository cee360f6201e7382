import { formatP, formatSigned, formatSignedInterval, formatValue, oneLine, plural, wrapLines } from '../format.js';
import { plainTable } from '../plain-table.js';
import { type ComparedRuns, describeTest, nameRows, summariseComparison } from './model.js';

const list = (names: readonly string[]): string => names.map((name) => oneLine(name, 60)).join('; ');

/**
 * Two runs as a terminal table: one line per cell that both runs have. Below it are the rows and columns that only one
 * run has, and the settings that differ.
 */
export function renderComparisonTable(
  compared: ComparedRuns,
  { width = 120 }: { readonly width?: number } = {},
): string {
  const { runs, comparison, settings, alone } = compared;
  const names = runs.map(({ name }) => oneLine(name, 24));
  // Reasons are long: each is printed once below the table, with a number.
  const reasons: string[] = [];
  const shorten = (verdict: string, reason: string | undefined): string => {
    if (reason === undefined) return verdict;
    if (!reasons.includes(reason)) reasons.push(reason);
    return `not tested [${reasons.indexOf(reason) + 1}]`;
  };
  const lines = comparison.cells.map((cell) => [
    oneLine(nameRows(cell), 48),
    oneLine(cell.task, 24),
    compared.words(cell.protocol).title,
    ...cell.values.map((value) => (Number.isNaN(value) ? '✗' : formatValue(value))),
    cell.difference === null ? '—' : formatSigned(cell.difference),
    cell.test ? formatSignedInterval(cell.test.ci95) : '—',
    cell.test ? formatP(cell.test.adjusted) : '—',
    shorten(describeTest(cell, comparison.level), cell.reason),
  ]);
  const columns = [
    ...['row', 'task', 'protocol'].map((head) => [head, 'left'] as const),
    ...[...names, 'difference', '95 % interval', 'p'].map((head) => [head, 'right'] as const),
    ['verdict', 'left'] as const,
  ];
  const only = alone.flatMap(({ rows, columns }, i) => [
    ...(rows.length > 0 ? [`Only in ${names[i]}: ${plural(rows.length, 'row')}: ${list(rows)}.`] : []),
    ...(columns.length > 0 ? [`Only in ${names[i]}: ${plural(columns.length, 'column')}: ${list(columns)}.`] : []),
  ]);
  const differences = settings.map(
    ({ name, values }) => `  ${oneLine(name, 50)}: ${values.map((value) => oneLine(value ?? '—', 60)).join(' | ')}`,
  );
  const paragraphs = [
    summariseComparison(compared)
      .flatMap((sentence) => wrapLines(sentence, width, 2))
      .join('\n'),
    comparison.cells.length > 0 ? plainTable(columns, lines) : '',
    reasons.flatMap((reason, i) => wrapLines(`[${i + 1}] ${oneLine(reason)}`, width, 4)).join('\n'),
    only.flatMap((line) => wrapLines(line, width, 2)).join('\n'),
    differences.length > 0
      ? ['The runs differ in:', ...differences].join('\n')
      : 'The runs have the same settings and versions.',
  ];
  return `${paragraphs.filter((text) => text !== '').join('\n\n')}\n`;
}
