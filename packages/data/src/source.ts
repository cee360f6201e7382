import type { PairSource, Source } from '@medbench/core';

/** A list as a source. */
export function fromArray<T>(items: readonly T[]): Source<T> {
  return { length: items.length, get: async (index) => items[checked(index, items.length)]! };
}

/** Applies a function to each element when it is read. */
export function mapSource<T, U>(source: Source<T>, map: (item: T, index: number) => U | Promise<U>): Source<U> {
  return { length: source.length, get: async (index) => map(await source.get(index), index) };
}

/** The elements at the given places, in their order; repetitions are allowed. @throws RangeError for a place beyond. */
export function subset(source: PairSource, indices: ArrayLike<number>): PairSource;
export function subset<T>(source: Source<T>, indices: ArrayLike<number>): Source<T>;
export function subset<T>(source: Source<T> & Pick<PairSource, 'encoded'>, indices: ArrayLike<number>): Source<T> {
  const places = Float64Array.from(indices);
  for (const place of places) checked(place, source.length);
  const placeOf = (index: number): number => places[checked(index, places.length)]!;
  const { encoded } = source;
  return {
    length: places.length,
    get: async (index) => source.get(placeOf(index)),
    ...(encoded ? { encoded: async (index: number) => encoded.call(source, placeOf(index)) } : {}),
  };
}

/**
 * Keeps decoded elements until `maxBytes` are used; later ones are read anew each time. Nothing is dropped for a newer
 * element: epochs visit all elements in changing order, where that would only waste the work. A failed read is not kept.
 * @param maxBytes Default 1 GiB.
 */
export function cached<T>(source: Source<T>, maxBytes = 2 ** 30): Source<T> {
  const kept = new Map<number, Promise<T>>();
  const reading = new Map<number, Promise<T>>();
  let bytes = 0;
  const read = async (index: number): Promise<T> => {
    try {
      const item = await source.get(index);
      const size = bytesOf(item);
      if (bytes + size <= maxBytes) {
        bytes += size;
        kept.set(index, Promise.resolve(item));
      }
      return item;
    } finally {
      reading.delete(index);
    }
  };
  return {
    length: source.length,
    get(index) {
      const known = kept.get(index) ?? reading.get(index);
      if (known) return known;
      const started = read(index);
      reading.set(index, started);
      return started;
    },
  };
}

/** Memory of a value, roughly: typed arrays, text and what objects hold of them. */
function bytesOf(value: unknown): number {
  if (ArrayBuffer.isView(value)) return value.byteLength;
  if (typeof value === 'string') return value.length * 2;
  if (typeof value !== 'object' || value === null) return 8;
  return Object.values(value).reduce<number>((sum, part) => sum + bytesOf(part), 64);
}

function checked(index: number, length: number): number {
  if (Number.isInteger(index) && index >= 0 && index < length) return index;
  throw new RangeError(`No element ${index} in a source of ${length}`);
}
