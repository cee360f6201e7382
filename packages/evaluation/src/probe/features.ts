import type { Matrix } from '@medbench/core';
import { stackLabels, stackRows, takeRows } from '../numerics/matrix.js';
import { holdout } from '../splits/holdout.js';

/** Features with labels, and optionally with groups (such as patients) that a split must not divide. */
export interface LabelledFeatures {
  readonly features: Matrix;
  readonly labels: Int32Array;
  readonly groups?: Int32Array | undefined;
}

/** Selects rows by their indices, in the given order. */
export const selectRows = ({ features, labels, groups }: LabelledFeatures, rows: Int32Array): LabelledFeatures => ({
  features: takeRows(features, rows),
  labels: rows.map((i) => labels[i]!),
  ...(groups ? { groups: rows.map((i) => groups[i]!) } : {}),
});

/** Concatenates two splits, without their groups. */
export const concatenate = (train: LabelledFeatures, val: LabelledFeatures): LabelledFeatures => ({
  features: stackRows(train.features, val.features),
  labels: stackLabels(train.labels, val.labels),
});

/** Examples to fit each candidate setting to, and held-out examples to choose the setting on. */
export interface ProbeChoice {
  readonly fit: LabelledFeatures;
  readonly heldOut: LabelledFeatures;
  readonly hasVal: boolean;
  readonly notes: string[];
}

/**
 * Splits the data for the choice of a setting. The held-out examples are the validation split. If there is none, they
 * are a fixed stratified share of the training split (whole groups, if the examples have groups).
 */
export function splitForChoice(train: LabelledFeatures, val: LabelledFeatures | undefined, share: number): ProbeChoice {
  if (val !== undefined && val.labels.length > 0) return { fit: train, heldOut: val, hasVal: true, notes: [] };
  const split = holdout(train.labels, share, train.groups);
  return {
    fit: selectRows(train, split.train),
    heldOut: selectRows(train, split.heldOut),
    hasVal: false,
    notes: [`no validation split: chosen on ${split.heldOut.length} held-out training examples`],
  };
}
