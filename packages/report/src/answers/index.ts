import type { ColumnComparisons, RowComparison, RunResults } from '@medbench/core';
import { capitalise, formatCount, plural } from '../format.js';
import type { AnswerEvidence, QuestionAnswer } from './answer.js';
import { type JudgedContrast, judge, SMALLEST_RELEVANT_DIFFERENCE } from './judge.js';
import { listQuestions, type PosedQuestion } from './questions.js';
import {
  type Clause,
  clausesAsCounts,
  clausesInBrief,
  clauseText,
  columnLabel,
  combineFindings,
  describeCaveats,
} from './sentence.js';

export type { AnswerEvidence, AnswerVerdict, QuestionAnswer } from './answer.js';

const TEST_NAMES: Readonly<Record<RowComparison['test'], string>> = {
  'mcnemar-mid-p': "McNemar's test (mid-p)",
  'sign-flip': 'sign flips',
  'paired-t': 'a paired t test',
  'two-way-t': 'a t test over examples and seeds',
};

function groupBy<T>(items: readonly T[], key: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) groups.set(key(item), [...(groups.get(key(item)) ?? []), item]);
  return groups;
}

/** Most rows of a variant that get a clause each. Beyond this, one clause counts them together. */
const MOST_SEPARATE_ROWS = 3;

/** Most clauses that one sentence names columns in. Beyond this, it only gives counts, and a list has the details. */
const MOST_CLAUSES_WITH_NAMES = 2;

/**
 * Makes one clause for each row, or for each row in each variant where the study has variants. A variant with too many
 * rows gets a single clause.
 */
function groupClauses(
  judged: readonly JudgedContrast[],
  { tasks, run }: RunResults,
): { against: string; clauses: Clause[] }[] {
  const variants = run.study?.variants ?? [];
  const findVariant = ({ column }: JudgedContrast): string => tasks.find(({ id }) => id === column.task)?.variant ?? '';
  const titles = new Map(variants.map(({ id, title }) => [id, title]));
  const groups = groupBy(judged, ({ second }) => second);
  return [...groups].map(([against, group]) => ({
    against,
    clauses: [...groupBy(group, findVariant)].flatMap(([variant, inVariant]): Clause[] => {
      const variantTitle = titles.get(variant);
      const rows = [...groupBy(inVariant, ({ first }) => first)];
      if (variantTitle !== undefined && rows.length > MOST_SEPARATE_ROWS) {
        return [
          {
            subject: `with ${variantTitle}, ${plural(rows.length, 'row')} together`,
            judged: inVariant,
            severalRows: true,
          },
        ];
      }
      return rows.map(([row, inRow]) => ({
        subject: variantTitle === undefined ? row : `with ${variantTitle}, ${row}`,
        judged: inRow,
      }));
    }),
  }));
}

function describeBasis(judged: readonly JudgedContrast[]): string {
  const tested = judged.filter(({ comparison }) => comparison);
  if (tested.length === 0) return 'No test was run.';
  const against = [...new Set(tested.map(({ second }) => second))];
  const tests = [...new Set(tested.map(({ comparison }) => TEST_NAMES[comparison!.test]))];
  const columns = [...new Set(judged.map(({ column }) => column))];
  const examples = columns.map(({ n }) => n);
  const [low, high] = [Math.min(...examples), Math.max(...examples)];
  const seeds = [...new Set(tested.flatMap((one) => one.seeds))];
  const untested = judged.filter(({ finding }) => finding === 'untested');
  const reasons = groupBy(untested, ({ reason = '' }) => reason);
  return [
    `${[...new Set(tested.map(({ first }) => first))].join(', ')}, each against ${against.join(' or ')} on the same test examples:`,
    `${plural(tested.length, 'paired comparison')} on ${plural(columns.length, 'column')} of`,
    `${low === high ? formatCount(low) : `${formatCount(low)} to ${formatCount(high)}`} test examples, ${plural(seeds.length, 'seed')};`,
    `${tests.join(', ')}; p is the larger of two Holm corrections: within each column, and over all comparisons of this question.`,
    `“No difference found” requires a 95 % interval within ±${100 * SMALLEST_RELEVANT_DIFFERENCE} points and at least 60 examples;`,
    'otherwise “too few examples to tell”.',
    ...[...reasons].map(
      ([reason, contrasts]) => `Not compared on ${contrasts.map(columnLabel).join('; ')}: ${reason}.`,
    ),
  ].join(' ');
}

const toEvidence = ({ first, second, column, comparison, finding, ...rest }: JudgedContrast): AnswerEvidence[] => {
  if (!comparison) return [];
  const { difference, ci95, adjusted } = comparison;
  const [low, high] = ci95 as readonly (number | null)[];
  const finite = Number.isFinite(low) && Number.isFinite(high);
  return [
    {
      comparison: `${first} against ${second}`,
      column: columnLabel({ first, second, column, comparison, finding, ...rest }),
      difference,
      interval: finite ? ci95 : null,
      p: Number.isFinite(adjusted) ? adjusted : null,
      n: column.n,
      favours: finding === 'helps' ? 'first' : finding === 'hurts' ? 'second' : 'none',
    },
  ];
};

/** Why a run with the rows of a question has no comparison of them. */
function explainNoComparison({ cells, statistics }: RunResults, on: PosedQuestion['on']): string {
  if (cells.length === 0) return 'nothing was measured';
  if (!statistics) return 'the run is not finished: its rows are compared at its end';
  return on === 'rare'
    ? 'no column with rare classes has figures for both rows'
    : 'no column has figures for both rows';
}

function answer(results: RunResults, comparisons: readonly ColumnComparisons[], posed: PosedQuestion): QuestionAnswer {
  const { id, question, contrasts, decisive = contrasts, on, found: priorFinding, missing } = posed;
  const judged = missing ? [] : judge({ results, comparisons }, contrasts, on);
  const deciding = judged.filter(({ first, second }) =>
    decisive.some((one) => one.first === first && one.second === second),
  );
  if (judged.every(({ finding }) => finding === 'untested')) {
    const reason =
      missing ?? (judged[0]?.reason && results.statistics ? judged[0].reason : explainNoComparison(results, on));
    const basis = missing ? 'No comparison.' : describeBasis(judged);
    const sentence = `Not answerable: ${reason}.`;
    return { id, question, verdict: 'not-answerable', brief: sentence, sentence, basis, evidence: [] };
  }
  const groups = groupClauses(judged, results);
  const many = groups.flatMap(({ clauses }) => clauses).length > MOST_CLAUSES_WITH_NAMES;
  const statements = groups.map(
    ({ against, clauses }) =>
      `against ${against}, ${many ? clausesInBrief(clauses) : clauses.map(clauseText).join('; ')}`,
  );
  const details = groups.flatMap(({ clauses }) => clauses.map((clause) => `${clauseText(clause)}.`));
  const caveats = describeCaveats(judged);
  const sentence = `${priorFinding ? `${priorFinding}; ` : ''}${caveats ? `${caveats}: ` : ''}${statements.join('; ')}.`;
  return {
    id,
    question,
    verdict: combineFindings(deciding),
    brief: groups.map(({ against, clauses }) => `Against ${against}: ${clausesAsCounts(clauses)}.`).join(' '),
    sentence: capitalise(sentence),
    ...(many ? { details } : {}),
    basis: describeBasis(judged),
    evidence: judged.flatMap(toEvidence),
  };
}

/**
 * Answers the questions of a run's study, or the paper's three questions, in one sentence each. The tests choose the
 * words, so that no sentence claims more than its test. Depends only on `results.json` and `comparisons.json`.
 *
 * @param comparisons every pair of rows by column. Default: the comparisons in the results, which are those with the
 *   best row of each column.
 */
export function answerQuestions(
  results: RunResults,
  comparisons?: readonly ColumnComparisons[],
): readonly QuestionAnswer[] {
  const columnComparisons =
    comparisons ??
    results.statistics?.columns.map(({ task, protocol, againstBest }) => ({ task, protocol, pairs: againstBest })) ??
    [];
  return listQuestions(results).map((posed) => answer(results, columnComparisons, posed));
}
