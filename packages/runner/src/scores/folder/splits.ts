import type { ImageSplits, RasterImage, Source } from '@medbench/core';
import { imageDigest } from '@medbench/evaluation';
import { encodeTable } from './table.js';

/** Columns of `splits/<task>.parquet`: a line per image, with the SHA-256 of its size and pixels. */
const SPLIT_COLUMNS = { split: 'STRING', index: 'INT32', sha256: 'STRING' } as const;

/** Images that are decoded at once, so that decoders on other threads have work. */
const IN_FLIGHT = 8;

async function digests(images: Source<RasterImage>): Promise<string[]> {
  const list: string[] = [];
  for (let from = 0; from < images.length; from += IN_FLIGHT) {
    const some = Array.from({ length: Math.min(IN_FLIGHT, images.length - from) }, (_, i) => images.get(from + i));
    for (const image of await Promise.all(some)) list.push(Buffer.from(imageDigest(image)).toString('hex'));
  }
  return list;
}

/**
 * Encodes which images are in which split, in the order in which `evaluate` uses them. A digest says whether somebody who
 * has the data set has the same image. Nothing of the image follows from it.
 */
export async function encodeSplits({ train, val, test }: ImageSplits): Promise<Uint8Array> {
  const lines: { split: string; index: number; sha256: string }[] = [];
  for (const [split, part] of Object.entries({ train, val, test })) {
    if (!part) continue;
    for (const [index, sha256] of (await digests(part.images)).entries()) lines.push({ split, index, sha256 });
  }
  return encodeTable(SPLIT_COLUMNS, lines);
}
