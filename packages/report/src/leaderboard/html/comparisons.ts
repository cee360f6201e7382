import { formatP, formatSigned, formatSignedInterval, oneLine } from '../../format.js';
import { html, type Markup } from '../../html/escape.js';
import { scrollable } from '../../html/results-table.js';
import { shellWord } from '../../shell-word.js';
import type { Board } from '../board.js';
import type { Entry } from '../entries.js';
import type { Source } from '../sources.js';
import { outcome, type PairTest } from '../tests.js';
import { entryHead, nameHead, verdictText } from './parts.js';

/** Most models that a page compares a model with; data.json has the tests with the best of each column in any case. */
export const MOST_COMPARED = 60;

const CLASSES = { better: 'pair-better', worse: 'pair-worse' } as const;

/** A cell with the outcome of a test for the first of two entries. */
export function outcomeCell(pair: PairTest | undefined): Markup {
  if (!pair) return html`<td class="number">—</td>`;
  const verdict = outcome(pair);
  if (!pair.test || pair.difference === null)
    return html`<td class="number pair"><span class="pair-none" title="${pair.reason ?? ''}">${verdictText(verdict)}</span></td>`;
  const { difference, test } = pair;
  const numbers = `95 % interval ${formatSignedInterval(test.ci95)}, adjusted p ${formatP(test.adjusted)}, trainings ${test.seeds}`;
  const style = verdict === 'better' || verdict === 'worse' ? CLASSES[verdict] : 'pair-none';
  return html`<td class="number pair" data-value="${difference}"><span title="${numbers}">${formatSigned(difference)}</span><small class="${style}">${verdictText(verdict)}</small></td>`;
}

/**
 * The command that repeats the tests of two entries; undefined if one is gathered from several folders, or has a name that
 * a page does not show as it is.
 */
function repeatCommand(first: Entry, second: Entry): string | undefined {
  const sources = [first, second].map((entry) => entry.submissions.flatMap((submission) => submission.sources));
  const [[a, ...moreA], [b, ...moreB]] = sources as [Source[], Source[]];
  if (!a || !b || moreA.length + moreB.length > 0) return undefined;
  const pair = first.row === second.row && a !== b ? [] : ['--pair', `${first.row}=${second.row}`];
  const words = [a.source, b.source, ...pair];
  if (words.some((word) => word.startsWith('-') && word !== '--pair') || words.some((word) => oneLine(word) !== word)) {
    return undefined;
  }
  return `medbench compare ${words.map(shellWord).join(' ')}`;
}

/** The section that compares an entry with the others, column by column; undefined for controls. */
export function comparisonsSection({ entries, sets, table, tests }: Board, entry: Entry): Markup | undefined {
  const others = entries.filter((other) => other !== entry && !other.control);
  if (entry.control || others.length === 0) return undefined;
  const columns = sets.flatMap((set, c) => (entry.cells.has(set) ? [{ set, column: table.columns[c]! }] : []));
  const shown = others.slice(0, MOST_COMPARED);
  const caption =
    'This model minus each other one: mean difference of the scores per test example, and the outcome for this model.';
  const command = repeatCommand(entry, shown[0]!);
  const head = ({ column }: (typeof columns)[number], i: number): Markup =>
    html`<th scope="col" class="number" data-column="${i + 1}"><span class="label"><bdi>${column.title}</bdi></span> <small>${column.words.title}</small></th>`;
  const line = (other: Entry): Markup => {
    const pairs = tests.between(entry, other);
    return html`<tr>${entryHead(other, '../')}${columns.map(({ set }) => outcomeCell(pairs.get(set)))}</tr>\n`;
  };
  return html`<section><h2>Compared with other models</h2>
${scrollable(
  caption,
  html`<table class="sortable">
<caption><span>${caption}</span></caption>
<thead><tr>${nameHead('Other model')}${columns.map(head)}</tr></thead>
<tbody>
${shown.map(line)}</tbody></table>`,
)}
${shown.length < others.length && html`<p>The ${shown.length} models that come first in the table of all ${others.length} others are shown.</p>\n`}${
  command !== undefined && html`<p>This command repeats the first line: <code>${command}</code></p>\n`
}</section>
`;
}
