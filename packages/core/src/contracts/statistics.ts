import type { ProtocolId } from './ids.js';
import type { ConfidenceInterval } from './measurement.js';

/** Scores of one row's test examples in one column, by seed. */
export interface ScoredRow {
  readonly id: string;
  readonly control: boolean;
  /** Of each seed: the score of each test example, in the same order for all rows and seeds. */
  readonly seeds: readonly { readonly seed: number; readonly value: number; readonly perExample: readonly number[] }[];
}

/** What rows are compared on: one task under one protocol. */
export interface ScoredColumn {
  readonly task: string;
  readonly protocol: ProtocolId;
  /** Primary metric. */
  readonly metric: string;
  /** Of each entry of `perExample`, whom or what it is about, such as a patient: examples of one are not independent. */
  readonly groups?: readonly number[] | undefined;
  /** Hash of the data that was read; absent where it is not known. */
  readonly data?: string | undefined;
  /** Of classification: number of test examples by class name, for want of `data`. */
  readonly classCounts?: Readonly<Record<string, number>> | undefined;
  /** A part of the examples of another column: listed in `comparisons.json`, and no column of the table's own. */
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
  /** p after Holm's correction for the comparisons of this column of this kind (method with method, or with control). */
  readonly adjusted: number;
  readonly test: 'mcnemar-mid-p' | 'sign-flip' | 'paired-t' | 'two-way-t';
}

/** What the comparisons of one column say. */
export interface ColumnStatistics {
  readonly task: string;
  readonly protocol: ProtocolId;
  readonly metric: string;
  /** Number of test examples that were compared. */
  readonly n: number;
  /** Seeds that all compared rows have. */
  readonly seeds: readonly number[];
  /** Number of comparisons between methods, for which p was corrected. */
  readonly pairs: number;
  /** Method with the highest mean of `perExample`; null if there is none. */
  readonly best: string | null;
  /** The best method against each other one: `first` is the best. */
  readonly againstBest: readonly RowComparison[];
  /** Each method against each control: `first` is the method. */
  readonly againstControls: readonly RowComparison[];
}

/** Mean rank of each method over columns, 1 is best (Demšar 2006). */
export interface AverageRanks {
  /** Number of columns in which every method has a figure. */
  readonly columns: number;
  readonly methods: readonly { readonly id: string; readonly rank: number }[];
  /** Smallest difference of two average ranks that Nemenyi's test calls significant at 5 %. */
  readonly criticalDifference: number;
  /** Friedman's test (Iman and Davenport's F) that all methods are alike. */
  readonly pValue: number;
}

/** What of a run's table is more than chance. Part of `results.json`. */
export interface RunStatistics {
  /** 0.05. */
  readonly level: number;
  readonly columns: readonly ColumnStatistics[];
  /** Null with fewer than two methods, or fewer than two columns. */
  readonly ranks: AverageRanks | null;
}

/** A column with every pair of its methods, as `comparisons.json` lists them. */
export interface ColumnComparisons {
  readonly task: string;
  readonly protocol: ProtocolId;
  /** Of a part of the examples: the metric of the part. Absent: all examples, under the primary metric. */
  readonly metric?: string;
  readonly pairs: readonly RowComparison[];
}

/** Compares the rows of a table; implemented by `@medbench/evaluation`. */
export type CompareRows = (columns: readonly ScoredColumn[]) => {
  readonly statistics: RunStatistics;
  readonly comparisons: readonly ColumnComparisons[];
};

/** One row in one column of two runs. Means are over the seeds of each run. */
export interface RunCell {
  readonly row: string;
  readonly control: boolean;
  readonly task: string;
  readonly protocol: ProtocolId;
  readonly metric: string;
  /** Primary metric in each run. */
  readonly values: readonly [first: number, second: number];
  readonly seeds: readonly [first: readonly number[], second: readonly number[]];
  /** Number of test examples that were compared; 0 if none were. */
  readonly n: number;
  /** Mean score per test example in the first run minus that in the second; null where test sets differ. */
  readonly difference: number | null;
  /** Null where it was not tested. */
  readonly test: {
    readonly ci95: ConfidenceInterval;
    readonly pValue: number;
    /** After Holm's correction for all cells that were tested. */
    readonly adjusted: number;
    /** Whether trainings were paired by their seed, or each run's vary by themselves. */
    readonly seeds: 'paired' | 'separate';
  } | null;
  /** Why it was not tested. */
  readonly reason?: string;
}

/** Two runs, cell by cell. */
export interface RunComparison {
  /** 0.05. */
  readonly level: number;
  readonly cells: readonly RunCell[];
  /** How many of the cells were tested: what p was corrected for. */
  readonly tested: number;
}
