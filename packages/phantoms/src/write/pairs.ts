import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type PhantomCase, type PhantomSplit, phantomCase } from '../cases.js';
import type { PhantomManifest } from '../manifest.js';
import { shapesCase } from '../shapes.js';
import { jsonLines, writeImages } from './images.js';
import { encodeSmallPng } from './png.js';

/** One line of a `.jsonl` file: PMC-OA's two fields, and the factors and questions known of a synthetic image. */
export interface PhantomRow extends Pick<PhantomCase, 'modality' | 'factors' | 'caption' | 'questions'> {
  /** File name inside `phantoms/images`. */
  readonly image: string;
}

const number = (index: number): string => String(index).padStart(5, '0');

/** Writes `phantoms/{train,val,test}.jsonl` and `phantoms/images/*.png` below `folder`, in PMC-OA's layout. */
export async function writePhantomPairs(folder: string, { seed, size, counts }: PhantomManifest): Promise<void> {
  const images = join(folder, 'phantoms', 'images');
  await mkdir(images, { recursive: true });
  for (const split of ['train', 'val', 'test'] satisfies PhantomSplit[]) {
    const rows: PhantomRow[] = [];
    await writeImages(
      counts.phantoms[split],
      (index) => {
        const { modality, factors, caption, questions, render } = phantomCase(seed, split, index);
        const image = `${split}-${number(index)}.png`;
        rows.push({ image, caption, modality, factors, questions });
        return { path: join(images, image), image: render(size) };
      },
      encodeSmallPng,
    );
    await writeFile(join(folder, 'phantoms', `${split}.jsonl`), jsonLines(rows));
  }
}

/** Writes `shapes/train.jsonl` and `shapes/images/*.png` below `folder`, in PMC-OA's layout. */
export async function writeShapePairs(folder: string, { seed, size, counts }: PhantomManifest): Promise<void> {
  const images = join(folder, 'shapes', 'images');
  await mkdir(images, { recursive: true });
  const rows: object[] = [];
  await writeImages(
    counts.shapes.train,
    (index) => {
      const { factors, caption, render } = shapesCase(seed, index);
      const image = `train-${number(index)}.png`;
      rows.push({ image, caption, factors });
      return { path: join(images, image), image: render(size) };
    },
    encodeSmallPng,
  );
  await writeFile(join(folder, 'shapes', 'train.jsonl'), jsonLines(rows));
}
