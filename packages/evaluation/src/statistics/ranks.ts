import type { AverageRanks } from '@medbench/core';
import { fisherP, nemenyiQuantile } from './distributions.js';

/** Ranks of values, 1 for the highest. Equal values share the mean of their ranks. */
export function rankValues(values: readonly number[]): number[] {
  return values.map((value) => {
    let above = 0;
    let equal = 0;
    for (const other of values) {
      if (other > value) above++;
      else if (other === value) equal++;
    }
    return above + (equal + 1) / 2;
  });
}

/**
 * Computes the average rank of each method over columns, Friedman's test in Iman and Davenport's form, and Nemenyi's
 * critical difference at 5 % (Demšar 2006, eqs. 6 to 8).
 *
 * @param scores `[columns][methods]`, higher is better.
 * @returns null with fewer than two methods or two columns.
 */
export function averageRanks(ids: readonly string[], scores: readonly (readonly number[])[]): AverageRanks | null {
  const k = ids.length;
  const N = scores.length;
  if (k < 2 || N < 2) return null;
  const sums = new Array<number>(k).fill(0);
  for (const column of scores) {
    for (const [m, rank] of rankValues(column).entries()) sums[m]! += rank;
  }
  const ranks = sums.map((sum) => sum / N);
  const square = ranks.reduce((sum, rank) => sum + rank * rank, 0);
  const chi2 = ((12 * N) / (k * (k + 1))) * (square - (k * (k + 1) ** 2) / 4);
  const residual = N * (k - 1) - chi2;
  // Chance that all columns rank alike: one of k! orders in each column but the first.
  const identicalRankingP = () => ids.reduce((product, _, i) => product / (i + 1), 1) ** (N - 1);
  const pValue =
    residual <= 1e-9 * N * k ? identicalRankingP() : fisherP(((N - 1) * chi2) / residual, k - 1, (k - 1) * (N - 1));
  return {
    columns: N,
    methods: ids.map((id, m) => ({ id, rank: ranks[m]! })).sort((a, b) => a.rank - b.rank),
    criticalDifference: nemenyiQuantile(k) * Math.sqrt((k * (k + 1)) / (6 * N)),
    pValue: Math.max(0, pValue),
  };
}
