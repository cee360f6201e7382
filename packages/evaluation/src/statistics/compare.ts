import { MedbenchError, random } from '@medbench/core';

/** Result of McNemar's test. */
export interface McNemarResult {
  /** Number of examples that only the first model got right. */
  readonly onlyFirst: number;
  /** Number of examples that only the second model got right. */
  readonly onlySecond: number;
  /** Two-sided mid-p value. */
  readonly pValue: number;
  /** Exact two-sided p, never smaller than the mid-p value. */
  readonly exact: number;
}

function requirePaired(first: readonly number[], second: readonly number[]): void {
  if (first.length === second.length) return;
  throw new MedbenchError(
    'evaluation',
    `two results with ${first.length} and ${second.length} test examples cannot be compared pairwise`,
    { hint: 'compare cells of the same task, protocol and split' },
  );
}

/**
 * Two-sided sign test: twice the smaller binomial(n, 1/2) tail, at most 1. `midP` counts half of the observed outcome,
 * which brings the rate of false alarms close to the nominal level. The exact test stays below that level, the more so
 * the fewer examples there are (Fagerland, Lydersen and Laake 2013).
 */
function binomialSignTest(a: number, b: number): { exact: number; midP: number } {
  const n = a + b;
  let logChoose = 0;
  let tail = 0;
  let last = 0;
  for (let k = 0; k <= Math.min(a, b); k++) {
    if (k > 0) logChoose += Math.log(n - k + 1) - Math.log(k);
    last = Math.exp(logChoose - n * Math.LN2);
    tail += last;
  }
  return { exact: Math.min(1, 2 * tail), midP: a === b ? 1 : Math.min(1, 2 * tail - last) };
}

/**
 * McNemar's test of the answers, right (1) or wrong (0), of two models on the same examples.
 *
 * @throws MedbenchError if the lengths differ or a score is neither 0 nor 1 (use `compareTwo`).
 */
export function mcnemar(first: readonly number[], second: readonly number[]): McNemarResult {
  requirePaired(first, second);
  let onlyFirst = 0;
  let onlySecond = 0;
  for (let i = 0; i < first.length; i++) {
    const a = first[i]!;
    const b = second[i]!;
    if ((a !== 0 && a !== 1) || (b !== 0 && b !== 1)) {
      throw new MedbenchError('evaluation', `example ${i} is scored ${a} and ${b}; McNemar's test needs 0 or 1`);
    }
    if (a > b) onlyFirst++;
    else if (b > a) onlySecond++;
  }
  const { exact, midP } = binomialSignTest(onlyFirst, onlySecond);
  return { onlyFirst, onlySecond, pValue: midP, exact };
}

/**
 * Sums of each block of 8 values for each of 256 choices of signs, `[blocks, 256]`: bit i of the choice is set if value i
 * of the block is added, and not if it is subtracted.
 */
function signedSums(values: Float64Array): Float64Array {
  const sums = new Float64Array(Math.ceil(values.length / 8) * 256);
  for (let entry = 0; entry < sums.length; entry++) {
    const first = (entry >> 8) * 8;
    for (let i = first; i < Math.min(first + 8, values.length); i++) {
      sums[entry]! += (entry >> (i - first)) & 1 ? values[i]! : -values[i]!;
    }
  }
  return sums;
}

/** Two-sided p of a mean difference if the sign of each difference is arbitrary (Fisher's randomisation test). */
export function signFlipTest(differences: readonly number[], seed: number, flips = 9999): number {
  const moved = Float64Array.from(differences.filter((difference) => difference !== 0));
  const observed = Math.abs(moved.reduce((sum, difference) => sum + difference, 0));
  const stream = random(seed, 'sign-flip');
  const sums = signedSums(moved);
  let asExtreme = 0;
  for (let flip = 0; flip < flips; flip++) {
    let sum = 0;
    let bits = 0;
    for (let block = 0; block < sums.length; block += 256) {
      if ((block & 1023) === 0) bits = stream.integer(4294967296);
      sum += sums[block + (bits & 255)]!;
      bits >>>= 8;
    }
    if (Math.abs(sum) >= observed - 1e-9) asExtreme++;
  }
  return (asExtreme + 1) / (flips + 1);
}

/** Sums the values of each group's examples. */
export function sumsByGroup(values: readonly number[], groups: readonly number[]): number[] {
  const sums = new Map<number, number>();
  values.forEach((value, i) => sums.set(groups[i]!, (sums.get(groups[i]!) ?? 0) + value));
  return [...sums.values()];
}
