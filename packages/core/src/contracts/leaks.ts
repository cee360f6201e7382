import type { RasterImage, Source } from './data.js';

/** Images of one split. */
export interface ImageSplit {
  readonly images: Source<RasterImage>;
  /** Whom each shows, such as a patient, by a name that is the same in all splits; `''` if it is not known. */
  readonly groups?: readonly string[] | undefined;
}

/** Images of a task, for the search for those that training has seen. */
export interface ImageSplits {
  readonly train?: ImageSplit | undefined;
  readonly val?: ImageSplit | undefined;
  readonly test: ImageSplit;
}

/** What test images share with other images. Places count from 0 within their splits. */
export interface LeakFindings {
  /** Number of images that the test images were compared with. */
  readonly compared: number;
  /** Test images whose patient (or lesion, or slide) is on the other side too; null where nobody is named. */
  readonly groups: readonly number[] | null;
  /** Test image and one with the same pixels. */
  readonly identical: readonly (readonly [test: number, other: number])[];
  /** Test image and one that looks the same: encoded again, resized. */
  readonly near: readonly (readonly [test: number, other: number])[];
}

export interface LeakReport {
  /** Number of test images. */
  readonly test: number;
  readonly train?: LeakFindings;
  readonly val?: LeakFindings;
  readonly corpus?: LeakFindings;
}

/** Numbers of test images found by `LeakCheck`, as a cell carries them. */
export interface LeakCounts {
  readonly of: 'train' | 'val' | 'corpus';
  readonly compared: number;
  readonly groups: number | null;
  readonly identical: number;
  readonly near: number;
}

/** Looks for test images that training has seen. @throws MedbenchError if an image cannot be read. */
export type LeakCheck = (splits: ImageSplits, corpus?: Source<RasterImage>) => Promise<LeakReport>;
