import type { RunResults } from '@medbench/core';

/** A row of a run folder that tests make. */
export interface MadeRow {
  readonly id: string;
  readonly control?: boolean;
  /** Probability of a right answer. */
  readonly chance: number;
  /** Parameters of the towers; no training is recorded without it. */
  readonly parameters?: number;
}

/** A column of a run folder that tests make: one task under one protocol. */
export interface MadeColumn {
  readonly task: string;
  readonly protocol: string;
  /** Number of test examples. */
  readonly n: number;
  /** Hash of the data. */
  readonly data?: string;
  readonly synthetic?: boolean;
}

export interface MadeRun {
  readonly seeds: readonly number[];
  readonly rows: readonly MadeRow[];
  readonly columns: readonly MadeColumn[];
  /** Another text draws other answers. */
  readonly draw?: string;
  /** Whether to write the cells with the scores. Default true. */
  readonly scores?: boolean;
  /** Settings besides those of `base`. */
  readonly settings?: RunResults['run']['settings'];
}

/**
 * Writes a run folder with right and wrong answers to each test example: some examples are harder than others, for all
 * rows alike. All files have their checksums.
 * @param base what the results hold besides cells and trainings.
 */
export function writeRunFolder(
  path: string,
  base: Omit<RunResults, 'cells' | 'training' | 'statistics'>,
  run: MadeRun,
): RunResults;
