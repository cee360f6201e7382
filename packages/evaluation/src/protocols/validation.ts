import { MedbenchError } from '@medbench/core';
import { subset } from '@medbench/data';
import { holdout } from '../splits/holdout.js';
import type { LabelledImages, LabelledSplits } from '../splits/labelled-images.js';

/** Share of the training split that replaces a missing validation split. */
const HOLDOUT_SHARE = 0.1;

function selectExamples(split: LabelledImages, indices: Int32Array, as: string): LabelledImages {
  return {
    images: subset(split.images, indices),
    labels: indices.map((i) => split.labels[i]!),
    groups: split.groups && indices.map((i) => split.groups![i]!),
    groupNames: split.groupNames && Array.from(indices, (i) => split.groupNames![i]!),
    as,
  };
}

/**
 * Makes a data set for choosing settings: the validation split replaces the test split. Without a validation split, a
 * fixed tenth of the training split replaces it.
 * @throws MedbenchError('data') if there is neither a validation nor a training split.
 */
export function validationData({ train, val }: LabelledSplits): LabelledSplits {
  if (val && val.labels.length > 0) return { train, test: { ...val, as: 'val' } };
  if (!train || train.labels.length === 0) {
    throw new MedbenchError('data', 'there is neither a validation nor a training split to choose settings by');
  }
  const { train: kept, heldOut } = holdout(train.labels, HOLDOUT_SHARE, train.groups);
  return { train: selectExamples(train, kept, 'train-kept'), test: selectExamples(train, heldOut, 'train-held') };
}

/**
 * Refuses to measure on the validation split, for protocols whose data have a test split only.
 * @throws MedbenchError('evaluation') if `split` is `val`.
 */
export function requireTestSplit({ split }: { readonly split?: 'test' | 'val' }, what: string): void {
  if (split !== 'val') return;
  throw new MedbenchError('evaluation', `${what} is measured on the test split only, not on validation images`, {
    hint: 'Leave this task out when choosing settings (evaluation.split=val); classification tasks work.',
  });
}
