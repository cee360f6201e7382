import type { RunResults } from '@medbench/core';
import type { StudyCell, StudyComparison } from '@medbench/studies/study-results';
import { oneLine, plural } from '../format.js';
import { type ProtocolWordsLookup, protocolWords } from '../words.js';

/** A run beside the study's result files, as it is shown. */
export interface RunBesideStudy {
  /** Name of the run's folder. */
  readonly name: string;
  readonly results: RunResults;
  readonly comparison: StudyComparison;
  /** Titles and metrics of the run's protocols. */
  readonly words: ProtocolWordsLookup;
  /** Reasons to doubt figures of the study, in order of appearance; figures name them by their number, from 1. */
  readonly doubts: readonly string[];
  /** Reasons why figures have no verdict, in order of appearance. */
  readonly reasons: readonly string[];
}

const unique = (texts: readonly string[]): string[] => [...new Set(texts)];

/** Whether the run has the figure. Others are counted, not listed. */
export const isShown = ({ run }: StudyCell): boolean => run !== null;

/** Combines a run with its comparison, and numbers the reasons that its figures name. */
export function assembleStudyComparison(
  name: string,
  results: RunResults,
  comparison: StudyComparison,
): RunBesideStudy {
  const shown = comparison.cells.filter(isShown);
  return {
    ...{ name, results, comparison },
    words: protocolWords(results),
    doubts: unique(shown.flatMap(({ doubts }) => doubts.map(({ text }) => text))),
    reasons: unique(shown.flatMap(({ reason }) => reason ?? [])),
  };
}

/** Numbers of a figure's doubts, from 1. */
export const doubtNumbers = (cell: StudyCell, { doubts }: RunBesideStudy): number[] =>
  cell.doubts.map(({ text }) => doubts.indexOf(text) + 1);

/** The columns of the study that the run lacks, by row, as text: `vindr-mammo, linear probe; …`. */
export function listMissing({
  comparison,
  words,
}: RunBesideStudy): { readonly row: string; readonly columns: string }[] {
  const columns = comparison.cells
    .filter(({ verdict }) => verdict === 'not in the run')
    .map(({ row, task, protocol, metric, reason = '' }) => {
      const noMetric = reason.startsWith('the run’s cell') ? `, ${metric}` : '';
      const failed = reason.startsWith('failed') ? ` (${oneLine(reason, 120)})` : '';
      return { row, column: `${task}, ${words(protocol).title}${noMetric}${failed}` };
    });
  return unique(columns.map(({ row }) => row)).map((row) => ({
    row,
    columns: unique(columns.filter((one) => one.row === row).map(({ column }) => column)).join('; '),
  }));
}

/** What the verdicts assume, one sentence each. */
export const ASSUMPTIONS: readonly string[] = [
  'A figure lies within if the 95 % interval of the difference includes 0: Newcombe’s interval for accuracy and recall, from Wilson’s intervals; for an AUROC of two classes with known counts, from those of Hanley and McNeil.',
  'Both figures count as independent samples. On the same test examples they are not: the interval is then too wide, so “above” and “below” are safe, and “within” is given too easily.',
  'The intervals are of test examples alone, and count examples of one patient as independent. The study trained each row once: a figure outside shows that two models differ, and another training might lie within.',
  'Several seeds of the run are averaged, with the interval of a single training.',
];

/** Where the study's figures come from. */
export const describeSource = ({ comparison: { source } }: RunBesideStudy): string =>
  `The study’s figures are those of the result files in ${source.repository} at commit ${source.commit} (${source.date}), not those of the paper. Whether its runs used exactly the code of that commit cannot be known.`;

/** Summary of the comparison, one sentence each. */
export function summariseStudyComparison({ comparison }: RunBesideStudy): string[] {
  const { cells, pairs } = comparison;
  if (pairs.length === 0) {
    return [
      'No row of the run is a row of the study that has result files; --pair ROW=STUDYROW compares rows of your choice.',
    ];
  }
  const shown = cells.filter(isShown);
  const judged = shown.filter(({ differenceInterval }) => differenceInterval !== null);
  const count = (verdict: StudyCell['verdict']): number => cells.filter((cell) => cell.verdict === verdict).length;
  const doubted = judged.filter(({ doubts }) => doubts.length > 0).length;
  return [
    `${plural(shown.length, 'figure')} of the run beside the study’s, ${judged.length} of them judged: ${count('within')} within, ${count('above')} above, ${count('below')} below.`,
    ...(judged.length > 0
      ? ['Of figures that are alike, 5 in 100 lie outside: nothing is corrected for their number.']
      : []),
    ...(count('not judged') > 0
      ? [`${plural(count('not judged'), 'figure')} shown but not judged; the reason is given for each.`]
      : []),
    ...(count('no interval') > 0 ? [`${plural(count('no interval'), 'figure')} without an interval.`] : []),
    ...(count('not in the run') > 0
      ? [`Not in the run: ${plural(count('not in the run'), 'figure')} of the study’s rows.`]
      : []),
    ...(doubted > 0
      ? [`${plural(doubted, 'judged figure')} of the study with a reason to doubt it, named beside the figure.`]
      : []),
  ];
}
