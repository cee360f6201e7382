/** Keeps every k-th point and the last one, so that at most about `most` are left. */
export function thin<T>(points: readonly T[], most: number): T[] {
  const stride = Math.ceil(points.length / most);
  return points.filter((_, i) => i % stride === 0 || i === points.length - 1);
}
