import type { EncodedPair, ImageTextPair, PairSource, RasterImage } from '@medbench/core';

/** Bytes of decoded, shrunk images that are cached per source. Images beyond that are decoded again at each use. */
const CACHE_BYTES = 1 << 30;

/** Bytes that `count` square images with a side of `side` pixels take in the cache, at most its budget. */
export const cachedBytes = (side: number, count: number): number => Math.min(CACHE_BYTES, count * side * side * 3);

/** An example before it enters a batch: decoded, or encoded as in its file. */
export type LoadedExample = ImageTextPair | EncodedPair;

/** Reads the examples of a source. Decoded, shrunk images come from a cache, as far as they fit into it. */
export interface ImageReader {
  get(index: number): Promise<LoadedExample>;
  /** Whether the cache has room for more images. */
  hasRoom(): boolean;
  /** Caches an image in the form of this reader. */
  keep(index: number, pair: ImageTextPair): void;
}

interface CachedPairs {
  readonly pairs: Map<string, ImageTextPair>;
  bytes: number;
}

/** Caches decoded images for all rows of a run, since all rows train on the same images. */
export class ImageMemory {
  readonly #caches = new WeakMap<PairSource, CachedPairs>();

  /** @param budget bytes that the images of one source may take. */
  constructor(private readonly budget = CACHE_BYTES) {}

  /** Opens a source. @param form names the form in which its images are cached, such as their shorter side. */
  openSource(source: PairSource, form: string): ImageReader {
    const cache = this.#caches.get(source) ?? { pairs: new Map<string, ImageTextPair>(), bytes: 0 };
    this.#caches.set(source, cache);
    return cachedReader(cache, source, form, this.budget);
  }
}

function cachedReader(cache: CachedPairs, source: PairSource, form: string, budget: number): ImageReader {
  const cacheKey = (index: number): string => `${form}/${index}`;
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
 * The image of an example as a worker's job takes it. Bytes that are a small part of a larger buffer, such as Node's
 * own pool, are copied, because a buffer can only be transferred as a whole.
 */
export function toJobImage(loaded: LoadedExample): Pick<EncodedPair, 'bytes' | 'name' | 'window'> | RasterImage {
  if (!isEncoded(loaded)) return loaded.image;
  const { bytes, name, window } = loaded;
  const whole = bytes.byteLength * 2 > bytes.buffer.byteLength ? bytes : new Uint8Array(bytes);
  return { bytes: whole, name, ...(window ? { window } : {}) };
}
