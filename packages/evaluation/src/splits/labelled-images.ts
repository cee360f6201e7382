import type { RasterImage, Source } from '@medbench/core';

/** Images with labels, and optionally with groups. */
export interface LabelledImages {
  readonly images: Source<RasterImage>;
  /** Name under which the embeddings are stored. Default: the name of the split that these images are used as. */
  readonly as?: string | undefined;
  /** Label of each image, in 0..classes-1. */
  readonly labels: Int32Array;
  /** Group of each image, such as its patient. Intervals resample whole groups, and no split divides a group. */
  readonly groups?: Int32Array | undefined;
  /** Name of each image's group, the same in all splits; `''` if the group is unknown. */
  readonly groupNames?: readonly string[] | undefined;
}

/** The splits of a classification data set. */
export interface LabelledSplits {
  readonly train?: LabelledImages | undefined;
  readonly val?: LabelledImages | undefined;
  readonly test: LabelledImages;
}
