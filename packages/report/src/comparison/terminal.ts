import Table from 'cli-table3';
import { formatP, formatSigned, formatSignedInterval, formatValue, oneLine, plural, wrapLines } from '../format.js';
import { type ComparedRuns, describeTest, summariseComparison } from './model.js';

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
  const table = new Table({
    head: ['row', 'task', 'protocol', ...names, 'difference', '95 % interval', 'p', 'verdict'],
    style: { head: [], border: [], compact: true },
    colAligns: ['left', 'left', 'left', 'right', 'right', 'right', 'right', 'right', 'left'],
    chars: Object.fromEntries(
      'top,top-mid,top-left,top-right,bottom,bottom-mid,bottom-left,bottom-right,left,left-mid,mid,mid-mid,right,right-mid,middle'
        .split(',')
        .map((name) => [name, '']),
    ),
  });
  // Reasons are long: each is printed once below the table, with a number.
  const reasons: string[] = [];
  const shorten = (verdict: string, reason: string | undefined): string => {
    if (reason === undefined) return verdict;
    if (!reasons.includes(reason)) reasons.push(reason);
    return `not tested [${reasons.indexOf(reason) + 1}]`;
  };
  for (const cell of comparison.cells) {
    table.push([
      oneLine(cell.row, 24),
      oneLine(cell.task, 24),
      compared.words(cell.protocol).title,
      ...cell.values.map((value) => (Number.isNaN(value) ? '✗' : formatValue(value))),
      cell.difference === null ? '—' : formatSigned(cell.difference),
      cell.test ? formatSignedInterval(cell.test.ci95) : '—',
      cell.test ? formatP(cell.test.adjusted) : '—',
      shorten(describeTest(cell, comparison.level), cell.reason),
    ]);
  }
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
    comparison.cells.length > 0 ? table.toString().replaceAll(/ +$/gm, '') : '',
    reasons.flatMap((reason, i) => wrapLines(`[${i + 1}] ${oneLine(reason)}`, width, 4)).join('\n'),
    only.flatMap((line) => wrapLines(line, width, 2)).join('\n'),
    differences.length > 0
      ? ['The runs differ in:', ...differences].join('\n')
      : 'The runs have the same settings and versions.',
  ];
  return `${paragraphs.filter((text) => text !== '').join('\n\n')}\n`;
}
