import { studentP, studentQuantile } from './distributions.js';

/** A mean difference with its 95 % interval and two-sided p. */
export interface TwoWayTest {
  readonly mean: number;
  readonly ci95: readonly [number, number];
  /** NaN if nothing varies. */
  readonly pValue: number;
  /** Number of independent examples. */
  readonly examples: number;
}

/** A variance of the mean, and its degrees of freedom. */
interface Spread {
  readonly variance: number;
  readonly df: number;
}

/** How the mean of `[S seeds][n examples]` spreads over examples (groups of them), over seeds, and over both. */
function spreadsOf(
  differences: readonly (readonly number[])[],
  groups: readonly number[] | undefined,
): { mean: number; examples: number; spreads: Spread[] } {
  const S = differences.length;
  const n = differences[0]!.length;
  const slots = new Map<number, number>();
  const slotOf = Int32Array.from({ length: n }, (_, i) => {
    const group = groups?.[i] ?? i;
    if (!slots.has(group)) slots.set(group, slots.size);
    return slots.get(group)!;
  });
  const G = slots.size;
  const ofSeed = differences.map((row) => row.reduce((sum, value) => sum + value, 0) / n);
  const mean = ofSeed.reduce((sum, value) => sum + value, 0) / S;
  const ofExample = new Float64Array(n);
  for (const row of differences) for (let i = 0; i < n; i++) ofExample[i]! += row[i]! / S;
  // Sums of deviations over a group's examples: as if the group were one example of more weight.
  const sumOfSquares = (deviation: (i: number) => number): number => {
    const sums = new Float64Array(G);
    for (let i = 0; i < n; i++) sums[slotOf[i]!]! += deviation(i);
    return sums.reduce((sum, value) => sum + value * value, 0);
  };
  const most = Math.max(1, G - 1);
  const overExamples: Spread = {
    variance: (sumOfSquares((i) => ofExample[i]! - mean) / n ** 2) * (G / most),
    df: most,
  };
  if (S === 1) return { mean, examples: G, spreads: [overExamples] };
  const overSeeds: Spread = {
    variance: ofSeed.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (S * (S - 1)),
    df: S - 1,
  };
  let rest = 0;
  for (const [s, row] of differences.entries()) {
    rest += sumOfSquares((i) => row[i]! - ofSeed[s]! - ofExample[i]! + mean);
  }
  const shared: Spread = {
    variance: (rest / (S * n) ** 2) * ((S * G) / ((S - 1) * most)),
    df: (S - 1) * most,
  };
  const both = Math.max(overSeeds.variance + overExamples.variance - shared.variance, 0);
  const uncertainty = [overExamples, overSeeds, shared].reduce((sum, { variance, df }) => sum + variance ** 2 / df, 0);
  const spreads = [overExamples, overSeeds, { variance: both, df: Math.max(1, both ** 2 / uncertainty) }];
  return { mean, examples: G, spreads };
}

/**
 * Tests the mean of paired differences `[S seeds][n examples]`, where both are a sample: another training and another test
 * set would give another mean. A t test over examples, one over seeds, and one over both, whose variances add up less what
 * both have of the residual (Cameron, Gelbach and Miller 2011, eq. 2.11; degrees of freedom after Satterthwaite 1946): the
 * largest p and the widest interval are given, for with two or three seeds the last alone raises up to twice the false
 * alarms that it should. With one seed only the examples vary.
 *
 * @param groups group of each example, such as its patient: examples of one count as one. Default: each its own.
 */
export function twoWayTest(differences: readonly (readonly number[])[], groups?: readonly number[]): TwoWayTest {
  const { mean, examples, spreads } = spreadsOf(differences, groups);
  const varying = spreads.filter(({ variance }) => variance > 0);
  const half = Math.max(0, ...varying.map(({ variance, df }) => studentQuantile(df) * Math.sqrt(variance)));
  const ps = varying.map(({ variance, df }) => studentP(mean / Math.sqrt(variance), df));
  return {
    mean,
    ci95: [mean - half, mean + half],
    pValue: ps.length > 0 ? Math.max(...ps) : Number.NaN,
    examples,
  };
}
