import { plural } from '../format.js';
import type { Verdict } from './answer.js';
import type { Finding, Judged } from './judge.js';

/** Columns that are named before the rest is only counted. */
const NAMED = 3;

/** What is said together: comparisons that share what they are about. */
export interface Clause {
  /** Of whom it is said, such as a row. */
  readonly subject: string;
  readonly judged: readonly Judged[];
  /** Whether the rows are named beside the columns, where a clause is about several. */
  readonly severalRows?: boolean;
}

/** A column as it is named in a sentence: `PneumoniaMNIST zero-shot`. */
export const columnLabel = ({ column: { title, words, rare } }: Judged): string =>
  `${title} ${words.title}${rare ? ', rare classes' : ''}`;

const labels = (judged: readonly Judged[], severalRows: boolean): string => {
  const named = judged
    .slice(0, NAMED)
    .map((one) => (severalRows ? `${one.first} on ${columnLabel(one)}` : columnLabel(one)));
  const more = judged.length > NAMED ? [`${judged.length - NAMED} more`] : [];
  return [...named, ...more].join('; ');
};

const WORDS: Readonly<Record<Finding, string>> = {
  helps: 'helps',
  hurts: 'hurts',
  'no-difference': 'no difference found at this size',
  'too-few': 'too few examples to tell',
  untested: 'not compared',
};

/** Order in which findings are told: what is sure comes first. */
const ORDER: readonly Finding[] = ['helps', 'hurts', 'no-difference', 'too-few', 'untested'];

/** What one clause says: `slip helps on 2 of 9 columns (A; B), no difference found at this size on the other 7`. */
export function clauseText({ subject, judged, severalRows = false }: Clause): string {
  const unit = severalRows ? 'comparison' : 'column';
  const told = ORDER.map((finding) => ({ finding, of: judged.filter((one) => one.finding === finding) })).filter(
    ({ of }) => of.length > 0,
  );
  const [first] = told;
  if (!first) return `${subject}: nothing to compare`;
  const sure = first.finding === 'helps' || first.finding === 'hurts';
  const lead = `${subject}${sure ? '' : ':'} ${WORDS[first.finding]}`;
  const count = judged.length;
  if (told.length === 1) {
    if (count === 1) return `${lead} on ${labels(judged, severalRows)}`;
    return `${lead} on ${sure ? 'all' : 'any of'} ${plural(count, unit)}`;
  }
  const parts = told.map(({ finding, of }, i) => {
    // Every column where something was found is named, and every one that is missing.
    const named = finding === 'no-difference' || finding === 'too-few' ? '' : ` (${labels(of, severalRows)})`;
    const where = i === 0 ? `${of.length} of ${plural(count, unit)}` : `${of.length}`;
    return `${i === 0 ? lead : WORDS[finding]} on ${where}${named}`;
  });
  return parts.join(', ');
}

/**
 * What many clauses say in counts alone, for a sentence that is still read: `slip helps on 2 of 9 columns; coca hurts on 1 of 9
 * columns; elsewhere no difference found at this size, or too few examples to tell`.
 */
export function clausesInBrief(clauses: readonly Clause[]): string {
  const countOf = ({ judged }: Clause, finding: Finding): number =>
    judged.filter((one) => one.finding === finding).length;
  const told = clauses.flatMap((clause) => {
    const sure = (['helps', 'hurts'] as const).filter((finding) => countOf(clause, finding) > 0);
    if (sure.length === 0) return [];
    const counts = sure.map((finding) => `${WORDS[finding]} on ${countOf(clause, finding)}`).join(' and ');
    const unit = clause.severalRows ? 'comparison' : 'column';
    return [`${clause.subject} ${counts} of ${plural(clause.judged.length, unit)}`];
  });
  const others = ORDER.slice(2).filter((finding) => clauses.some((clause) => countOf(clause, finding) > 0));
  const unsure = others.map((finding) => WORDS[finding]).join(', or ');
  if (told.length === 0) return `no row is told apart: ${unsure}`;
  return [...told, ...(others.length > 0 ? [`elsewhere ${unsure}`] : [])].join('; ');
}

/** One word for many findings: the direction only where most comparisons have it and none the other. */
export function combineFindings(judged: readonly Judged[]): Verdict {
  const count = (finding: Finding): number => judged.filter((one) => one.finding === finding).length;
  const tested = judged.length - count('untested');
  if (tested === 0) return 'not-answerable';
  const helps = count('helps');
  const hurts = count('hurts');
  if (helps > tested / 2 && hurts === 0) return 'helps';
  if (hurts > tested / 2 && helps === 0) return 'hurts';
  if (helps + hurts > 0) return 'mixed';
  return count('too-few') > 0 ? 'too-few' : 'no-difference';
}

/** What must be known before a sentence is believed: generated data, trainings that were made once. */
export function reservations(judged: readonly Judged[]): string {
  const columns = [...new Map(judged.map((one) => [one.column, one.column])).values()];
  const generated = columns.filter(({ synthetic }) => synthetic !== 'none').length;
  const once = judged.filter(({ seeds }) => seeds.length === 1).length;
  const said = [
    ...(generated === 0
      ? []
      : generated === columns.length
        ? ['on generated phantoms, which say nothing about medicine']
        : [`with ${generated} of ${plural(columns.length, 'column')} on generated phantoms`]),
    ...(once === 0
      ? []
      : once === judged.length
        ? ['with one training of each row (one seed), which another may contradict']
        : [`with one training of each row (one seed) in ${once} of ${plural(judged.length, 'comparison')}`]),
  ];
  return said.join(', and ');
}
