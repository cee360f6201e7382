import { formatInterval, formatSigned, formatSignedInterval, formatValue, oneLine, wrapLines } from '../format.js';
import { plainTable } from '../plain-table.js';
import {
  ASSUMPTIONS,
  describeSource,
  doubtNumbers,
  isShown,
  listMissing,
  type RunBesideStudy,
  summariseStudyComparison,
} from './model.js';

const withInterval = ({
  value,
  interval,
}: {
  readonly value: number;
  readonly interval: readonly [number, number] | null;
}): string => (interval ? `${formatValue(value)} ${formatInterval(interval)}` : formatValue(value));

const COLUMNS = [
  ...(['row', 'task', 'protocol', 'metric', 'run', 'study'] as const).map((head) => [head, 'left'] as const),
  ...(['difference', '95 % interval'] as const).map((head) => [head, 'right'] as const),
  ...(['verdict', 'doubts'] as const).map((head) => [head, 'left'] as const),
];

/** A run beside the study as a terminal table: one line for each figure that both have. */
export function renderStudyTable(shown: RunBesideStudy, { width = 120 }: { readonly width?: number } = {}): string {
  const { comparison, doubts, reasons, words } = shown;
  const cells = comparison.cells.filter(isShown);
  const lines = cells.map((cell) => {
    const reason = cell.reason === undefined ? '' : ` (${letter(reasons.indexOf(cell.reason))})`;
    return [
      oneLine(cell.row, 24),
      oneLine(cell.task, 24),
      words(cell.protocol).title,
      oneLine(cell.run!.metric, 27),
      `${withInterval(cell.run!)}${cell.run!.synthetic ? ' *' : ''}`,
      withInterval(cell.study),
      formatSigned(cell.difference!),
      cell.differenceInterval ? formatSignedInterval(cell.differenceInterval) : '—',
      `${cell.verdict}${reason}`,
      doubtNumbers(cell, shown)
        .map((number) => `[${number}]`)
        .join(''),
    ];
  });
  const wrap = (lines: readonly string[], indent = 2): string =>
    lines.flatMap((line) => wrapLines(line, width, indent)).join('\n');
  const { pairs, alone, settings } = comparison;
  const missing = listMissing(shown);
  const paragraphs = [
    wrap(summariseStudyComparison(shown)),
    wrap(
      pairs.map(
        ({ row, studyRow, studyTitle, epoch, by }) =>
          `${oneLine(row, 60)} is compared with ${studyRow}: ${studyTitle}, epoch ${epoch} (paired by ${by}).`,
      ),
    ),
    cells.length > 0 ? plainTable(COLUMNS, lines) : '',
    cells.some(({ run }) => run!.synthetic) ? '* on generated phantoms: they say nothing about medicine.' : '',
    wrap(
      reasons.map((reason, i) => `(${letter(i)}) ${oneLine(reason)}`),
      4,
    ),
    doubts.length > 0
      ? wrap(['Reasons to doubt figures of the study:', ...doubts.map((doubt, i) => `[${i + 1}] ${doubt}`)], 4)
      : '',
    missing.length > 0
      ? wrap(['Not in the run:', ...missing.map(({ row, columns }) => `  ${oneLine(row)}: ${columns}`)], 4)
      : '',
    wrap([
      ...(alone.run.length > 0
        ? [`Rows of the run without a row of the study: ${alone.run.map((row) => oneLine(row, 60)).join('; ')}.`]
        : []),
      ...(alone.study.length > 0 ? [`Rows of the study without a row of the run: ${alone.study.join('; ')}.`] : []),
    ]),
    settings.length > 0
      ? [
          'The run differs from the study in (run | study):',
          ...settings.map(
            ({ name, run, study }) => `  ${name}: ${run === null ? 'not set' : oneLine(run, 60)} | ${study}`,
          ),
        ].join('\n')
      : '',
    wrap([...(cells.length > 0 ? ASSUMPTIONS : []), describeSource(shown)]),
  ];
  return `${paragraphs.filter((text) => text !== '').join('\n\n')}\n`;
}

/** Letter of a reason: a, b, …; a number beyond z. */
const letter = (index: number): string => (index < 26 ? String.fromCharCode(97 + index) : String(index + 1));
