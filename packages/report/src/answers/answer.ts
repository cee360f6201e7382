import type { ConfidenceInterval } from '@medbench/core';

/**
 * Verdict on a question, never stronger than its tests. `mixed`: significant in some columns only, or in opposite
 * directions.
 */
export type AnswerVerdict = 'helps' | 'hurts' | 'mixed' | 'no-difference' | 'too-few' | 'not-answerable';

/** One comparison of two rows in one column that supports an answer. */
export interface AnswerEvidence {
  /** For example "coca against clip". */
  readonly comparison: string;
  /** Label of a task and protocol. */
  readonly column: string;
  /** Mean score of the first minus that of the second. */
  readonly difference: number;
  /** 95 % interval of the difference; null if there is none. */
  readonly interval: ConfidenceInterval | null;
  /** p after correction; null if nothing was tested. */
  readonly p: number | null;
  /** Number of test examples. */
  readonly n: number;
  readonly favours: 'first' | 'second' | 'none';
}

/** A question of a study, and the run's answer to it. */
export interface QuestionAnswer {
  readonly id: string;
  readonly question: string;
  readonly verdict: AnswerVerdict;
  /** The significant differences as counts, for one line beside the verdict; caveats are only in the sentence. */
  readonly brief: string;
  /** One sentence, never stronger than the test. */
  readonly sentence: string;
  /** One text for each clause, with column names; present if the sentence only gives counts. */
  readonly details?: readonly string[];
  /** The rows compared, the tests used, and the numbers of columns, seeds and examples. */
  readonly basis: string;
  readonly evidence: readonly AnswerEvidence[];
}
