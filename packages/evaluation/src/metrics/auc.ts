import type { ExampleCounts } from './confusion.js';

/** Examples of one class against the rest, sorted once by score so that each bootstrap replicate costs one pass. */
export interface RankedClass {
  /** Indices of the examples by ascending score. */
  readonly order: Int32Array;
  /** 1 where the example at that position belongs to the class. */
  readonly positive: Uint8Array;
  /** 1 where the score is higher than at the previous position. */
  readonly rises: Uint8Array;
}

/** Ranks the examples by column `k` of scores `[n, columns]`. @param isPositive whether an example has the label. */
export function rankColumn(
  scores: Float64Array,
  columns: number,
  k: number,
  isPositive: (example: number) => boolean,
): RankedClass {
  const n = scores.length / columns;
  const column = Float64Array.from({ length: n }, (_, i) => scores[i * columns + k]!);
  const order = Int32Array.from({ length: n }, (_, i) => i).sort((a, b) => {
    const x = column[a]!;
    const y = column[b]!;
    return x < y ? -1 : x > y ? 1 : 0;
  });
  const positive = new Uint8Array(n);
  const rises = new Uint8Array(n);
  for (let i = 0; i < n; i++) {
    positive[i] = isPositive(order[i]!) ? 1 : 0;
    rises[i] = i > 0 && column[order[i]!]! > column[order[i - 1]!]! ? 1 : 0;
  }
  return { order, positive, rises };
}

/** AUROC of a ranked label; `NaN` without a positive or without a negative example. */
export function areaUnderCurve({ order, positive, rises }: RankedClass, counts: ExampleCounts): number {
  let below = 0;
  let positives = 0;
  let tiedPositive = 0;
  let tiedNegative = 0;
  let area = 0;
  for (let i = 0; i < order.length; i++) {
    const count = counts === undefined ? 1 : counts[order[i]!]!;
    if (rises[i] === 1) {
      area += tiedPositive * (below + tiedNegative / 2);
      below += tiedNegative;
      positives += tiedPositive;
      tiedPositive = 0;
      tiedNegative = 0;
    }
    if (positive[i] === 1) tiedPositive += count;
    else tiedNegative += count;
  }
  area += tiedPositive * (below + tiedNegative / 2);
  return area / ((positives + tiedPositive) * (below + tiedNegative));
}

/**
 * Prepares macro one-vs-rest AUROC for many multiplicities of the same examples.
 *
 * @param scores `[N, classes]`, higher means more likely; only the order within a column matters.
 * @returns a function of the multiplicities (default: all 1). Ties count one half (Hanley and McNeil 1982). Two classes
 * give the AUROC of class 1, as scikit-learn's `roc_auc_score` does. The mean leaves out classes with no positive or no
 * negative example; it is `NaN` if no class remains.
 */
export function preparedMacroAuc(
  scores: Float64Array,
  labels: Int32Array,
  classes: number,
): (counts?: Int32Array) => number {
  const ranked: RankedClass[] = [];
  for (let k = classes === 2 ? 1 : 0; k < classes; k++)
    ranked.push(rankColumn(scores, classes, k, (i) => labels[i] === k));
  return (counts) => {
    let sum = 0;
    let defined = 0;
    for (const column of ranked) {
      const area = areaUnderCurve(column, counts);
      if (Number.isNaN(area)) continue;
      sum += area;
      defined++;
    }
    return sum / defined;
  };
}

/**
 * Macro one-vs-rest AUROC of scores `[N, classes]`; see `preparedMacroAuc` for ties, two classes and absent classes.
 */
export function macroAuc(scores: Float64Array, labels: Int32Array, classes: number): number {
  return preparedMacroAuc(scores, labels, classes)();
}
