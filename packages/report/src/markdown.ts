import type { RunResults } from '@medbench/core';
import { markdownTable } from 'markdown-table';
import { ranksCaption, SYNTHETIC_LINE, tableCaption, testsCaption } from './caption.js';
import { capitalise, formatFigure, formatRank, oneLine, superscript } from './format.js';
import { resultTable } from './model.js';
import { markSuffix } from './significance.js';

/** Untrusted text as literal Markdown, on one line. */
export const escapeMarkdown = (text: string): string =>
  oneLine(text)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll(/[\\|*_`[\]~#!]/g, '\\$&');

/** Untrusted text as inline code, on one line. */
export const inlineCode = (text: string): string => `\`${oneLine(text).replaceAll('`', "'").replaceAll('|', '\\|')}\``;

/**
 * The table of `renderTable` as GitHub-flavoured Markdown: one table with controls in italics, the outcome of the tests
 * after the caption, and footnotes as a list. Text from the file is escaped, so that it cannot become markup.
 */
export function renderMarkdown(results: RunResults): string {
  const table = resultTable(results);
  const { id, preset, backend, seeds } = results.run;
  const synthetic = results.run.synthetic || table.columns.some((column) => column.synthetic !== 'none');
  const run = `Run ${inlineCode(id)} · preset ${inlineCode(preset)} · backend ${inlineCode(backend)} · ${
    seeds.length > 1 ? 'seeds' : 'seed'
  } ${seeds.join(', ')}`;
  const paragraphs = synthetic ? [`> **${SYNTHETIC_LINE.replace('*', '\\*')}**`, run] : [run];
  if (table.columns.length === 0) return `${[...paragraphs, 'No cell has been measured yet.'].join('\n\n')}\n`;
  const header = table.columns.map(({ modality, title, words, metric, synthetic, notes }) =>
    [
      escapeMarkdown(capitalise(modality)),
      escapeMarkdown(title),
      escapeMarkdown(words.title),
      escapeMarkdown(words.withArrow(metric)) + superscript(notes) + (synthetic === 'all' ? ' \\*' : ''),
    ].join('<br>'),
  );
  const ranked = Boolean(table.statistics?.ranks);
  if (ranked) header.push('Average rank ↓');
  const rows = table.rows.map((row) => [
    row.control ? `*${escapeMarkdown(row.title)}*` : escapeMarkdown(row.title),
    ...row.figures.map((figure, i) => {
      const text = formatFigure(figure);
      const mark = table.columns[i]!.synthetic === 'some' && figure.synthetic ? ' \\*' : '';
      return (figure.best ? `**${text}**` : text) + superscript(figure.notes) + markSuffix(figure.marks) + mark;
    }),
    ...(ranked ? [formatRank(row.rank)] : []),
  ]);
  paragraphs.push(markdownTable([['Method', ...header], ...rows], { align: ['l', ...header.map(() => 'r')] }));
  const caption = tableCaption(table, true);
  if (table.rows.some(({ control }) => control)) caption.push('italics: controls');
  paragraphs.push([`${capitalise(caption.join(' · '))}.`, ...testsCaption(table), ...ranksCaption(table)].join(' '));
  if (table.notes.length > 0) {
    paragraphs.push(table.notes.map((note, i) => `- ${superscript([i + 1])} ${escapeMarkdown(note)}`).join('\n'));
  }
  return `${paragraphs.join('\n\n')}\n`;
}
