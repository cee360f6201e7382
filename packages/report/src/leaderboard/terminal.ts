import { formatFigure, oneLine, plural, wrapLines } from '../format.js';
import { plainTable } from '../plain-table.js';
import type { Board } from './board.js';
import { describeRepeated } from './html/sources-section.js';

const COLUMNS = [
  ...(['task', 'protocol', 'metric', 'best model', 'figure'] as const).map((head) => [head, 'left'] as const),
  ...(['not worse', 'not tested', 'models'] as const).map((head) => [head, 'right'] as const),
];

/** The best model of each column, and how many others are not significantly worse, as a terminal table. */
export function renderLeaderboardTable(
  { table, entries, sets, sources, refused, repeated }: Board,
  { width = 120 }: { readonly width?: number } = {},
): string {
  const lines = table.columns.map(({ words, metric, synthetic }, c) => {
    const methods = table.rows.filter(({ control, figures }) => !control && figures[c]!.value !== null);
    const best = methods.find(({ figures }) => figures[c]!.best) ?? methods[0];
    const count = (symbol: string): number =>
      methods.filter(({ figures }) => figures[c]!.marks.some((mark) => mark.symbol === symbol)).length;
    const star = synthetic === 'none' ? '' : ' *';
    return [
      `${oneLine(sets[c]!.id, 30)}${star}`,
      ...[oneLine(words.title, 20), oneLine(metric, 20)],
      ...[best ? oneLine(best.id, 30) : '—', best ? formatFigure(best.figures[c]!) : '—'],
      ...[count('≈'), count('?'), methods.length],
    ];
  });
  const models = entries.filter(({ control }) => !control).length;
  const paragraphs = [
    `${plural(models, 'model')} from ${plural(sources.length, 'folder')} of results, ${plural(sets.length, 'column')}.`,
    plainTable(COLUMNS, lines),
    table.columns.some(({ synthetic }) => synthetic !== 'none')
      ? '* figures on generated phantoms: they say nothing about medicine.'
      : '',
    repeated.flatMap((one) => wrapLines(oneLine(describeRepeated(one)), width, 2)).join('\n'),
    refused.length > 0 ? `Left out: ${plural(refused.length, 'source')}.` : '',
  ];
  return `${paragraphs.filter((text) => text !== '').join('\n\n')}\n`;
}
