import { random, type SampledAnswers } from '@medbench/core';

/** Number of candidates for a gallery. The few examples shown are chosen among them once all rows have answered. */
const CANDIDATES = 64;

/**
 * Draws the indices of a few of n test examples, ascending. They depend on n and the name alone, so that all rows,
 * seeds and protocols of a task show the same examples.
 */
export function sampledIndices(n: number, name: string, count = CANDIDATES): number[] {
  const order = random(0, 'gallery', name, n).permutation(n);
  return [...order.subarray(0, count)].sort((a, b) => a - b);
}

/**
 * Answers of a classifier on a few test examples.
 * @param predicted index of the predicted label of each example, `[N]`.
 * @param right 1 where the prediction is right, `[N]`.
 */
export function sampledLabels(predicted: ArrayLike<number>, right: ArrayLike<number>): SampledAnswers {
  const examples = sampledIndices(predicted.length, 'label');
  return {
    query: 'label',
    examples,
    answers: examples.map((i) => [predicted[i]!]),
    hits: examples.map((i) => [right[i]!]),
  };
}
