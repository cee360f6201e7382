import { join } from 'node:path';
import { type DataContext, MedbenchError, type RasterImage, type Source } from '@medbench/core';
import { cached, decodeImage } from '@medbench/data';
import { fingerprintFiles, readJsonl, requireColumns } from '@medbench/formats';
import { ensurePhantoms, type Factors, type PhantomModality, type Question } from '@medbench/phantoms';

export type Split = 'train' | 'val' | 'test';

/** One line of `phantoms/<split>.jsonl`. */
export interface PhantomRow {
  readonly image: string;
  readonly caption: string;
  readonly modality: PhantomModality;
  readonly factors: Factors;
  readonly questions: readonly Question[];
}

export interface PhantomExamples {
  readonly rows: readonly PhantomRow[];
  readonly images: Source<RasterImage>;
}

/** The folder of the generated pairs, written on first use. */
const folderOf = async ({ cacheRoot, log }: DataContext): Promise<string> =>
  join(await ensurePhantoms(cacheRoot, log), 'phantoms');

/** Splits read before in this process: all five tasks share them, so a picture is decoded and embedded once. */
const known = new Map<string, Promise<PhantomExamples>>();

/** @throws MedbenchError('data') if a file or one of its columns is missing. */
export async function readExamples(context: DataContext, split: Split): Promise<PhantomExamples> {
  const folder = await folderOf(context);
  const key = `${folder}/${split}`;
  const examples = known.get(key) ?? read(folder, split);
  known.set(key, examples);
  return examples;
}

async function read(folder: string, split: Split): Promise<PhantomExamples> {
  const table = join(folder, `${split}.jsonl`);
  const rows = await readJsonl(table);
  const [first] = rows;
  if (!first) throw new MedbenchError('data', `${table} is empty`, { hint: 'Remove its folder; it is written again.' });
  requireColumns(table, Object.keys(first), ['image', 'caption', 'modality', 'factors', 'questions']);
  const examples = rows as unknown as readonly PhantomRow[];
  return {
    rows: examples,
    images: cached({ length: examples.length, get: (i) => decodeImage(join(folder, 'images', examples[i]!.image)) }),
  };
}

/** Hash of the tables: captions, factors and questions; the pictures are drawn from the factors. */
export async function fingerprint(context: DataContext): Promise<string> {
  const folder = await folderOf(context);
  return fingerprintFiles(['train', 'val', 'test'].map((split) => join(folder, `${split}.jsonl`)));
}
