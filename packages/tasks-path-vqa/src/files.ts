import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { MedbenchError, type RasterImage, type Source } from '@medbench/core';
import { decodeImage } from '@medbench/data';
import type { VqaExample } from '@medbench/evaluation';
import { openParquet, pathInside, readJson, readPickle } from '@medbench/formats';

/** What each form calls the splits. */
export const SPLITS = ['train', 'validation', 'test'] as const;
export type Split = (typeof SPLITS)[number];

/** Questions of one split, and the images that they are about, each once. */
export interface Asked {
  readonly examples: readonly VqaExample[];
  readonly images: Source<RasterImage>;
}

/** Questions of an answer "yes" or "no" are closed; neither form of the data set says more. */
const example = (image: number, question: string, answer: string): VqaExample => ({
  image,
  question,
  answer,
  type: /^\s*(yes|no)\s*$/i.test(answer) ? 'closed' : 'open',
});

const HINT = 'Fetch the data set again, or check that it is PathVQA.';

/** The Parquet files of a split, in order. @throws MedbenchError('data') naming the folder if there is none. */
export async function parquetFiles(folder: string, split: Split): Promise<string[]> {
  const names = (await readdir(folder)).filter((name) => name.startsWith(`${split}-`) && name.endsWith('.parquet'));
  if (names.length === 0) {
    throw new MedbenchError('data', `${folder} has no ${split}-*.parquet`, { hint: HINT });
  }
  const [, total] = /-of-(\d+)\.parquet$/.exec(names[0]!) ?? [];
  if (total !== undefined && Number(total) !== names.length) {
    throw new MedbenchError('data', `${folder} has ${names.length} of ${Number(total)} ${split}-*.parquet`, {
      hint: HINT,
    });
  }
  return names.sort().map((name) => join(folder, name));
}

/** The Hugging Face copy: every row has its image, so that equal ones are told by their bytes. */
export async function fromParquet(folder: string, split: Split): Promise<Asked> {
  const table = await openParquet(await parquetFiles(folder, split), ['image', 'question', 'answer']);
  const known = new Map<string, number>();
  // A row in which each image is.
  const rows: number[] = [];
  const examples: VqaExample[] = [];
  for (let i = 0; i < table.length; i++) {
    const { question, answer } = await table.row(i);
    if (typeof question !== 'string' || typeof answer !== 'string') {
      throw new MedbenchError('data', `${folder}: row ${i + 1} of ${split} has no text in "question" or "answer"`, {
        hint: HINT,
      });
    }
    const { bytes } = await table.image('image', i);
    const key = createHash('sha1').update(bytes).digest('base64');
    const image = known.get(key) ?? rows.length;
    if (image === rows.length) {
      known.set(key, image);
      rows.push(i);
    }
    examples.push(example(image, question, answer));
  }
  const get = async (i: number): Promise<RasterImage> => {
    const { bytes, name } = await table.image('image', rows[i]!);
    return decodeImage(bytes, name);
  };
  return { examples, images: { length: rows.length, get } };
}

/** What the original calls a split. */
const ORIGINAL = { train: 'train', validation: 'val', test: 'test' } as const;

/** The questions' file of a split: the pickle, or the JSON made of it. */
export function questionsFile(folder: string, split: Split): string {
  const name = ORIGINAL[split];
  const places = ['json', 'pkl'].map((kind) => join(folder, 'qas', name, `${name}_qa.${kind}`));
  return places.find((place) => existsSync(place)) ?? places[1]!;
}

/** The original: lists of questions that name their images without the suffix. */
export async function fromOriginal(folder: string, split: Split): Promise<Asked> {
  const file = questionsFile(folder, split);
  const rows: unknown = file.endsWith('.pkl') ? await readPickle(file) : await readJson(file);
  if (!Array.isArray(rows)) throw new MedbenchError('data', `${file} must hold a list of questions`, { hint: HINT });
  const images = join(folder, 'images', ORIGINAL[split]);
  const known = new Map<string, number>();
  const files: string[] = [];
  const examples = rows.map((row: unknown, i) => {
    const { image, question, answer } = Object(row) as Record<string, unknown>;
    const place = `${file}: row ${i + 1}`;
    if (typeof image !== 'string' || typeof question !== 'string' || !['string', 'number'].includes(typeof answer)) {
      throw new MedbenchError('data', `${place} has no "image", "question" or "answer"`, { hint: HINT });
    }
    const at = known.get(image) ?? files.length;
    if (at === files.length) {
      known.set(image, at);
      files.push(pathInside(images, `${image}.jpg`, place));
    }
    return example(at, question, String(answer));
  });
  return { examples, images: { length: files.length, get: (i) => decodeImage(files[i]!) } };
}
