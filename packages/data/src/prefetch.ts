/**
 * Produces the steps `from` (included) to `to` (excluded) ahead of their use, at most `depth` at a time, and yields
 * them in order. A failure surfaces at its own step. After a failure, or when the consumer leaves early, no further
 * step is started, and the generator ends only when the steps under way have settled.
 */
export async function* prefetch<T>(
  produce: (step: number) => Promise<T>,
  from: number,
  to: number,
  depth = 2,
): AsyncGenerator<T> {
  const ahead: Promise<T>[] = [];
  let next = from;
  const fill = (): void => {
    while (next < to && ahead.length < Math.max(1, depth)) {
      const step = next++;
      const started = Promise.resolve().then(() => produce(step));
      // A failure is reported when the step's turn comes; until then it must not count as unhandled.
      started.catch(() => undefined);
      ahead.push(started);
    }
  };
  try {
    for (fill(); ahead.length > 0; fill()) {
      const item = await ahead[0]!;
      ahead.shift();
      fill();
      yield item;
    }
  } finally {
    await Promise.allSettled(ahead);
  }
}
