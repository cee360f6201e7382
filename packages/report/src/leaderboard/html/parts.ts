import { html, type Markup } from '../../html/escape.js';
import type { TableFigure } from '../../model.js';
import type { Board } from '../board.js';
import type { Entry } from '../entries.js';
import type { Outcome } from '../tests.js';

/** How differences are tested, one sentence each. */
export const HOW_TESTED: readonly string[] = [
  'Two models are compared on the same test examples, by a t test over examples and trainings: trainings are paired where both have two or more seeds in common. With one training on each side nothing is tested.',
  'The tests are those of medbench compare. For a row that two submissions have in common, p is corrected by Holm for all cells that the two share; for any other two rows, for the columns that both have.',
  'p is not corrected for the number of models on the leaderboard: among many, some difference is significant by chance.',
  'Differences are of the mean score per test example, which differs from the figure where that is not such a mean, for example the AUROC.',
];

/** Says that figures are of generated data, if all or some of those shown are. */
export function phantomBanner(synthetic: readonly boolean[]): Markup | undefined {
  if (!synthetic.some(Boolean)) return undefined;
  return html`<p class="banner" role="note">Generated phantoms: ${
    synthetic.every(Boolean) ? 'these figures say' : 'the figures marked * say'
  } nothing about medicine.</p>`;
}

/** The way back to the leaderboard, and what the page is part of. */
export const wayBack = ({ title }: Board): Markup =>
  html`<nav aria-label="Leaderboard"><ul><li><a href="../index.html">← <bdi>${title}</bdi></a></li></ul></nav>`;

/** The name of an entry, linked to its page. @param base path to the folder of the leaderboard. */
export const entryLink = (entry: Entry, base: string): Markup =>
  html`<a href="${base}models/${entry.id}.html"><bdi>${entry.label}</bdi></a>`;

/** The head of a row with the name of an entry. */
export const entryHead = (entry: Entry, base: string): Markup =>
  html`<th scope="row" data-value="${entry.label}">${entryLink(entry, base)}${
    entry.title !== entry.label && html` <small><bdi>${entry.title}</bdi></small>`
  }</th>`;

/** The head of the first column, by which the script can sort. */
export const nameHead = (text: string, rows = 1): Markup =>
  html`<th scope="col" class="corner" rowspan="${rows}" data-column="0" data-text data-lower><span class="label">${text}</span></th>`;

const SIGNS: Readonly<Record<Outcome, string>> = {
  better: '▲ better',
  worse: '▼ worse',
  'no difference found': '≈ no difference found',
  'not tested': '? not tested',
};

/** A verdict with its sign. */
export const verdictText = (outcome: Outcome): string => SIGNS[outcome];

/** Place of each figure of a column, 1 for the best; equal figures share the better place. Controls have none. */
export function listPlaces(
  figures: readonly TableFigure[],
  entries: readonly Entry[],
  lowerIsBetter: boolean,
): (number | null)[] {
  const sign = lowerIsBetter ? -1 : 1;
  const values = figures.map(({ value }, i) => (value === null || entries[i]!.control ? null : sign * value));
  return values.map((value) =>
    value === null ? null : 1 + values.filter((other) => other !== null && other > value).length,
  );
}
