/** What was checked: rows of a table, files of images, decoding, grey levels, images of two splits, texts. */
export type DataCheck = 'rows' | 'files' | 'decoding' | 'levels' | 'repeats' | 'texts';

/** Something that is wrong with a data set. It never contains any of the data but the names of files. */
export interface DataProblem {
  /** An `error` ends a run or makes its figures wrong. A `warning` is to be known before figures are read. */
  readonly severity: 'error' | 'warning';
  readonly check: DataCheck;
  /** Number of rows, images or texts with the problem. */
  readonly count: number;
  readonly message: string;
  /** The first of them. */
  readonly example?: string;
  readonly remedy: string;
}
