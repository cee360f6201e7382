/** Axes given as a number, a list or nothing (all), counted from the front, in ascending order. */
export function normaliseAxes(axis: number | readonly number[] | null | undefined, rank: number): number[] {
  const axes = axis === null || axis === undefined ? [...Array(rank).keys()] : typeof axis === 'number' ? [axis] : axis;
  return axes.map((index) => (index < 0 ? index + rank : index)).sort((a, b) => a - b);
}

/** One axis, counted from the front. */
export const normaliseAxis = (axis: number | readonly number[] | undefined, rank: number): number =>
  normaliseAxes(axis ?? 0, rank)[0]!;
