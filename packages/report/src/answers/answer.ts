import type { ConfidenceInterval } from '@medbench/core';

/** What a test allows to be said: never more. `mixed`: in some columns one way, in others the other way or not at all. */
export type AnswerVerdict = 'helps' | 'hurts' | 'mixed' | 'no-difference' | 'too-few' | 'not-answerable';

/** One comparison of two rows in one column, on which an answer rests. */
export interface AnswerEvidence {
  /** Such as "coca against clip". */
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

/** A question of a study, and what the run says about it. */
export interface QuestionAnswer {
  readonly id: string;
  readonly question: string;
  readonly verdict: AnswerVerdict;
  /** One sentence, never stronger than the test. */
  readonly sentence: string;
  /** Where the sentence has counts alone: what it counts, row by row. */
  readonly details?: readonly string[];
  /** What was compared with what, by which test, over how many columns, seeds and examples. */
  readonly basis: string;
  readonly evidence: readonly AnswerEvidence[];
}
