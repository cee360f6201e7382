/**
 * Prepares means of per-example scores in [0, 1] for many multiplicities of the same examples.
 * @returns a function that returns the mean over the examples, and the mean over the classes of their means. A class
 * without examples is left out. `NaN` without examples.
 */
export function preparedMeans(labels: Int32Array, classes: number) {
  const sums = new Float64Array(classes);
  const sizes = new Float64Array(classes);
  return (scores: ArrayLike<number>, counts?: Int32Array): { readonly mean: number; readonly balanced: number } => {
    sums.fill(0);
    sizes.fill(0);
    for (let i = 0; i < labels.length; i++) {
      const count = counts === undefined ? 1 : counts[i]!;
      sums[labels[i]!]! += count * scores[i]!;
      sizes[labels[i]!]! += count;
    }
    let [sum, size, balanced, drawn] = [0, 0, 0, 0];
    for (let c = 0; c < classes; c++) {
      if (sizes[c] === 0) continue;
      sum += sums[c]!;
      size += sizes[c]!;
      balanced += sums[c]! / sizes[c]!;
      drawn++;
    }
    return { mean: sum / size, balanced: balanced / drawn };
  };
}
