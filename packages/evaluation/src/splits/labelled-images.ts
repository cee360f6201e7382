import type { RasterImage, Source } from '@medbench/core';

export interface LabelledImages {
  readonly images: Source<RasterImage>;
  /** Under what name its embeddings are kept, where that is not the name of the split that it stands for. */
  readonly as?: string | undefined;
  /** Label of each image, in 0..classes-1. */
  readonly labels: Int32Array;
  /** Group of each image, such as its patient: intervals draw groups, and no split divides one. */
  readonly groups?: Int32Array | undefined;
  /** Name of each image's group, the same in all splits; `''` if it is not known. */
  readonly groupNames?: readonly string[] | undefined;
}

/** The splits of a classification data set. */
export interface LabelledSplits {
  readonly train?: LabelledImages | undefined;
  readonly val?: LabelledImages | undefined;
  readonly test: LabelledImages;
}
