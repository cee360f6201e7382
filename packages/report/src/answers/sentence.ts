import { plural } from '../format.js';
import type { AnswerVerdict } from './answer.js';
import type { Finding, JudgedContrast } from './judge.js';

/** Columns that are named before the rest is only counted. */
const MOST_NAMED_COLUMNS = 3;

/** What is said together: comparisons that share what they are about. */
export interface Clause {
  /** Of whom it is said, such as a row. */
  readonly subject: string;
  readonly judged: readonly JudgedContrast[];
  /** Whether the rows are named beside the columns, where a clause is about several. */
  readonly severalRows?: boolean;
}

/** A column as it is named in a sentence: `PneumoniaMNIST zero-shot`. */
export const columnLabel = ({ column: { title, words, rare } }: JudgedContrast): string =>
  `${title} ${words.title}${rare ? ', rare classes' : ''}`;

const joinLabels = (judged: readonly JudgedContrast[], severalRows: boolean): string => {
  const named = judged
    .slice(0, MOST_NAMED_COLUMNS)
    .map((one) => (severalRows ? `${one.first} on ${columnLabel(one)}` : columnLabel(one)));
  const more = judged.length > MOST_NAMED_COLUMNS ? [`${judged.length - MOST_NAMED_COLUMNS} more`] : [];
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
  const groups = ORDER.map((finding) => ({
    finding,
    matching: judged.filter((one) => one.finding === finding),
  })).filter(({ matching }) => matching.length > 0);
  const [first] = groups;
  if (!first) return `${subject}: nothing to compare`;
  const sure = first.finding === 'helps' || first.finding === 'hurts';
  const lead = `${subject}${sure ? '' : ':'} ${WORDS[first.finding]}`;
  const count = judged.length;
  if (groups.length === 1) {
    if (count === 1) return `${lead} on ${joinLabels(judged, severalRows)}`;
    return `${lead} on ${sure ? 'all' : 'any of'} ${plural(count, unit)}`;
  }
  const phrases = groups.map(({ finding, matching }, i) => {
    // Every column where something was found is named, and every one that is missing.
    const named = finding === 'no-difference' || finding === 'too-few' ? '' : ` (${joinLabels(matching, severalRows)})`;
    const share = i === 0 ? `${matching.length} of ${plural(count, unit)}` : `${matching.length}`;
    return `${i === 0 ? lead : WORDS[finding]} on ${share}${named}`;
  });
  return phrases.join(', ');
}

/**
 * What many clauses say in counts alone, for a sentence that is still read: `slip helps on 2 of 9 columns; coca hurts on 1 of 9
 * columns; elsewhere no difference found at this size, or too few examples to tell`.
 */
export function clausesInBrief(clauses: readonly Clause[]): string {
  const countFindings = ({ judged }: Clause, finding: Finding): number =>
    judged.filter((one) => one.finding === finding).length;
  const decided = clauses.flatMap((clause) => {
    const sure = (['helps', 'hurts'] as const).filter((finding) => countFindings(clause, finding) > 0);
    if (sure.length === 0) return [];
    const counts = sure.map((finding) => `${WORDS[finding]} on ${countFindings(clause, finding)}`).join(' and ');
    const unit = clause.severalRows ? 'comparison' : 'column';
    return [`${clause.subject} ${counts} of ${plural(clause.judged.length, unit)}`];
  });
  const undecided = ORDER.slice(2).filter((finding) => clauses.some((clause) => countFindings(clause, finding) > 0));
  const undecidedText = undecided.map((finding) => WORDS[finding]).join(', or ');
  if (decided.length === 0) return `no row is told apart: ${undecidedText}`;
  return [...decided, ...(undecided.length > 0 ? [`elsewhere ${undecidedText}`] : [])].join('; ');
}

/** One word for many findings: the direction only where most comparisons have it and none the other. */
export function combineFindings(judged: readonly JudgedContrast[]): AnswerVerdict {
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
export function describeCaveats(judged: readonly JudgedContrast[]): string {
  const columns = [...new Map(judged.map((one) => [one.column, one.column])).values()];
  const generated = columns.filter(({ synthetic }) => synthetic !== 'none').length;
  const singleSeed = judged.filter(({ seeds }) => seeds.length === 1).length;
  const caveats = [
    ...(generated === 0
      ? []
      : generated === columns.length
        ? ['on generated phantoms, which say nothing about medicine']
        : [`with ${generated} of ${plural(columns.length, 'column')} on generated phantoms`]),
    ...(singleSeed === 0
      ? []
      : singleSeed === judged.length
        ? ['with one training of each row (one seed), which another may contradict']
        : [`with one training of each row (one seed) in ${singleSeed} of ${plural(judged.length, 'comparison')}`]),
  ];
  return caveats.join(', and ');
}
