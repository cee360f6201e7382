import type { EncodedPair, ImageTextPair, PairSource, RasterImage } from '@medbench/core';

/** Decoded, shrunk images of a source up to this many bytes are kept; the others are decoded again when needed. */
const CACHE_BYTES = 1 << 30;

/** What so many square images of this side take when they are kept, in bytes. */
export const keptBytes = (side: number, count: number): number => Math.min(CACHE_BYTES, count * side * side * 3);

/** An example on its way into a batch: decoded, or as it lies on disk. */
export type Loaded = ImageTextPair | EncodedPair;

/** Reads the examples of a source, keeping what fits of those that were decoded and shrunk. */
export interface Images {
  get(index: number): Promise<Loaded>;
  /** True if there is room for more. */
  wanted(): boolean;
  /** Keeps an image that was shrunk to the side that these images have. */
  keep(index: number, pair: ImageTextPair): void;
}

interface Kept {
  readonly pairs: Map<string, ImageTextPair>;
  bytes: number;
}

/** Keeps decoded images for all rows of a run: they train on the same ones. */
export class ImageMemory {
  readonly #kept = new WeakMap<PairSource, Kept>();

  /** @param budget bytes that the images of one source may take. */
  constructor(private readonly budget = CACHE_BYTES) {}

  /** The images of a source as they are kept when shrunk to a shorter side of `side`. */
  imagesOf(source: PairSource, side: number): Images {
    const kept = this.#kept.get(source) ?? { pairs: new Map<string, ImageTextPair>(), bytes: 0 };
    this.#kept.set(source, kept);
    return imagesIn(kept, source, side, this.budget);
  }
}

function imagesIn(kept: Kept, source: PairSource, side: number, budget: number): Images {
  const keyOf = (index: number): string => `${side}/${index}`;
  return {
    async get(index) {
      const known = kept.pairs.get(keyOf(index));
      if (known) return known;
      return source.encoded ? source.encoded(index) : source.get(index);
    },
    wanted: () => kept.bytes < budget,
    keep(index, pair) {
      const size = pair.image.data.byteLength;
      const key = keyOf(index);
      if (kept.bytes + size > budget || kept.pairs.has(key)) return;
      kept.bytes += size;
      kept.pairs.set(key, pair);
    },
  };
}

export const isEncoded = (loaded: Loaded): loaded is EncodedPair => 'bytes' in loaded;

/**
 * What a job needs of an example's image. Bytes that are a small part of a larger buffer, such as Node's own pool, are
 * copied: a buffer is handed over whole.
 */
export function jobImage(
  loaded: Loaded,
): { readonly bytes: Uint8Array<ArrayBuffer>; readonly name: string } | RasterImage {
  if (!isEncoded(loaded)) return loaded.image;
  const { bytes, name } = loaded;
  return { bytes: bytes.byteLength * 2 > bytes.buffer.byteLength ? bytes : new Uint8Array(bytes), name };
}
