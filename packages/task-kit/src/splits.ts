import { random, type SettingSpec } from '@medbench/core';

/** The setting that selects how a data set without a published split is divided. */
export const SPLIT_SETTINGS: Readonly<Record<string, SettingSpec>> = {
  split: {
    default: 'grouped',
    description:
      "grouped: images of one patient or lesion stay in one split; paper-like: split image by image, by the study's rule; study: the study's own lists of files",
    choices: ['grouped', 'paper-like', 'study'],
  },
};

/** Indices of the examples of each split, ascending. */
export interface TestSplit {
  readonly train: Int32Array;
  readonly test: Int32Array;
}

/**
 * Divides examples into a training and a test split that are the same for all models and seeds. Each label keeps its
 * share as nearly as the groups allow, and no group is divided. The test split has at least one example of each label
 * that occurs in several groups.
 * @param share Share of the test split, in 0..1. The size is rounded once, over all labels (largest remainders).
 * @param groups Group of each example, such as its patient. Default: each example is its own group.
 */
export function testSplit(labels: Int32Array, share: number, groups: Int32Array = labels.map((_, i) => i)): TestSplit {
  const members = new Map<number, number[]>();
  groups.forEach((group, i) => {
    const groupMembers = members.get(group);
    if (groupMembers) groupMembers.push(i);
    else members.set(group, [i]);
  });
  const allGroups = [...members.values()];
  const order = Array.from(random(0, 'test-split').permutation(allGroups.length), (index) => allGroups[index]!);
  const needed = testCounts(labels, share);
  const inTest = new Uint8Array(labels.length);
  const take = (group: readonly number[]): void => {
    for (const i of group) {
      inTest[i] = 1;
      needed.set(labels[i]!, needed.get(labels[i]!)! - 1);
    }
  };
  for (const group of order) {
    const groupCounts = new Map<number, number>();
    for (const i of group) groupCounts.set(labels[i]!, (groupCounts.get(labels[i]!) ?? 0) + 1);
    if ([...groupCounts].every(([label, count]) => count <= needed.get(label)!)) take(group);
  }
  for (const label of [...needed.keys()].sort((a, b) => a - b)) {
    const showing = order.filter((group) => group.some((i) => labels[i] === label));
    if (showing.length < 2 || showing.some((group) => inTest[group[0]!] === 1)) continue;
    take(showing.reduce((least, group) => (group.length < least.length ? group : least)));
  }
  const indices = Int32Array.from(labels.keys());
  return { train: indices.filter((i) => inTest[i] === 0), test: indices.filter((i) => inTest[i] === 1) };
}

/** Number of examples of each label that the test split should have. They sum to the rounded share of all examples. */
function testCounts(labels: Int32Array, share: number): Map<number, number> {
  const counts = new Map<number, number>();
  for (const label of labels) counts.set(label, (counts.get(label) ?? 0) + 1);
  const exact = [...counts].sort(([a], [b]) => a - b).map(([label, count]) => ({ label, target: count * share }));
  const quota = new Map(exact.map(({ label, target }) => [label, Math.floor(target)]));
  let remaining = Math.round(labels.length * share) - [...quota.values()].reduce((sum, count) => sum + count, 0);
  // The fraction is rounded, so that those of 10.4 and 38.4 are a tie.
  const remainder = ({ target }: { target: number }): number => Math.round((target - Math.floor(target)) * 1e9);
  for (const { label } of exact.sort((a, b) => remainder(b) - remainder(a) || a.label - b.label)) {
    if (remaining-- <= 0) break;
    quota.set(label, quota.get(label)! + 1);
  }
  return quota;
}
