import { MedbenchError } from '@medbench/core';
import { subset } from '@medbench/data';
import { holdout } from '../splits/holdout.js';
import type { LabelledImages, LabelledSplits } from '../splits/labelled-images.js';

/** Share of the training split that stands for a validation split that is not there. */
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
 * A data set whose validation split stands where its test split was, which is left out; without one, a fixed tenth of
 * the training split does.
 * @throws MedbenchError('data') if there is neither.
 */
export function validationData({ train, val }: LabelledSplits): LabelledSplits {
  if (val && val.labels.length > 0) return { train, test: { ...val, as: 'val' } };
  if (!train || train.labels.length === 0) {
    throw new MedbenchError('data', 'there is neither a validation nor a training split to choose settings by');
  }
  const { train: kept, heldOut } = holdout(train.labels, HOLDOUT_SHARE, train.groups);
  return { train: selectExamples(train, kept, 'train-kept'), test: selectExamples(train, heldOut, 'train-held') };
}

/** @throws MedbenchError('evaluation') for protocols that have a test split only. */
export function requireTestSplit({ split }: { readonly split?: 'test' | 'val' }, what: string): void {
  if (split !== 'val') return;
  throw new MedbenchError('evaluation', `${what} is measured on the test split only, not on validation images`, {
    hint: 'Leave the task out where settings are chosen (evaluation.split=val); classification tasks can be used.',
  });
}
