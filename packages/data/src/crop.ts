import type { RasterImage } from '@medbench/core';

/** A part of an image, in pixels: its first column and row, its width and height. */
export interface CropBox {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Cuts a part out of the image; returns the image itself if the part covers all of it. */
export function crop(image: RasterImage, { x, y, width, height }: CropBox): RasterImage {
  const { channels } = image;
  if (width === image.width && height === image.height) return image;
  const data = new Uint8Array(width * height * channels);
  for (let row = 0; row < height; row++) {
    const from = ((y + row) * image.width + x) * channels;
    data.set(image.data.subarray(from, from + width * channels), row * width * channels);
  }
  return { width, height, channels, data };
}
