import { join } from 'node:path';
import { MedbenchError, type RasterImage, type Source } from '@medbench/core';
import { type Logger, Services } from '@medbench/core/services';
import { cached, decodeImage } from '@medbench/data';
import { fingerprintFiles, readJsonl, requireColumns } from '@medbench/formats';
import { ensurePhantoms, type Factors, type PhantomModality, type PhantomQuestion } from '@medbench/phantoms';

export type TableSplit = 'train' | 'val' | 'test';

/** One line of `phantoms/<split>.jsonl`. */
export interface PhantomTableRow {
  readonly image: string;
  readonly caption: string;
  readonly modality: PhantomModality;
  readonly factors: Factors;
  readonly questions: readonly PhantomQuestion[];
}

export interface PhantomExamples {
  readonly rows: readonly PhantomTableRow[];
  readonly images: Source<RasterImage>;
}

/**
 * The generated pairs, written on first use. All five tasks of a run share one instance, so an image is decoded and
 * embedded once.
 */
export class PhantomFiles {
  readonly #splits = new Map<TableSplit, Promise<PhantomExamples>>();

  constructor(
    @Services.CacheRoot private readonly cacheRoot: string,
    @Services.Logger private readonly logger: Logger,
  ) {}

  /** The examples of a split. @throws MedbenchError('data') if a file or one of its columns is missing. */
  examples(split: TableSplit): Promise<PhantomExamples> {
    const examples = this.#splits.get(split) ?? this.#folder().then((folder) => read(folder, split));
    this.#splits.set(split, examples);
    return examples;
  }

  /** Hash of the tables (captions, factors and questions) and the images. */
  async fingerprint(): Promise<string> {
    const folder = await this.#folder();
    const tables = ['train', 'val', 'test'].map((split) => join(folder, `${split}.jsonl`));
    return fingerprintFiles([...tables, join(folder, 'images')], { cacheRoot: this.cacheRoot });
  }

  async #folder(): Promise<string> {
    return join(await ensurePhantoms(this.cacheRoot, (message) => this.logger.info(message), []), 'phantoms');
  }
}

async function read(folder: string, split: TableSplit): Promise<PhantomExamples> {
  const table = join(folder, `${split}.jsonl`);
  const rows = await readJsonl(table);
  const [first] = rows;
  if (!first)
    throw new MedbenchError('data', `${table} is empty`, { hint: 'Remove its folder; it will be written again.' });
  requireColumns(table, Object.keys(first), ['image', 'caption', 'modality', 'factors', 'questions']);
  const examples = rows as unknown as readonly PhantomTableRow[];
  return {
    rows: examples,
    images: cached({ length: examples.length, get: (i) => decodeImage(join(folder, 'images', examples[i]!.image)) }),
  };
}
