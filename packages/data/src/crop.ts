import type { RasterImage } from '@medbench/core';

/** A part of an image, in pixels: its first column and row, and how many there are. */
export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** A part of the image; the image itself if that is all of it. */
export function crop(image: RasterImage, { x, y, width, height }: Box): RasterImage {
  const { channels } = image;
  if (width === image.width && height === image.height) return image;
  const data = new Uint8Array(width * height * channels);
  for (let row = 0; row < height; row++) {
    const from = ((y + row) * image.width + x) * channels;
    data.set(image.data.subarray(from, from + width * channels), row * width * channels);
  }
  return { width, height, channels, data };
}
