import type { ConfidenceInterval } from '@medbench/core';
import { random } from '@medbench/core';

/** Settings of a bootstrap. */
export interface BootstrapOptions {
  readonly seed: number;
  /** Number of replicates. Default 1000. */
  readonly replicates?: number;
  /** Group of each example, such as its patient. If given, whole groups are drawn instead of single examples. */
  readonly groups?: Int32Array | undefined;
}

/** Lists the examples of each group, in order of first appearance. */
function listMembers(groups: Int32Array): Int32Array[] {
  const members = new Map<number, number[]>();
  groups.forEach((group, i) => {
    const list = members.get(group);
    if (list === undefined) members.set(group, [i]);
    else list.push(i);
  });
  return [...members.values()].map((list) => Int32Array.from(list));
}

/**
 * Calls `visit` once per replicate with the number of times that each of the n examples was drawn. The array is reused.
 */
function eachReplicate(n: number, options: BootstrapOptions, visit: (counts: Int32Array) => void): void {
  const { replicates = 1000, groups } = options;
  const stream = random(options.seed, 'bootstrap');
  const members = groups && listMembers(groups);
  const counts = new Int32Array(n);
  for (let replicate = 0; replicate < replicates; replicate++) {
    counts.fill(0);
    if (members === undefined) {
      for (let i = 0; i < n; i++) counts[stream.integer(n)]!++;
    } else {
      for (let i = 0; i < members.length; i++)
        for (const member of members[stream.integer(members.length)]!) counts[member]!++;
    }
    visit(counts);
  }
}

/** Quantile of sorted values, interpolated linearly (Hyndman and Fan's type 7, NumPy's default). */
function quantile(sorted: Float64Array, share: number): number {
  const position = share * (sorted.length - 1);
  const low = Math.floor(position);
  const a = sorted[low]!;
  const b = sorted[Math.min(low + 1, sorted.length - 1)]!;
  return a + (position - low) * (b - a);
}

function percentileInterval(values: readonly number[]): ConfidenceInterval {
  const sorted = Float64Array.from(values.filter((value) => !Number.isNaN(value))).sort();
  return sorted.length === 0 ? [Number.NaN, Number.NaN] : [quantile(sorted, 0.025), quantile(sorted, 0.975)];
}

/**
 * Percentile bootstrap 95 % intervals (Efron 1979) of several statistics, computed from the same replicates.
 *
 * @param statistics computes the values from the multiplicities of the n examples. `NaN` leaves out the replicate for
 * that statistic (the AUROC of a replicate with a single class is undefined). The array passed to it is reused.
 * @returns one interval per statistic, the same for the same seed.
 */
export function bootstrapIntervals(
  n: number,
  statistics: (counts: Int32Array) => ArrayLike<number>,
  options: BootstrapOptions,
): ConfidenceInterval[] {
  const values: number[][] = [];
  eachReplicate(n, options, (counts) => {
    const result = statistics(counts);
    for (let s = 0; s < result.length; s++) {
      values[s] ??= [];
      values[s]!.push(result[s]!);
    }
  });
  return values.map(percentileInterval);
}

/**
 * Percentile bootstrap 95 % interval of any statistic of the drawn examples.
 *
 * @param statistic computes the value from the indices of the drawn examples, with repetition. The array passed to it
 * is reused.
 */
export function bootstrapInterval(
  n: number,
  statistic: (indices: Int32Array) => number,
  options: BootstrapOptions,
): ConfidenceInterval {
  let indices = new Int32Array(n);
  return bootstrapIntervals(
    n,
    (counts) => {
      let size = 0;
      for (const count of counts) size += count;
      if (size > indices.length) indices = new Int32Array(size);
      let filled = 0;
      for (let i = 0; i < n; i++) for (let c = counts[i]!; c > 0; c--) indices[filled++] = i;
      return [statistic(indices.subarray(0, size))];
    },
    options,
  )[0]!;
}

/** Percentile bootstrap 95 % interval of a mean. It builds no lists of indices. */
export function bootstrapMean(values: ArrayLike<number>, options: BootstrapOptions): ConfidenceInterval {
  return bootstrapIntervals(
    values.length,
    (counts) => {
      let sum = 0;
      let size = 0;
      for (let i = 0; i < counts.length; i++) {
        sum += counts[i]! * values[i]!;
        size += counts[i]!;
      }
      return [sum / size];
    },
    options,
  )[0]!;
}

/** Wilson's 95 % score interval of a proportion (Wilson 1927). `[0, 1]` without examples. */
export function wilsonInterval(successes: number, n: number): ConfidenceInterval {
  if (n === 0) return [0, 1];
  const z = 1.959963984540054;
  const share = successes / n;
  const centre = share + (z * z) / (2 * n);
  const spread = z * Math.sqrt((share * (1 - share)) / n + (z * z) / (4 * n * n));
  const scale = 1 + (z * z) / n;
  return [Math.max(0, (centre - spread) / scale), Math.min(1, (centre + spread) / scale)];
}

/**
 * Chooses the interval to report for a proportion: the bootstrap interval, unless it is not informative. The bootstrap
 * claims certainty if all examples agree, and is coarse under 30 independent draws. In both cases, Wilson's interval is
 * returned.
 */
export function proportionInterval(
  hits: ArrayLike<number>,
  bootstrap: ConfidenceInterval,
  groups?: Int32Array,
): ConfidenceInterval {
  const n = groups === undefined ? hits.length : new Set(groups).size;
  let share = 0;
  for (let i = 0; i < hits.length; i++) share += hits[i]! / hits.length;
  const allAgree = bootstrap[0] === bootstrap[1];
  return n < 30 || allAgree ? wilsonInterval(share * n, n) : bootstrap;
}
