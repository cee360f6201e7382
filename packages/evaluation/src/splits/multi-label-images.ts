import { MedbenchError } from '@medbench/core';
import { subset } from '@medbench/data';
import { holdout } from './holdout.js';
import type { LabelledImages } from './labelled-images.js';

/** Images that may have several labels, or none. */
export interface MultiLabelImages extends Omit<LabelledImages, 'labels'> {
  /** 1 where an image has a label, else 0, `[N, L]`. */
  readonly targets: Int32Array;
}

/** The splits of a data set whose images may have several labels. */
export interface MultiLabelSplits {
  readonly train?: MultiLabelImages | undefined;
  readonly val?: MultiLabelImages | undefined;
  readonly test: MultiLabelImages;
}

/** The rows of targets `[N, L]` at some indices. */
export function takeTargets(targets: Int32Array, indices: Int32Array, labels: number): Int32Array {
  const taken = new Int32Array(indices.length * labels);
  indices.forEach((from, to) => {
    taken.set(targets.subarray(from * labels, (from + 1) * labels), to * labels);
  });
  return taken;
}

/** Splits off a tenth of the examples, stratified by whether an image has any label; see `holdout`. */
export function holdoutTenth(targets: Int32Array, labels: number, groups?: Int32Array) {
  const hasAny = Int32Array.from({ length: targets.length / labels }, (_, i) =>
    targets.subarray(i * labels, (i + 1) * labels).includes(1) ? 1 : 0,
  );
  return holdout(hasAny, 0.1, groups);
}

function selectExamples(split: MultiLabelImages, indices: Int32Array, labels: number, as: string): MultiLabelImages {
  return {
    images: subset(split.images, indices),
    targets: takeTargets(split.targets, indices, labels),
    groups: split.groups && indices.map((i) => split.groups![i]!),
    groupNames: split.groupNames && Array.from(indices, (i) => split.groupNames![i]!),
    as,
  };
}

/**
 * The splits for choosing settings: the validation split, or a fixed tenth of the training split, replaces the test
 * split.
 * @throws MedbenchError('data') if there is neither a validation nor a training split.
 */
export function multiLabelValidation({ train, val }: MultiLabelSplits, labels: number): MultiLabelSplits {
  if (val && val.images.length > 0) return { train, test: { ...val, as: 'val' } };
  if (!train || train.images.length === 0) {
    throw new MedbenchError('data', 'there is neither a validation nor a training split to choose settings by');
  }
  const { train: kept, heldOut } = holdoutTenth(train.targets, labels, train.groups);
  return {
    train: selectExamples(train, kept, labels, 'train-kept'),
    test: selectExamples(train, heldOut, labels, 'train-held'),
  };
}
