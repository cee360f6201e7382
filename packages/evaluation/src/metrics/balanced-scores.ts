import type { ScoredPart } from '@medbench/core';

/**
 * Scores weighted so that their mean is the mean of the classes' means: each class counts the same, however many
 * examples it has.
 * @param labels label of each score.
 */
export function balancedScores(scores: readonly number[], labels: ArrayLike<number>): readonly number[] {
  const counts = new Map<number, number>();
  for (let i = 0; i < labels.length; i++) counts.set(labels[i]!, (counts.get(labels[i]!) ?? 0) + 1);
  // With one class, every weight is 1: scores of 0 and 1 stay exact.
  if (counts.size < 2) return scores;
  return scores.map((score, i) => (score * scores.length) / (counts.size * counts.get(labels[i]!)!));
}

/**
 * Selects the examples of rare classes and weights their scores so that their mean is `rare_recall`.
 * @param scores 1 or 0 of each example.
 * @param labels label of each example.
 * @param rare labels of the rare classes.
 * @returns undefined if no class is rare.
 */
export function rarePart(
  scores: readonly number[],
  labels: Int32Array,
  rare: readonly number[],
): ScoredPart | undefined {
  if (rare.length === 0) return undefined;
  const examples = [...labels.keys()].filter((i) => rare.includes(labels[i]!));
  const pick = <T>(values: ArrayLike<T>): T[] => examples.map((i) => values[i]!);
  return { metric: 'rare_recall', examples, scores: balancedScores(pick(scores), pick(labels)) };
}
