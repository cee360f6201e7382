import { plural } from '../format.js';
import type { AnswerVerdict } from './answer.js';
import type { Finding, JudgedContrast } from './judge.js';

/** Most columns that a list names; it only counts the rest. */
const MOST_NAMED_COLUMNS = 3;

/** Comparisons that a sentence reports together because they have the same subject. */
export interface Clause {
  /** Subject of the clause, for example a row. */
  readonly subject: string;
  readonly judged: readonly JudgedContrast[];
  /** Whether the clause is about several rows, so that each column needs the name of its row. */
  readonly severalRows?: boolean;
}

/** Name of a column in a sentence: `PneumoniaMNIST zero-shot`. */
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

/** Order of findings in a sentence, significant ones first. */
const ORDER: readonly Finding[] = ['helps', 'hurts', 'no-difference', 'too-few', 'untested'];

/** Text of one clause: `slip helps on 2 of 9 columns (A; B), no difference found at this size on 7`. */
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
    // Columns with a significant difference are named, and so are columns that were not compared.
    const named = finding === 'no-difference' || finding === 'too-few' ? '' : ` (${joinLabels(matching, severalRows)})`;
    const share = i === 0 ? `${matching.length} of ${plural(count, unit)}` : `${matching.length}`;
    return `${i === 0 ? lead : WORDS[finding]} on ${share}${named}`;
  });
  return phrases.join(', ');
}

const countFindings = ({ judged }: Clause, finding: Finding): number =>
  judged.filter((one) => one.finding === finding).length;

/** Counts of the significant findings of a clause, `helps on 2 and hurts on 1`; undefined if it has none. */
function countSignificant(clause: Clause): string | undefined {
  const sure = (['helps', 'hurts'] as const).filter((finding) => countFindings(clause, finding) > 0);
  if (sure.length === 0) return undefined;
  return sure.map((finding) => `${WORDS[finding]} on ${countFindings(clause, finding)}`).join(' and ');
}

const listUndecided = (clauses: readonly Clause[]): string =>
  ORDER.slice(2)
    .filter((finding) => clauses.some((clause) => countFindings(clause, finding) > 0))
    .map((finding) => WORDS[finding])
    .join(', or ');

/**
 * Text of many clauses as counts only, which keeps the sentence readable: `slip helps on 2 of 9 columns; coca hurts on
 * 1 of 9 columns; elsewhere no difference found at this size, or too few examples to tell`.
 */
export function clausesInBrief(clauses: readonly Clause[]): string {
  const decided = clauses.flatMap((clause) => {
    const counts = countSignificant(clause);
    const unit = clause.severalRows ? 'comparison' : 'column';
    return counts === undefined ? [] : [`${clause.subject} ${counts} of ${plural(clause.judged.length, unit)}`];
  });
  const undecided = listUndecided(clauses);
  if (decided.length === 0) return `no row differs significantly: ${undecided}`;
  return [...decided, ...(undecided === '' ? [] : [`elsewhere ${undecided}`])].join('; ');
}

/** Rows without a significant difference that the shortest text names. */
const MOST_NAMED = 4;

/** The shortest text of many clauses, for one line: `slip helps on 2 of 9; coca, flip: nothing significant`. */
export function clausesAsCounts(clauses: readonly Clause[]): string {
  const decided = clauses.flatMap((clause) => {
    const counts = countSignificant(clause);
    return counts === undefined ? [] : [`${clause.subject} ${counts} of ${clause.judged.length}`];
  });
  if (decided.length === 0) {
    const most = Math.max(...clauses.map(({ judged }) => judged.length));
    return `no row differs significantly${most > 1 ? ` on any of ${most} columns` : ''}`;
  }
  const others = clauses.filter((clause) => countSignificant(clause) === undefined).map(({ subject }) => subject);
  const named = others.length > MOST_NAMED ? `the other ${others.length}` : others.join(', ');
  return [...decided, ...(others.length > 0 ? [`${named}: nothing significant`] : [])].join('; ');
}

/** One verdict for many findings. It has a direction only if most comparisons have it and none has the opposite one. */
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

/** Caveats that begin a sentence: generated data, and rows that were trained with one seed only. */
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
