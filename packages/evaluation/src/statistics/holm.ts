/** Adjusts p-values by Holm's step-down method (Holm 1979), in the given order. A p of NaN counts as 1. */
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
