import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { encodeJpeg, encodeTiff } from '@medbench/data';
import { type ClassLook, classCase } from '../classes.js';
import type { PhantomManifest } from '../manifest.js';
import { writeImages } from './images.js';
import { encodeSmallPng } from './png.js';

/** An image of a class, to be written at a path relative to its data set's folder. */
export interface PlannedImage {
  readonly path: string;
  readonly label: number;
}

const ENCODERS = {
  jpg: (image: Parameters<typeof encodeJpeg>[0]) => encodeJpeg(image, 92),
  png: encodeSmallPng,
  tif: encodeTiff,
};

/**
 * Draws labelled images and writes them below `folder`. Makes the folders that the paths name.
 * @param stream Name of the images' random stream. An image's index in the list is its index in the stream.
 */
export async function writeLabelled(
  folder: string,
  { seed, size }: PhantomManifest,
  stream: string,
  look: ClassLook,
  format: keyof typeof ENCODERS,
  images: readonly PlannedImage[],
): Promise<void> {
  const folders = new Set(images.map(({ path }) => dirname(join(folder, path))));
  for (const dir of folders) await mkdir(dir, { recursive: true });
  await writeImages(
    images.length,
    (index) => {
      const { path, label } = images[index]!;
      return { path: join(folder, path), image: classCase(seed, stream, index, label, look).render(size) };
    },
    ENCODERS[format],
  );
}

/** Number of images of all splits together, for layouts without splits. */
export const countAll = ({ counts: { classes } }: PhantomManifest): number =>
  classes.train + classes.val + classes.test;

/** Rows as CSV text, one line each. Fields with commas, quotes or line breaks are quoted. */
export function csvText(rows: readonly (readonly (string | number)[])[]): string {
  const field = (value: string | number): string => {
    const text = String(value);
    return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return rows.map((row) => `${row.map(field).join(',')}\n`).join('');
}
