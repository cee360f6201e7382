import type { ConfidenceInterval, MetricValue, ProtocolId, TaskResult } from '@medbench/core';
import { MedbenchError, NO_PROFILE } from '@medbench/core';
import { balancedScores } from '../metrics/balanced-scores.js';
import { bootstrapIntervals } from '../statistics/bootstrap.js';
import type { MeasuredSplits } from './classification.js';
import type { MeasureOptions } from './settings.js';

/** Metrics that are functions of the same test examples, computed together. */
export interface JointMetrics {
  readonly names: readonly string[];
  /** Values of the metrics, in the order of their names, from the multiplicities of the examples. */
  readonly values: (counts: Int32Array) => readonly number[];
}

/**
 * Computes metrics with intervals from one set of bootstrap replicates of the test examples, or of their groups. Metrics
 * of one call are paired: each replicate computes all of them from the same examples. Undefined metrics are left out.
 */
export function jointIntervals(
  { names, values }: JointMetrics,
  { splits: { test } }: Pick<MeasuredSplits, 'splits'>,
  { seed, profile = NO_PROFILE }: Pick<MeasureOptions, 'seed' | 'profile'>,
): Record<string, MetricValue> {
  const n = test.labels.length;
  const atAll = values(new Int32Array(n).fill(1));
  const intervals = profile.span('statistics', () => bootstrapIntervals(n, values, { seed, groups: test.groups }));
  const ci95 = (i: number): ConfidenceInterval => intervals[i]!;
  return Object.fromEntries(
    names.flatMap((name, i) => (Number.isFinite(atAll[i]) ? [[name, { value: atAll[i]!, ci95: ci95(i) }]] : [])),
  );
}

/** Scores of the test examples, and the metrics that a protocol computed from them. */
export interface Scored {
  readonly metrics: Readonly<Record<string, MetricValue>>;
  /** Name of the primary metric if the task names none. */
  readonly primary: string;
  /** Names of metrics that are means over the classes of the mean of `perExample`. */
  readonly balanced: readonly string[];
  /** Score of each test example in [0, 1]. */
  readonly perExample: readonly number[];
  readonly notes: readonly string[];
}

/**
 * Makes the result of a classification protocol whose examples have scores between 0 and 1, such as the share of
 * templates under which an example is classified right.
 * @throws MedbenchError('evaluation') if the primary metric is undefined on these examples.
 */
export function scoredResult(
  protocol: ProtocolId,
  { metrics, primary, balanced, perExample, notes }: Scored,
  { splits: { test }, split }: MeasuredSplits,
  options: Pick<MeasureOptions, 'metric'>,
): TaskResult {
  const metric = options.metric ?? primary;
  if (metrics[metric] === undefined) {
    throw new MedbenchError('evaluation', `the primary metric "${metric}" is undefined on this test split`, {
      hint: `Metrics that are defined: ${Object.keys(metrics).join(', ')}`,
    });
  }
  return {
    protocol,
    metric,
    metrics,
    n: test.labels.length,
    perExample,
    ...(balanced.includes(metric) ? { scores: balancedScores(perExample, test.labels) } : {}),
    labels: [...test.labels],
    ...(test.groups ? { groups: [...test.groups] } : {}),
    notes: split === 'test' ? notes : [...notes, 'measured on validation images, not on the test split'],
  };
}
