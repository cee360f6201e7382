/** Maps a list in its order, at most `count` items at a time. */
export async function mapTogether<T, R>(
  items: readonly T[],
  map: (item: T) => Promise<R>,
  count: number,
): Promise<R[]> {
  const results = new Array<R>(items.length);
  let next = 0;
  const work = async (): Promise<void> => {
    while (next < items.length) {
      const i = next++;
      results[i] = await map(items[i]!);
    }
  };
  await Promise.all(Array.from({ length: Math.min(count, items.length) }, work));
  return results;
}
