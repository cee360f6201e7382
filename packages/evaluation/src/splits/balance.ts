import { random, type SettingSpec } from '@medbench/core';
import { subset } from '@medbench/data';
import type { LabelledImages } from './labelled-images.js';

/** Setting for the class imbalance of a training split. */
export const BALANCE_SETTINGS: Readonly<Record<'imbalance', SettingSpec>> = {
  imbalance: {
    default: 1,
    min: 1,
    description:
      'thins the training split to a long tail: the most frequent class may keep this many times the examples of the least frequent one (1: no thinning)',
  },
};

/**
 * Indices of the examples that remain after classes are thinned to a long tail. Of C classes ranked by frequency, class
 * r keeps at most `largest · imbalance^(-r / (C - 1))` examples, but at least one (Cui et al. 2019, section 5.1). No
 * examples are added, so a split that is already more uneven stays so. The choice is the same for every method and
 * seed, and the examples of a stronger imbalance are a subset of those of a weaker one.
 */
export function longTail(labels: Int32Array, imbalance: number): Int32Array {
  const members = new Map<number, number[]>();
  for (const i of random(0, 'long-tail').permutation(labels.length)) {
    const list = members.get(labels[i]!);
    if (list) list.push(i);
    else members.set(labels[i]!, [i]);
  }
  const ranked = [...members].sort(([a, first], [b, second]) => second.length - first.length || a - b);
  const largest = ranked[0]?.[1].length ?? 0;
  const kept = ranked.flatMap(([, examples], rank) => {
    const most = largest * imbalance ** (-rank / Math.max(1, ranked.length - 1));
    return examples.slice(0, Math.max(1, Math.round(most)));
  });
  return Int32Array.from(kept).sort();
}

/** Thins a training split to the class imbalance that the settings ask for. */
export function withBalance(train: LabelledImages, { imbalance }: Readonly<Record<string, unknown>>): LabelledImages {
  if (imbalance === undefined || imbalance === 1) return train;
  const kept = longTail(train.labels, Number(imbalance));
  return {
    images: subset(train.images, kept),
    labels: kept.map((i) => train.labels[i]!),
    groups: train.groups && kept.map((i) => train.groups![i]!),
    groupNames: train.groupNames && Array.from(kept, (i) => train.groupNames![i]!),
  };
}
