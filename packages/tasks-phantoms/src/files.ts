import { join } from 'node:path';
import { MedbenchError, type RasterImage, type Source } from '@medbench/core';
import { type Logger, Services } from '@medbench/core/services';
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

/**
 * The generated pairs, written on first use. All five tasks of a run share one of these, so an image is decoded and embedded
 * once.
 */
export class PhantomFiles {
  readonly #splits = new Map<Split, Promise<PhantomExamples>>();

  constructor(
    @Services.CacheRoot private readonly cacheRoot: string,
    @Services.Logger private readonly logger: Logger,
  ) {}

  /** @throws MedbenchError('data') if a file or one of its columns is missing. */
  examples(split: Split): Promise<PhantomExamples> {
    const known = this.#splits.get(split) ?? this.#folder().then((folder) => read(folder, split));
    this.#splits.set(split, known);
    return known;
  }

  /** Hash of the tables: captions, factors and questions; the images are drawn from the factors. */
  async fingerprint(): Promise<string> {
    const folder = await this.#folder();
    return fingerprintFiles(['train', 'val', 'test'].map((split) => join(folder, `${split}.jsonl`)));
  }

  async #folder(): Promise<string> {
    return join(await ensurePhantoms(this.cacheRoot, (message) => this.logger.info(message)), 'phantoms');
  }
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
