import { type ConfidenceInterval, MedbenchError } from '@medbench/core';
import { studentP, studentQuantile } from './distributions.js';

/** A mean difference with its 95 % interval and two-sided p. */
export interface TwoWayTest {
  readonly mean: number;
  readonly ci95: ConfidenceInterval;
  /** Two-sided p; NaN if neither examples nor seeds vary. */
  readonly pValue: number;
  /** Number of independent examples. */
  readonly examples: number;
}

/** Variance of a mean, and its degrees of freedom. */
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

/** Adds variances: returns their sum and its degrees of freedom (Satterthwaite 1946). */
function addSpreads(spreads: readonly Spread[]): Spread {
  const variance = sum(spreads.map((part) => part.variance));
  const uncertainty = sum(spreads.map((part) => part.variance ** 2 / part.df));
  return { variance, df: uncertainty > 0 ? variance ** 2 / uncertainty : Math.min(...spreads.map(({ df }) => df)) };
}

/** The number of groups, and the group of each example in order of appearance; undefined if each is a group of its own. */
function findSlots(
  n: number,
  groups: readonly number[] | undefined,
): { readonly size: number; readonly slotByExample?: Int32Array } {
  if (!groups) return { size: n };
  const slots = new Map<number, number>();
  const slotByExample = Int32Array.from({ length: n }, (_, i) => {
    const group = groups[i] ?? i;
    if (!slots.has(group)) slots.set(group, slots.size);
    return slots.get(group)!;
  });
  return { size: slots.size, slotByExample };
}

/**
 * Computes three variances of the sum of the sides' means: over examples or groups (shared by all sides), over seeds
 * (separate for each side), and over both.
 */
function computeSpreads(
  sides: readonly Side[],
  groups: readonly number[] | undefined,
): { mean: number; examples: number; spreads: Spread[] } {
  const n = sides[0]![0]!.length;
  const { size: G, slotByExample } = findSlots(n, groups);
  const most = Math.max(1, G - 1);
  // Deviations are summed over each group's examples, as if the group were one example of higher weight.
  const sumOfSquares = (deviation: (i: number) => number): number => {
    const sums = new Float64Array(G);
    for (let i = 0; i < n; i++) sums[slotByExample?.[i] ?? i]! += deviation(i);
    let total = 0;
    for (const value of sums) total += value * value;
    return total;
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
  // A side with one seed does not show how seeds vary. Its variance is assumed to equal that of the other side.
  const scale = several.length < sides.length ? 1 + several[0]!.rows.length : 1;
  const scaled = ({ variance, df }: Spread): Spread => ({ variance: variance * scale, df });
  const overSeeds = scaled(addSpreads(ofSeeds));
  const shared = scaled(addSpreads(rests));
  const combined = Math.max(overSeeds.variance + overExamples.variance - shared.variance, 0);
  const uncertainty = sum([overExamples, overSeeds, shared].map(({ variance, df }) => variance ** 2 / df));
  const spreads = [overExamples, overSeeds, { variance: combined, df: Math.max(1, combined ** 2 / uncertainty) }];
  return { mean, examples: G, spreads };
}

/** Largest p and widest interval over all variances of a mean. */
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
 * Tests the mean of paired differences `[S seeds][n examples]`, where seeds and examples are both samples: another
 * training and another test set would give another mean. There are three t tests: over examples, over seeds, and over
 * both. The variance of the last is the sum of the first two, less the residual that both contain (Cameron, Gelbach and
 * Miller 2011, eq. 2.11; degrees of freedom after Satterthwaite 1946). The largest p and the widest interval are
 * returned, because with two or three seeds the last test alone raises up to twice as many false alarms as it should.
 * With one seed, only the examples vary.
 *
 * @param groups group of each example, such as its patient. The examples of a group count as one. Default: no groups.
 */
export function twoWayTest(differences: readonly (readonly number[])[], groups?: readonly number[]): TwoWayTest {
  return strictestTest(computeSpreads([differences], groups));
}

/**
 * Tests the difference of two mean scores on the same examples, first minus second, if the two sides were trained
 * independently: examples are paired, seeds are not. It works like `twoWayTest`, but the variance over seeds is the sum
 * of each side's variance, divided by its own number of seeds (Welch 1947). If one side has a single seed, the variance
 * of the other side is used for it, which assumes that both vary alike.
 *
 * @param first `[S1 seeds][n examples]`. @param second `[S2 seeds][n examples]`; S1 + S2 must be 3 or more.
 * @param groups group of each example, such as its patient. The examples of a group count as one. Default: no groups.
 * @throws MedbenchError('evaluation') with one seed on each side, which does not show how trainings vary.
 */
export function twoSampleTest(first: Side, second: Side, groups?: readonly number[]): TwoWayTest {
  if (first.length < 2 && second.length < 2) {
    throw new MedbenchError(
      'evaluation',
      'one training on each side cannot be tested: it does not show how far trainings differ by chance',
      {
        hint: 'Train at least one of the sides under several seeds.',
      },
    );
  }
  return strictestTest(computeSpreads([first, second.map((row) => row.map((score) => -score))], groups));
}
