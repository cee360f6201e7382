import { random, type SettingSpec } from '@medbench/core';

/** How data sets without a published split are divided. */
export const SPLIT_SETTINGS: Readonly<Record<string, SettingSpec>> = {
  split: {
    default: 'grouped',
    description:
      "grouped: nobody's images are in both splits; paper-like: divided image by image, as in the study's code",
    choices: ['grouped', 'paper-like'],
  },
};

/** Places of the examples of each split, ascending. */
export interface TestSplit {
  readonly train: Int32Array;
  readonly test: Int32Array;
}

/**
 * Divides examples into a training and a test split that are the same for all models and seeds: each label keeps its
 * share as nearly as the groups allow, and no group is divided. Of a label that several groups show, the test split
 * has at least one example.
 * @param share Share of the test split, in 0..1; its size is rounded once, over all labels (largest remainders).
 * @param groups Group of each example, such as its patient. Without them each example is its own.
 */
export function testSplit(labels: Int32Array, share: number, groups: Int32Array = labels.map((_, i) => i)): TestSplit {
  const members = new Map<number, number[]>();
  groups.forEach((group, i) => {
    const known = members.get(group);
    if (known) known.push(i);
    else members.set(group, [i]);
  });
  const all = [...members.values()];
  const order = Array.from(random(0, 'test-split').permutation(all.length), (at) => all[at]!);
  const need = quotas(labels, share);
  const inTest = new Uint8Array(labels.length);
  const take = (group: readonly number[]): void => {
    for (const i of group) {
      inTest[i] = 1;
      need.set(labels[i]!, need.get(labels[i]!)! - 1);
    }
  };
  for (const group of order) {
    const asked = new Map<number, number>();
    for (const i of group) asked.set(labels[i]!, (asked.get(labels[i]!) ?? 0) + 1);
    if ([...asked].every(([label, count]) => count <= need.get(label)!)) take(group);
  }
  for (const label of [...need.keys()].sort((a, b) => a - b)) {
    const showing = order.filter((group) => group.some((i) => labels[i] === label));
    if (showing.length < 2 || showing.some((group) => inTest[group[0]!] === 1)) continue;
    take(showing.reduce((least, group) => (group.length < least.length ? group : least)));
  }
  const places = Int32Array.from(labels.keys());
  return { train: places.filter((i) => inTest[i] === 0), test: places.filter((i) => inTest[i] === 1) };
}

/** How many examples of each label the test split should have: their sum is the rounded share of all. */
function quotas(labels: Int32Array, share: number): Map<number, number> {
  const counts = new Map<number, number>();
  for (const label of labels) counts.set(label, (counts.get(label) ?? 0) + 1);
  const exact = [...counts].sort(([a], [b]) => a - b).map(([label, count]) => ({ label, wanted: count * share }));
  const quota = new Map(exact.map(({ label, wanted }) => [label, Math.floor(wanted)]));
  let left = Math.round(labels.length * share) - [...quota.values()].reduce((sum, count) => sum + count, 0);
  // Rounded, so that 10.4 and 38.4 are a tie.
  const rest = ({ wanted }: { wanted: number }): number => Math.round((wanted - Math.floor(wanted)) * 1e9);
  for (const { label } of exact.sort((a, b) => rest(b) - rest(a) || a.label - b.label)) {
    if (left-- <= 0) break;
    quota.set(label, quota.get(label)! + 1);
  }
  return quota;
}
