import type { Matrix } from '@medbench/core';
import { stackLabels, stackRows, takeRows } from '../numerics/matrix.js';
import { holdout } from '../splits/holdout.js';

/** Features with labels, and with groups (such as patients) that a split must not divide. */
export interface LabelledFeatures {
  readonly features: Matrix;
  readonly labels: Int32Array;
  readonly groups?: Int32Array | undefined;
}

/** Some rows, in the order given. */
export const selectRows = ({ features, labels, groups }: LabelledFeatures, rows: Int32Array): LabelledFeatures => ({
  features: takeRows(features, rows),
  labels: rows.map((i) => labels[i]!),
  ...(groups ? { groups: rows.map((i) => groups[i]!) } : {}),
});

/** Two splits one after the other, without their groups. */
export const concatenate = (train: LabelledFeatures, val: LabelledFeatures): LabelledFeatures => ({
  features: stackRows(train.features, val.features),
  labels: stackLabels(train.labels, val.labels),
});

/** What a setting is fitted to and what it is chosen on. */
export interface ProbeChoice {
  readonly fit: LabelledFeatures;
  readonly heldOut: LabelledFeatures;
  readonly hasVal: boolean;
  readonly notes: string[];
}

/** The validation split, or where there is none a fixed stratified share of the training split (whole groups of it). */
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
