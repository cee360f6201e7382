import type { RasterImage, Source } from './data.js';

/** Images of one split. */
export interface ImageSplit {
  readonly images: Source<RasterImage>;
  /** Subject of each image, such as a patient, by a name that is the same in all splits; `''` if unknown. */
  readonly groups?: readonly string[] | undefined;
}

/** Images of a task, for the search for test images that training has seen. */
export interface ImageSplits {
  readonly train?: ImageSplit | undefined;
  readonly val?: ImageSplit | undefined;
  readonly test: ImageSplit;
}

/** Overlap of the test images with other images. Indices count from 0 within each split. */
export interface LeakFindings {
  /** Number of images that the test images were compared with. */
  readonly compared: number;
  /**
   * Test images whose subject (patient, lesion or slide) occurs among the other images too; null if no subject is
   * named.
   */
  readonly groups: readonly number[] | null;
  /** Pairs of a test image and another image with the same pixels. */
  readonly identical: readonly (readonly [test: number, other: number])[];
  /** Pairs of a test image and another image that looks the same, for example encoded again or resized. */
  readonly near: readonly (readonly [test: number, other: number])[];
}

/** Overlap of the test images with each split, with the corpus and with the validation corpus. Absent parts were not searched. */
export interface LeakReport {
  /** Number of test images. */
  readonly test: number;
  readonly train?: LeakFindings;
  readonly val?: LeakFindings;
  readonly corpus?: LeakFindings;
  /** The corpus by whose loss weights are kept (`training.validation.corpus`). */
  readonly validation?: LeakFindings;
}

/** Number of leaked test images by kind, as stored in a result cell. */
export interface LeakCounts {
  /** The images that the test images were compared with. */
  readonly of: 'train' | 'val' | 'corpus' | 'validation';
  /** Number of images that the test images were compared with. */
  readonly compared: number;
  readonly groups: number | null;
  readonly identical: number;
  readonly near: number;
}

/** Searches for test images that training has seen. @throws MedbenchError if an image cannot be read. */
export type LeakCheck = (
  splits: ImageSplits,
  corpus?: Source<RasterImage>,
  validation?: Source<RasterImage>,
) => Promise<LeakReport>;
