import { random, type SampledAnswers } from '@medbench/core';

/** Candidates for a gallery: the few that are shown are chosen among them once all rows have answered. */
const CANDIDATES = 64;

/**
 * Places of a few of n test examples, rising. They depend on n and the name alone, so that every row, seed and protocol of a
 * task has the same ones.
 */
export function sampledIndices(n: number, name: string, count = CANDIDATES): number[] {
  const order = random(0, 'gallery', name, n).permutation(n);
  return [...order.subarray(0, count)].sort((a, b) => a - b);
}

/**
 * What a classifier said of a few test examples.
 * @param predicted place of the predicted label of each example, `[N]`.
 * @param right 1 where it is right, `[N]`.
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
