/** Holm's step-down adjusted p-values, in the order given (Holm 1979). A p that is no number counts as 1. */
export function holm(pValues: readonly number[]): number[] {
  const values = pValues.map((p) => (Number.isNaN(p) ? 1 : p));
  const order = values.map((_, i) => i).sort((a, b) => values[a]! - values[b]!);
  const adjusted = new Array<number>(values.length);
  let largest = 0;
  order.forEach((index, position) => {
    largest = Math.max(largest, Math.min(1, values[index]! * (values.length - position)));
    adjusted[index] = largest;
  });
  return adjusted;
}
