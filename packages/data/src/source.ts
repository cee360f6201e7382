import type { PairSource, Source } from '@medbench/core';

/** Wraps a list as a source. */
export function fromArray<T>(items: readonly T[]): Source<T> {
  return { length: items.length, get: async (index) => items[checkIndex(index, items.length)]! };
}

/** Applies a function to each element when it is read. */
export function mapSource<T, U>(source: Source<T>, map: (item: T, index: number) => U | Promise<U>): Source<U> {
  return { length: source.length, get: async (index) => map(await source.get(index), index) };
}

/**
 * Selects the elements at the given indices, in their order; repetitions are allowed. @throws RangeError for an index
 * beyond the source.
 */
export function subset(source: PairSource, indices: ArrayLike<number>): PairSource;
export function subset<T>(source: Source<T>, indices: ArrayLike<number>): Source<T>;
export function subset<T>(
  source: Source<T> & Pick<PairSource, 'encoded' | 'order'>,
  indices: ArrayLike<number>,
): Source<T> {
  const selected = Float64Array.from(indices);
  for (const index of selected) checkIndex(index, source.length);
  const sourceIndex = (index: number): number => selected[checkIndex(index, selected.length)]!;
  const { encoded } = source;
  return {
    length: selected.length,
    get: async (index) => source.get(sourceIndex(index)),
    ...(encoded ? { encoded: async (index: number) => encoded.call(source, sourceIndex(index)) } : {}),
    ...(source.file ? { file: (index: number) => source.file!(sourceIndex(index)) } : {}),
    ...(source.order
      ? { order: (seed: number, epoch: number) => placesInOrder(selected, source.order!(seed, epoch)) }
      : {}),
  };
}

/** Places of a selection in the order that its source has. An element that occurs twice is shown twice in a row. */
export function placesInOrder(selected: ArrayLike<number>, order: Int32Array): Int32Array {
  const ranks = new Int32Array(order.length);
  for (const [rank, index] of order.entries()) ranks[index] = rank;
  const places = Int32Array.from({ length: selected.length }, (_, place) => place);
  return places.sort((a, b) => ranks[selected[a]!]! - ranks[selected[b]!]! || a - b);
}

/** Memory that several cached sources share. What a source has kept returns when nothing refers to it any more. */
export class ByteBudget {
  #left: number;
  readonly #freed = new FinalizationRegistry<{ readonly bytes: number }>(({ bytes }) => {
    this.#left += bytes;
  });

  constructor(bytes: number) {
    this.#left = bytes;
  }

  /** Whether the bytes could be taken, which they then are. */
  take(bytes: number): boolean {
    if (bytes > this.#left) return false;
    this.#left -= bytes;
    return true;
  }

  /** Returns the bytes of a holder when it is collected. */
  returnWith(holder: object, taken: { readonly bytes: number }): void {
    this.#freed.register(holder, taken);
  }
}

/**
 * Keeps decoded elements until the budget is used; later elements are read again each time. No element is dropped for
 * a newer one: epochs visit all elements in changing order, so that replacement would only waste work. A failed read is
 * not kept.
 * @param budget Default 1 GiB for this source alone.
 */
export function cached<T>(source: Source<T>, budget = new ByteBudget(2 ** 30)): Source<T> {
  const stored = new Map<number, Promise<T>>();
  const reading = new Map<number, Promise<T>>();
  const taken = { bytes: 0 };
  const read = async (index: number): Promise<T> => {
    try {
      const item = await source.get(index);
      const size = estimateBytes(item);
      if (budget.take(size)) {
        taken.bytes += size;
        stored.set(index, Promise.resolve(item));
      }
      return item;
    } finally {
      reading.delete(index);
    }
  };
  const kept: Source<T> = {
    length: source.length,
    get(index) {
      const pending = stored.get(index) ?? reading.get(index);
      if (pending) return pending;
      const started = read(index);
      reading.set(index, started);
      return started;
    },
  };
  budget.returnWith(kept, taken);
  return kept;
}

/** Approximate memory of a value: typed arrays, strings, and objects that hold them. */
function estimateBytes(value: unknown): number {
  if (ArrayBuffer.isView(value)) return value.byteLength;
  if (typeof value === 'string') return value.length * 2;
  if (typeof value !== 'object' || value === null) return 8;
  return Object.values(value).reduce<number>((sum, part) => sum + estimateBytes(part), 64);
}

function checkIndex(index: number, length: number): number {
  if (Number.isInteger(index) && index >= 0 && index < length) return index;
  throw new RangeError(`No element ${index} in a source of ${length}`);
}
