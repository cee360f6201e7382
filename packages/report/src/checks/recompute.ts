import type { MetricValue, ResultCell, TaskResult } from '@medbench/core';
import {
  bootstrapMean,
  confusionAccuracy,
  confusionBalancedAccuracy,
  confusionMacroF1,
  confusionMatrix,
  confusionRecalls,
  proportionInterval,
} from '@medbench/evaluation';

/** Largest relative difference that rounding explains: sums are made in another order. */
const ROUNDING = 1e-9;

const isClose = (a: number, b: number): boolean => Math.abs(a - b) <= ROUNDING * Math.max(1, Math.abs(a), Math.abs(b));

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/** Metrics that follow from labels and predictions, by name. */
function fromPredictions({ labels, predictions, classification }: TaskResult): Record<string, number> {
  if (!labels || !predictions || !classification) return {};
  const names = classification.classes;
  const matrix = confusionMatrix(Int32Array.from(labels), Int32Array.from(predictions), names.length);
  const recalls = confusionRecalls(matrix, names.length);
  return {
    accuracy: confusionAccuracy(matrix, names.length),
    balanced_accuracy: confusionBalancedAccuracy(matrix, names.length),
    f1: confusionMacroF1(matrix, names.length),
    ...Object.fromEntries(names.map((name, c) => [`recall_${name}`, recalls[c]!])),
  };
}

/** The interval of a share of right answers, as the protocols compute it. */
function shareInterval({ perExample, groups }: TaskResult, seed: number): MetricValue['ci95'] {
  const numbers = groups && Int32Array.from(groups);
  return proportionInterval(perExample, bootstrapMean(perExample, { seed, groups: numbers }), numbers);
}

/**
 * Whether the mean of a cell's scores is its primary metric. Retrieval is an exception where images have several texts:
 * its recall is a mean over images and a mean over texts, and its scores are of images.
 */
const isMeanOfScores = ({ retrieval, n }: ResultCell): boolean => retrieval === undefined || retrieval.texts === n;

/** A figure of the table beside what the scores give. */
export interface Recomputed {
  readonly metric: string;
  readonly shown: number;
  readonly computed: number;
}

/** The figures of a cell that were computed anew. */
export interface CheckedCell {
  /** Number of figures that were computed anew. */
  readonly recomputed: number;
  readonly differences: readonly Recomputed[];
}

/**
 * Computes the figures of a cell from its scores, labels and predictions, as far as these suffice: the primary metric and
 * those of parts as means, the metrics of a confusion matrix, the matrix itself, and the interval of an accuracy.
 * @param intervals whether intervals are computed too. They are those of this version of medbench: an earlier one may have drawn
 *   other samples.
 */
export function recompute(cell: ResultCell, result: TaskResult, intervals: boolean): CheckedCell {
  const { metrics, metric, seed, classification } = cell;
  const { scores = result.perExample, perExample, parts = [] } = result;
  const differences: Recomputed[] = [];
  if (!scores.every(Number.isFinite)) {
    return { recomputed: 0, differences: [{ metric, shown: cell.value ?? Number.NaN, computed: Number.NaN }] };
  }
  let recomputed = 0;
  const compare = (name: string, shown: number | undefined, computed: number): void => {
    if (shown === undefined || Number.isNaN(computed)) return;
    recomputed++;
    if (!isClose(shown, computed)) differences.push({ metric: name, shown, computed });
  };
  compare(`${metric} of the table`, cell.value ?? undefined, metrics[metric]?.value ?? Number.NaN);
  compare('number of examples', cell.n, perExample.length);
  if (scores.length > 0 && isMeanOfScores(cell)) compare(metric, metrics[metric]?.value, mean(scores));
  for (const part of parts) compare(part.metric, metrics[part.metric]?.value, mean(part.scores));
  for (const [name, computed] of Object.entries(fromPredictions(result))) {
    compare(name, metrics[name]?.value, computed);
  }
  const shares = perExample.every((hit) => hit === 0 || hit === 1);
  if (intervals && metrics.accuracy && shares && isClose(mean(perExample), metrics.accuracy.value)) {
    const [low, high] = shareInterval(result, seed);
    compare('lower end of accuracy', metrics.accuracy.ci95[0], low);
    compare('upper end of accuracy', metrics.accuracy.ci95[1], high);
    if (metric === 'accuracy' && cell.ci95) compare('lower end of the table', cell.ci95[0], low);
    if (metric === 'accuracy' && cell.ci95) compare('upper end of the table', cell.ci95[1], high);
  }
  if (classification && result.labels && result.predictions) {
    const size = classification.classes.length;
    const matrix = confusionMatrix(Int32Array.from(result.labels), Int32Array.from(result.predictions), size);
    for (const [place, count] of matrix.entries()) {
      const [truth, predicted] = [Math.floor(place / size), place % size];
      const name = `${classification.classes[truth]} taken for ${classification.classes[predicted]}`;
      compare(name, classification.confusion[truth]?.[predicted], count);
    }
  }
  return { recomputed, differences };
}
