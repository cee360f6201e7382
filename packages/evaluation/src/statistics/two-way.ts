import { type ConfidenceInterval, MedbenchError } from '@medbench/core';
import { studentP, studentQuantile } from './distributions.js';

/** A mean difference with its 95 % interval and two-sided p. */
export interface TwoWayTest {
  readonly mean: number;
  readonly ci95: ConfidenceInterval;
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

/** Scores of one side, `[S seeds][n examples]`. */
type Side = readonly (readonly number[])[];

const sum = (values: Iterable<number>): number => {
  let total = 0;
  for (const value of values) total += value;
  return total;
};

/** Variances that add up: their sum, and its degrees of freedom (Satterthwaite 1946). */
function addSpreads(spreads: readonly Spread[]): Spread {
  const variance = sum(spreads.map((part) => part.variance));
  const uncertainty = sum(spreads.map((part) => part.variance ** 2 / part.df));
  return { variance, df: uncertainty > 0 ? variance ** 2 / uncertainty : Math.min(...spreads.map(({ df }) => df)) };
}

/**
 * How the sum of the sides' means spreads over examples (groups of them), which all sides share, over the seeds of each
 * side, which are its own, and over both.
 */
function computeSpreads(
  sides: readonly Side[],
  groups: readonly number[] | undefined,
): { mean: number; examples: number; spreads: Spread[] } {
  const n = sides[0]![0]!.length;
  const slots = new Map<number, number>();
  const slotByExample = Int32Array.from({ length: n }, (_, i) => {
    const group = groups?.[i] ?? i;
    if (!slots.has(group)) slots.set(group, slots.size);
    return slots.get(group)!;
  });
  const G = slots.size;
  const most = Math.max(1, G - 1);
  // Sums of deviations over a group's examples: as if the group were one example of more weight.
  const sumOfSquares = (deviation: (i: number) => number): number => {
    const sums = new Float64Array(G);
    for (let i = 0; i < n; i++) sums[slotByExample[i]!]! += deviation(i);
    return sums.reduce((total, value) => total + value * value, 0);
  };
  const means = sides.map((rows) => {
    const ofExample = new Float64Array(n);
    for (const row of rows) for (let i = 0; i < n; i++) ofExample[i]! += row[i]! / rows.length;
    const ofSeed = rows.map((row) => sum(row) / n);
    return { rows, ofExample, ofSeed, mean: sum(ofSeed) / rows.length };
  });
  const mean = sum(means.map((side) => side.mean));
  const ofExample = new Float64Array(n);
  for (const side of means) for (let i = 0; i < n; i++) ofExample[i]! += side.ofExample[i]!;
  const overExamples: Spread = {
    variance: (sumOfSquares((i) => ofExample[i]! - mean) / n ** 2) * (G / most),
    df: most,
  };
  const several = means.filter(({ rows }) => rows.length > 1);
  if (several.length === 0) return { mean, examples: G, spreads: [overExamples] };
  const ofSeeds = several.map((side): Spread => {
    const S = side.rows.length;
    return { variance: sum(side.ofSeed.map((value) => (value - side.mean) ** 2)) / (S * (S - 1)), df: S - 1 };
  });
  const rests = several.map((side): Spread => {
    const S = side.rows.length;
    let rest = 0;
    for (const [s, row] of side.rows.entries()) {
      rest += sumOfSquares((i) => row[i]! - side.ofSeed[s]! - side.ofExample[i]! + side.mean);
    }
    return { variance: (rest / (S * n) ** 2) * ((S * G) / ((S - 1) * most)), df: (S - 1) * most };
  });
  // A side of one seed says nothing of how seeds spread: its spread is taken for that of the other side.
  const scale = several.length < sides.length ? 1 + several[0]!.rows.length : 1;
  const scaled = ({ variance, df }: Spread): Spread => ({ variance: variance * scale, df });
  const overSeeds = scaled(addSpreads(ofSeeds));
  const shared = scaled(addSpreads(rests));
  const combined = Math.max(overSeeds.variance + overExamples.variance - shared.variance, 0);
  const uncertainty = sum([overExamples, overSeeds, shared].map(({ variance, df }) => variance ** 2 / df));
  const spreads = [overExamples, overSeeds, { variance: combined, df: Math.max(1, combined ** 2 / uncertainty) }];
  return { mean, examples: G, spreads };
}

/** The largest p and the widest interval over all ways in which a mean spreads. */
function strictestTest({ mean, examples, spreads }: ReturnType<typeof computeSpreads>): TwoWayTest {
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

/**
 * Tests the mean of paired differences `[S seeds][n examples]`, where both are a sample: another training and another
 * test set would give another mean. A t test over examples, one over seeds, and one over both, whose variances add up
 * less what both have of the residual (Cameron, Gelbach and Miller 2011, eq. 2.11; degrees of freedom after
 * Satterthwaite 1946): the largest p and the widest interval are given, for with two or three seeds the last alone
 * raises up to twice the false alarms that it should. With one seed only the examples vary.
 *
 * @param groups group of each example, such as its patient: examples of one count as one. Default: each its own.
 */
export function twoWayTest(differences: readonly (readonly number[])[], groups?: readonly number[]): TwoWayTest {
  return strictestTest(computeSpreads([differences], groups));
}

/**
 * Tests the difference of two means of scores on the same examples, first minus second, where each side was trained by
 * itself: examples are paired, seeds are not. As `twoWayTest`, but the spread over seeds is that of each side over its
 * own number of seeds, added up (Welch 1947). Where one side has a single seed, the other's spread stands for it, which
 * takes both to spread alike.
 *
 * @param first `[S1 seeds][n examples]`. @param second `[S2 seeds][n examples]`; S1 + S2 must be 3 or more.
 * @param groups group of each example, such as its patient: examples of one count as one. Default: each its own.
 * @throws MedbenchError('evaluation') with one seed on each side: nothing says how far two trainings are apart by
 * chance.
 */
export function twoSampleTest(first: Side, second: Side, groups?: readonly number[]): TwoWayTest {
  if (first.length < 2 && second.length < 2) {
    throw new MedbenchError(
      'evaluation',
      'two single trainings cannot be compared: nothing says how far trainings spread',
      {
        hint: 'train at least one of the sides under several seeds',
      },
    );
  }
  return strictestTest(computeSpreads([first, second.map((row) => row.map((score) => -score))], groups));
}
