import { writeFile } from 'node:fs/promises';
import type { RasterImage } from '@medbench/core';

/** Most images that may be in encoding or writing at once, while the next one is drawn. */
const IN_FLIGHT = 16;

/** Draws, encodes and writes images 0..count-1. @throws the first failure, once all images in progress are settled. */
export async function writeImages(
  count: number,
  draw: (index: number) => { readonly path: string; readonly image: RasterImage },
  encode: (image: RasterImage, index: number) => Promise<Uint8Array>,
): Promise<void> {
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < count) {
      const index = next++;
      const { path, image } = draw(index);
      try {
        await writeFile(path, await encode(image, index));
      } catch (error) {
        next = count;
        throw error;
      }
    }
  };
  const ends = await Promise.allSettled(Array.from({ length: Math.min(IN_FLIGHT, count) }, lane));
  const failed = ends.find((end) => end.status === 'rejected');
  if (failed) throw failed.reason;
}

/** Rows as JSON text, one per line. */
export const jsonLines = (rows: readonly object[]): string => rows.map((row) => `${JSON.stringify(row)}\n`).join('');
