/** Converts an axis, a list of axes or nothing (all axes) to a list of non-negative axes in ascending order. */
export function normaliseAxes(axis: number | readonly number[] | null | undefined, rank: number): number[] {
  const axes = axis === null || axis === undefined ? [...Array(rank).keys()] : typeof axis === 'number' ? [axis] : axis;
  return axes.map((index) => (index < 0 ? index + rank : index)).sort((a, b) => a - b);
}

/** Converts an axis (default 0) to a non-negative one. */
export const normaliseAxis = (axis: number | readonly number[] | undefined, rank: number): number =>
  normaliseAxes(axis ?? 0, rank)[0]!;
