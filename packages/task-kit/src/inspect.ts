import type { DataContext, DataInspection } from '@medbench/core';
import type { MultiLabelImages } from '@medbench/evaluation';
import { isSynthetic } from './info.js';

type Counts = DataInspection['splits'][string];

/** Describes the splits of a data set of images for `medbench data verify`. Splits that are absent are left out. */
export async function inspectSplits<S extends Pick<MultiLabelImages, 'images'>>(
  context: DataContext,
  splits: Readonly<Record<string, S | undefined>>,
  count: (split: S) => Counts,
  notes: readonly string[],
): Promise<DataInspection> {
  const present = Object.entries(splits).filter((entry): entry is [string, S] => entry[1] !== undefined);
  return {
    synthetic: await isSynthetic(context),
    splits: Object.fromEntries(present.map(([name, split]) => [name, count(split)])),
    notes,
    examples: Object.fromEntries(present.map(([name, { images }]) => [name, { images }])),
  };
}
