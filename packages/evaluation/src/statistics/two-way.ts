/** Mean of a table of seeds by examples, how sure it is, and by how many degrees of freedom. */
export interface TwoWayMean {
  readonly mean: number;
  readonly variance: number;
  readonly df: number;
}

/**
 * The mean of paired differences `[S seeds][n examples]` where both seeds and examples are a sample: another training and
 * another test set would give another mean. Variances over seeds and over examples add up, less what both have of the
 * residual (Cameron, Gelbach and Miller 2011, eq. 2.11); examples of one group count as one. Degrees of freedom after
 * Satterthwaite (1946). With one seed only the examples vary.
 *
 * @param groups group of each example, such as its patient. Default: each its own.
 */
export function twoWayMean(differences: readonly (readonly number[])[], groups?: readonly number[]): TwoWayMean {
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
  // Sums of deviations over a group's examples: as if the group were one example of more weight.
  const all = new Float64Array(G);
  let residual = 0;
  const ofExample = new Float64Array(n);
  for (const row of differences) for (let i = 0; i < n; i++) ofExample[i]! += row[i]! / S;
  for (let i = 0; i < n; i++) all[slotOf[i]!]! += ofExample[i]! - mean;
  for (const [s, row] of differences.entries()) {
    const own = new Float64Array(G);
    for (let i = 0; i < n; i++) own[slotOf[i]!]! += row[i]! - ofSeed[s]! - ofExample[i]! + mean;
    for (const sum of own) residual += sum * sum;
  }
  const spread = all.reduce((sum, value) => sum + value * value, 0);
  const ofExamples = G > 1 ? (spread / n ** 2) * (G / (G - 1)) : 0;
  if (S === 1) return { mean, variance: ofExamples, df: Math.max(1, G - 1) };
  const ofSeeds = ofSeed.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (S * (S - 1));
  const shared = G > 1 ? (residual / (S * n) ** 2) * ((S * G) / ((S - 1) * (G - 1))) : 0;
  // Never less than either alone says.
  const variance = Math.max(ofSeeds + ofExamples - shared, ofSeeds, ofExamples);
  const uncertainty =
    ofSeeds ** 2 / (S - 1) + (G > 1 ? ofExamples ** 2 / (G - 1) + shared ** 2 / ((S - 1) * (G - 1)) : 0);
  const df = uncertainty > 0 ? variance ** 2 / uncertainty : (S - 1) * Math.max(1, G - 1);
  return { mean, variance, df: Math.max(1, df) };
}
