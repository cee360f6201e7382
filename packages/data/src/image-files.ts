import type { RasterImage, Source } from '@medbench/core';
import { decodeImage } from './image.js';

/** Images in files of their own. An image is decoded when it is read. */
export const imageFiles = (
  files: readonly string[],
  decode: (file: string) => Promise<RasterImage> = decodeImage,
): Source<RasterImage> => ({
  length: files.length,
  get: (index) => decode(files[index]!),
  file: (index) => files[index]!,
});
