import type { RasterImage, Source } from './data.js';

/** Pictures of one split. */
export interface PictureSplit {
  readonly images: Source<RasterImage>;
  /** Whom each shows, such as a patient, by a name that is the same in all splits; `''` if it is not known. */
  readonly groups?: readonly string[] | undefined;
}

/** Pictures of a task, for the search for those that training has seen. */
export interface PictureSplits {
  readonly train?: PictureSplit | undefined;
  readonly val?: PictureSplit | undefined;
  readonly test: PictureSplit;
}

/** What test pictures share with other pictures. Places count from 0 within their splits. */
export interface LeakFindings {
  /** Number of pictures that the test pictures were compared with. */
  readonly compared: number;
  /** Test pictures whose patient (or lesion, or slide) is on the other side too; null where nobody is named. */
  readonly groups: readonly number[] | null;
  /** Test picture and one with the same pixels. */
  readonly identical: readonly (readonly [test: number, other: number])[];
  /** Test picture and one that looks the same: encoded again, resized. */
  readonly near: readonly (readonly [test: number, other: number])[];
}

export interface LeakReport {
  /** Number of test pictures. */
  readonly test: number;
  readonly train?: LeakFindings;
  readonly val?: LeakFindings;
  readonly corpus?: LeakFindings;
}

/** Numbers of test pictures found by `LeakCheck`, as a cell carries them. */
export interface LeakCounts {
  readonly of: 'train' | 'val' | 'corpus';
  readonly compared: number;
  readonly groups: number | null;
  readonly identical: number;
  readonly near: number;
}

/** Looks for test pictures that training has seen. @throws MedbenchError if a picture cannot be read. */
export type LeakCheck = (splits: PictureSplits, corpus?: Source<RasterImage>) => Promise<LeakReport>;
