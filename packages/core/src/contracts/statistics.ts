import type { ProtocolId } from './ids.js';
import type { ConfidenceInterval } from './measurement.js';

/** Scores of one row in one column, by seed and test example. */
export interface ScoredRow {
  readonly id: string;
  readonly control: boolean;
  /** For each seed, the primary metric and the score of each test example, in the same order for all rows and seeds. */
  readonly seeds: readonly { readonly seed: number; readonly value: number; readonly perExample: readonly number[] }[];
}

/** A column of the results table: one task under one protocol. */
export interface ScoredColumn {
  readonly task: string;
  readonly protocol: ProtocolId;
  /** Name of the primary metric. */
  readonly metric: string;
  /** Subject of each entry of `perExample`, such as a patient. Examples of one subject are not independent. */
  readonly groups?: readonly number[] | undefined;
  /** Hash of the data that was read. Absent if it is not known. */
  readonly data?: string | undefined;
  /** Classification only: number of test examples by class name, used to compare data sets if `data` is absent. */
  readonly classCounts?: Readonly<Record<string, number>> | undefined;
  /** Whether this is a subset of another column's examples. Such a column is listed in `comparisons.json` only. */
  readonly part?: boolean;
  readonly rows: readonly ScoredRow[];
}

/** A paired comparison of two rows on the same test examples. */
export interface RowComparison {
  readonly first: string;
  readonly second: string;
  /** Mean score of the first minus that of the second, over examples and seeds. */
  readonly difference: number;
  readonly ci95: ConfidenceInterval;
  readonly pValue: number;
  /**
   * p after Holm's correction for all comparisons of this column of the same kind (method with method, or with
   * control).
   */
  readonly adjusted: number;
  readonly test: 'mcnemar-mid-p' | 'sign-flip' | 'paired-t' | 'two-way-t';
}

/** Comparisons of the rows in one column. */
export interface ColumnStatistics {
  readonly task: string;
  readonly protocol: ProtocolId;
  readonly metric: string;
  /** Number of test examples that were compared. */
  readonly n: number;
  /** Seeds that all compared rows have. */
  readonly seeds: readonly number[];
  /** Number of comparisons between methods that p was corrected for. */
  readonly pairs: number;
  /** Method with the highest mean of `perExample`; null if there is no method. */
  readonly best: string | null;
  /** The best method against every other method. `first` is the best method. */
  readonly againstBest: readonly RowComparison[];
  /** Every method against every control. `first` is the method. */
  readonly againstControls: readonly RowComparison[];
}

/** Mean rank of each method over the columns; 1 is best (Demšar 2006). */
export interface AverageRanks {
  /** Number of columns in which every method has a figure. */
  readonly columns: number;
  readonly methods: readonly { readonly id: string; readonly rank: number }[];
  /** Smallest difference of two average ranks that Nemenyi's test calls significant at 5 %. */
  readonly criticalDifference: number;
  /** p of Friedman's test (Iman and Davenport's F) of the hypothesis that all methods perform alike. */
  readonly pValue: number;
}

/** Statistical comparison of the rows of a run. Part of `results.json`. */
export interface RunStatistics {
  /** Significance level, 0.05. */
  readonly level: number;
  readonly columns: readonly ColumnStatistics[];
  /** Average ranks; null with fewer than two methods or fewer than two columns. */
  readonly ranks: AverageRanks | null;
  /** SHA-256 of the value of `comparisons.json`. Results from before this field was added lack it. */
  readonly comparisons?: string;
}

/** Comparisons of every pair of methods in a column, as listed in `comparisons.json`. */
export interface ColumnComparisons {
  readonly task: string;
  readonly protocol: ProtocolId;
  /** Metric of a subset of the examples. Absent for all examples under the primary metric. */
  readonly metric?: string;
  readonly pairs: readonly RowComparison[];
}

/** Compares the rows of a table. Implemented by `@medbench/evaluation`. */
export type CompareRows = (columns: readonly ScoredColumn[]) => {
  readonly statistics: RunStatistics;
  readonly comparisons: readonly ColumnComparisons[];
};

/** Comparison of two runs in one row and column. Means are over the seeds of each run. */
export interface RunCell {
  readonly row: string;
  /** Row of the second run. Absent if it has the same id. */
  readonly otherRow?: string;
  readonly control: boolean;
  readonly task: string;
  readonly protocol: ProtocolId;
  readonly metric: string;
  /** Value of the primary metric in each run. */
  readonly values: readonly [first: number, second: number];
  readonly seeds: readonly [first: readonly number[], second: readonly number[]];
  /** Number of test examples that were compared; 0 if none were. */
  readonly n: number;
  /** Mean score per test example in the first run minus that in the second; null if the test sets differ. */
  readonly difference: number | null;
  /** Test of the difference; null if it was not tested. */
  readonly test: {
    readonly ci95: ConfidenceInterval;
    readonly pValue: number;
    /** p after Holm's correction for all tested cells. */
    readonly adjusted: number;
    /** Whether trainings with the same seed were paired, or the seeds of each run vary independently. */
    readonly seeds: 'paired' | 'separate';
  } | null;
  /** Reason why the difference was not tested. */
  readonly reason?: string;
}

/** Comparison of two runs, cell by cell. */
export interface RunComparison {
  /** Significance level, 0.05. */
  readonly level: number;
  readonly cells: readonly RunCell[];
  /** Number of tested cells, which p was corrected for. */
  readonly tested: number;
}
