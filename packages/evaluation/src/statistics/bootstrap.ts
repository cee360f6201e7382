import type { ConfidenceInterval } from '@medbench/core';
import { random } from '@medbench/core';

export interface BootstrapOptions {
  readonly seed: number;
  /** Default 1000. */
  readonly replicates?: number;
  /** Group of each example (such as its patient). Given, whole groups are drawn instead of examples. */
  readonly groups?: Int32Array | undefined;
}

/** Examples of each group, in order of first appearance. */
function listMembers(groups: Int32Array): Int32Array[] {
  const members = new Map<number, number[]>();
  groups.forEach((group, i) => {
    const list = members.get(group);
    if (list === undefined) members.set(group, [i]);
    else list.push(i);
  });
  return [...members.values()].map((list) => Int32Array.from(list));
}

/** Calls `visit` once per replicate with how often each of the n examples was drawn. The array is reused. */
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

/** Quantile of sorted values, linear between neighbours (Hyndman and Fan's type 7, numpy's default). */
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
 * Percentile bootstrap 95 % intervals (Efron 1979) of several statistics from the same replicates.
 *
 * @param statistics values under the given multiplicities of the n examples; `NaN` leaves that replicate out for that
 * statistic (an AUROC is undefined where a replicate has one class only). The array it is given is reused.
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
 * @param statistic value on the examples whose indices it is given, with repetition. The array is reused.
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

/** Percentile bootstrap 95 % interval of a mean, without building index lists. */
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
 * The interval to report for a proportion: the bootstrap one, except where the bootstrap says nothing. It claims
 * certainty when all examples agree, and is coarse under 30 independent draws: there Wilson's interval is given.
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
