import { createHash } from 'node:crypto';
import { open, readFile } from 'node:fs/promises';
import { isMedbenchError, type RasterImage, type Source } from '@medbench/core';
import { hasFiles } from './files.js';
import type { DataProblem } from './problem.js';

/** Images without files of their own are compared up to this number, or up to this size of all pixels. */
const COMPARED = { images: 20_000, bytes: 2 ** 30 };
/** Bytes from the middle of a file that tell most files of one size apart. */
const PIECE = 4096;

/** The images of a split, and what is known of their files. */
export interface ComparedSplit {
  readonly name: string;
  readonly images: Source<RasterImage>;
  readonly sizes: ReadonlyMap<number, number>;
}

/** The problems, and why images were not compared. */
export interface RepeatedImages {
  readonly problems: readonly DataProblem[];
  readonly notes: readonly string[];
}

/**
 * Finds images of one split that another split has too: files with the same bytes, or the same pixels of images without
 * files of their own. Images that were encoded again or resized are found by the leak search of a run.
 */
export async function findRepeats(splits: readonly ComparedSplit[]): Promise<RepeatedImages> {
  if (splits.length < 2) return { problems: [], notes: [] };
  const inFiles = splits.every(({ images }) => hasFiles(images));
  if (!inFiles && !(await mayCompare(splits))) {
    return { problems: [], notes: ['images of different splits were not compared: they are many, and not in files'] };
  }
  const keys = inFiles ? await fileKeys(splits) : await pixelKeys(splits);
  return { problems: compare(splits, keys, inFiles), notes: [] };
}

async function mayCompare(splits: readonly ComparedSplit[]): Promise<boolean> {
  const total = splits.reduce((sum, { images }) => sum + images.length, 0);
  if (total <= COMPARED.images) return true;
  const first = await splits[0]!.images.get(0).catch(() => undefined);
  return first !== undefined && first.data.length * total <= COMPARED.bytes;
}

/** Keys by split and index: equal keys are equal images. An image that equals none of another split may have no key. */
type Keys = readonly ReadonlyMap<number, string>[];

async function pixelKeys(splits: readonly ComparedSplit[]): Promise<Keys> {
  const keys: Map<number, string>[] = [];
  for (const { images } of splits) {
    const own = new Map<number, string>();
    for (let i = 0; i < images.length; i++) {
      try {
        const { width, height, channels, data } = await images.get(i);
        own.set(i, `${width} ${height} ${channels} ${sha1(data)}`);
      } catch (error) {
        // Opening a sample reports images that cannot be read.
        if (!isMedbenchError(error)) throw error;
      }
    }
    keys.push(own);
  }
  return keys;
}

/** First the sizes are compared, then a piece of each file of an equal size, then whole files. */
async function fileKeys(splits: readonly ComparedSplit[]): Promise<Keys> {
  const sizes = splits.map(({ sizes }) => new Map([...sizes].map(([index, size]) => [index, String(size)] as const)));
  const pieces = await refine(
    splits,
    sizes,
    async (file, key) => `${key} ${sha1(await readMiddle(file, Number(key)))}`,
  );
  return refine(splits, pieces, async (file) => sha1(await readFile(file)));
}

/** Computes new keys of the images whose key another split has too. */
async function refine(
  splits: readonly ComparedSplit[],
  keys: Keys,
  compute: (file: string, key: string) => Promise<string>,
): Promise<Keys> {
  const shared = sharedKeys(keys);
  const refined: Map<number, string>[] = [];
  for (const [s, { images }] of splits.entries()) {
    const own = new Map<number, string>();
    for (const [index, key] of keys[s]!) {
      if (!shared.has(key)) continue;
      const file = await images.file!(index);
      const value = await compute(file, key).catch(() => undefined);
      if (value !== undefined) own.set(index, value);
    }
    refined.push(own);
  }
  return refined;
}

function sharedKeys(keys: Keys): Set<string> {
  const first = new Map<string, number>();
  const shared = new Set<string>();
  for (const [s, own] of keys.entries()) {
    for (const key of own.values()) {
      const seen = first.get(key);
      if (seen === undefined) first.set(key, s);
      else if (seen !== s) shared.add(key);
    }
  }
  return shared;
}

function compare(splits: readonly ComparedSplit[], keys: Keys, inFiles: boolean): DataProblem[] {
  const problems: DataProblem[] = [];
  for (let later = 1; later < splits.length; later++) {
    for (let earlier = 0; earlier < later; earlier++) {
      const places = new Map([...keys[earlier]!].map(([index, key]) => [key, index] as const).reverse());
      const pairs = [...keys[later]!].flatMap(([index, key]) => (places.has(key) ? [[index, places.get(key)!]] : []));
      if (pairs.length === 0) continue;
      const [a, b] = [splits[later]!, splits[earlier]!];
      problems.push({
        ...{ severity: 'warning', check: 'repeats', count: pairs.length },
        message: `${pairs.length} of ${a.images.length} ${a.name} images are ${b.name} images too, ${inFiles ? 'byte for byte' : 'pixel for pixel'}`,
        example: `${a.name} image ${pairs[0]![0]} is ${b.name} image ${pairs[0]![1]} (counted from 0)`,
        remedy:
          'A model has seen their answers: read figures with this in mind. Every run counts such images as leaks.',
      });
    }
  }
  return problems;
}

async function readMiddle(file: string, size: number): Promise<Uint8Array> {
  const handle = await open(file, 'r');
  try {
    const buffer = Buffer.alloc(Math.min(PIECE, size));
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, Math.floor((size - buffer.length) / 2));
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}

const sha1 = (bytes: Uint8Array): string => createHash('sha1').update(bytes).digest('base64');
