import { medbenchMetric, type StudyResult, type StudyResults } from './data.js';
import { figureInterval } from './intervals.js';

/** A reason to doubt a figure of the study. */
export interface StudyDoubt {
  /** Id of the reason: `majority`, `chance`, or an id of the study's doubts. */
  readonly kind: string;
  readonly text: string;
}

/** Accuracies up to this much above the share of the most frequent class are doubted. */
const MAJORITY_MARGIN = 0.004;
/** Balanced accuracies up to this much above chance are doubted. */
const BALANCED_MARGIN = 0.01;

const digits = (value: number): string => String(Number(value.toPrecision(4)));

const byChance = (value: number): StudyDoubt => ({ kind: 'chance', text: `chance alone gives ${digits(value)}` });

/** The doubt that a figure is no better than chance; undefined if it is better. */
function chanceDoubt(metric: string, value: number, classes: number | undefined, n: number): StudyDoubt | undefined {
  const k = /recall@(\d+)$/.exec(metric)?.[1];
  if (k !== undefined) {
    const interval = figureInterval(metric, value, { n });
    const share = Number(k) / n;
    return typeof interval !== 'string' && interval[0] <= share ? byChance(share) : undefined;
  }
  if (metric === 'auc') return value <= 0.5 ? byChance(0.5) : undefined;
  if (classes === undefined) return undefined;
  if (metric === 'accuracy' && value <= 1 / classes) return byChance(1 / classes);
  if (metric === 'balanced_accuracy' && value <= 1 / classes + BALANCED_MARGIN) return byChance(1 / classes);
  return undefined;
}

/**
 * Lists the reasons to doubt a figure of the study: no better than the most frequent class or than chance, a void metric,
 * ties, and what is known of its row, its task and its protocol.
 * @param name the study's name of the metric.
 */
export function listDoubts(study: StudyResults, result: StudyResult, name: string): StudyDoubt[] {
  const { task: taskId, protocol, row: rowId, n, argMaxAccuracy } = result;
  const task = study.tasks[taskId];
  const metric = medbenchMetric(name);
  const value = result.metrics[name]!;
  const doubts: StudyDoubt[] = [];
  const named = (kind: string): void => {
    doubts.push({ kind, text: study.doubts[kind]! });
  };
  if (result.void?.includes(name)) named('void');
  const majority = task?.majority;
  if (metric === 'accuracy' && majority !== undefined && value <= majority + MAJORITY_MARGIN)
    doubts.push({ kind: 'majority', text: `the most frequent class alone gives an accuracy of ${digits(majority)}` });
  const chance = chanceDoubt(metric, value, task?.classes, n);
  if (chance) doubts.push(chance);
  if (metric === 'accuracy' && argMaxAccuracy !== undefined) named('ties');
  for (const kind of task?.doubts?.[protocol] ?? []) named(kind);
  for (const kind of study.rows.find(({ id }) => id === rowId)?.doubts ?? []) named(kind);
  return doubts;
}
