import type { EncodedPair, ImageTextPair, PairSource, RasterImage } from '@medbench/core';

/** Decoded, shrunk images of a source up to this many bytes are kept; the others are decoded again when needed. */
const CACHE_BYTES = 1 << 30;

/** What so many square images of this side take when they are kept, in bytes. */
export const cachedBytes = (side: number, count: number): number => Math.min(CACHE_BYTES, count * side * side * 3);

/** An example on its way into a batch: decoded, or as it lies on disk. */
export type LoadedExample = ImageTextPair | EncodedPair;

/** Reads the examples of a source, keeping what fits of those that were decoded and shrunk. */
export interface ImageReader {
  get(index: number): Promise<LoadedExample>;
  /** True if there is room for more. */
  hasRoom(): boolean;
  /** Keeps an image that was shrunk to the side that these images have. */
  keep(index: number, pair: ImageTextPair): void;
}

interface CachedPairs {
  readonly pairs: Map<string, ImageTextPair>;
  bytes: number;
}

/** Keeps decoded images for all rows of a run: they train on the same ones. */
export class ImageMemory {
  readonly #caches = new WeakMap<PairSource, CachedPairs>();

  /** @param budget bytes that the images of one source may take. */
  constructor(private readonly budget = CACHE_BYTES) {}

  /** The images of a source as they are kept when shrunk to a shorter side of `side`. */
  openSource(source: PairSource, side: number): ImageReader {
    const cache = this.#caches.get(source) ?? { pairs: new Map<string, ImageTextPair>(), bytes: 0 };
    this.#caches.set(source, cache);
    return cachedReader(cache, source, side, this.budget);
  }
}

function cachedReader(cache: CachedPairs, source: PairSource, side: number, budget: number): ImageReader {
  const cacheKey = (index: number): string => `${side}/${index}`;
  return {
    async get(index) {
      const cached = cache.pairs.get(cacheKey(index));
      if (cached) return cached;
      return source.encoded ? source.encoded(index) : source.get(index);
    },
    hasRoom: () => cache.bytes < budget,
    keep(index, pair) {
      const size = pair.image.data.byteLength;
      const key = cacheKey(index);
      if (cache.bytes + size > budget || cache.pairs.has(key)) return;
      cache.bytes += size;
      cache.pairs.set(key, pair);
    },
  };
}

export const isEncoded = (loaded: LoadedExample): loaded is EncodedPair => 'bytes' in loaded;

/**
 * What a job needs of an example's image. Bytes that are a small part of a larger buffer, such as Node's own pool, are
 * copied: a buffer is handed over whole.
 */
export function toJobImage(
  loaded: LoadedExample,
): { readonly bytes: Uint8Array<ArrayBuffer>; readonly name: string } | RasterImage {
  if (!isEncoded(loaded)) return loaded.image;
  const { bytes, name } = loaded;
  return { bytes: bytes.byteLength * 2 > bytes.buffer.byteLength ? bytes : new Uint8Array(bytes), name };
}
