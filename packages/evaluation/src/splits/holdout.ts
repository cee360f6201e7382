import { random } from '@medbench/core';

/** Indices of the examples that remain for training, and of those that are held out. */
export interface Holdout {
  readonly train: Int32Array;
  readonly heldOut: Int32Array;
}

/**
 * Splits off a fixed hold-out: of each label, the given share of its examples, rounded. A label with two or more
 * examples has at least one held out, a label with one example none. With two or more `groups`, whole groups are held
 * out at random up to the share.
 *
 * The split is the same for all models and seeds, so that chance affects them alike.
 */
export function holdout(labels: Int32Array, share: number, groups?: Int32Array): Holdout {
  const stream = random(0, 'holdout');
  const order = stream.permutation(labels.length);
  const isHeldOut = new Uint8Array(labels.length);
  const sizes = new Map<number, number>();
  for (const group of groups ?? []) sizes.set(group, (sizes.get(group) ?? 0) + 1);
  if (sizes.size < 2) {
    const byLabel = new Map<number, number[]>();
    for (const i of order) {
      const members = byLabel.get(labels[i]!);
      if (members === undefined) byLabel.set(labels[i]!, [i]);
      else members.push(i);
    }
    for (const members of byLabel.values()) {
      const take = members.length === 1 ? 0 : Math.max(1, Math.round(members.length * share));
      for (const i of members.slice(0, take)) isHeldOut[i] = 1;
    }
  } else {
    const chosen = new Set<number>();
    const target = Math.max(1, labels.length * share);
    let heldOutCount = 0;
    for (const i of order) {
      const group = groups![i]!;
      const size = sizes.get(group)!;
      if (chosen.has(group) || (heldOutCount > 0 && heldOutCount + size > target)) continue;
      chosen.add(group);
      heldOutCount += size;
    }
    groups!.forEach((group, i) => {
      if (chosen.has(group)) isHeldOut[i] = 1;
    });
  }
  const indices = Int32Array.from(labels.keys());
  return { train: indices.filter((i) => isHeldOut[i] === 0), heldOut: indices.filter((i) => isHeldOut[i] === 1) };
}
