import { existsSync } from 'node:fs';
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type CorpusInfo,
  type DataContext,
  type EncodedPair,
  ensureFolder,
  ensurePrivateFolder,
  isRestricted,
  keyedSettings,
  MedbenchError,
  type PairSource,
  writeFileAtomic,
} from '@medbench/core';
import type { CatalogueEntry } from '@medbench/core/catalogue';
import type { Registry } from '@medbench/core/services';
import { type StoreWorkers, storeWorkers } from '@medbench/data';
import { markGenerated, type ShardSample, writeShards } from '@medbench/formats';
import { hashJson } from '../store/index.js';
import { howToObtain } from '../verify/index.js';

/** File of a shard folder that says what the shards hold. */
export const SHARDS_FILE = 'shards.json';
/** File of a shard folder with the terms of the data. */
export const TERMS_FILE = 'TERMS.txt';

export interface ShardOptions {
  readonly dataRoot: string;
  readonly cacheRoot: string;
  readonly settings: DataContext['settings'];
  readonly skipBad?: boolean;
  /** Folder to write to. */
  readonly out: string;
  /** Shorter side of the stored images. Smaller images stay as they are. Default 512. */
  readonly size?: number;
  /** Quality of the JPEGs, 1 to 100. Default 95. */
  readonly quality?: number;
  /** Pairs of each shard. Default 1000. */
  readonly perShard?: number;
  /** Threads that decode and encode. Default: one for each core. */
  readonly workers?: number;
  readonly signal?: AbortSignal;
  /** Called after each shard, with the number of pairs so far and of all. */
  readonly progress?: (pairs: number, of: number) => void;
  readonly log?: (message: string) => void;
}

/** The shards of a corpus. */
export interface ShardedCorpus {
  readonly corpus: string;
  readonly folder: string;
  readonly pairs: number;
  readonly shards: number;
  /** Shards that were there already. */
  readonly found: number;
  /** Pairs that were left out, each with its fault; others stand in their place. */
  readonly skipped: readonly string[];
  readonly restricted: boolean;
}

/**
 * Writes a corpus as WebDataset shards of images that are no larger than training needs, for the corpus `webdataset`. The
 * same call continues where an earlier one ended.
 * @throws MedbenchError('data') if the corpus cannot be opened or a pair cannot be read; ('config') if the folder holds
 *   other shards; ('store') if the disk is full.
 */
export async function shardCorpus(
  registry: Registry,
  entry: CatalogueEntry<'corpus'>,
  options: ShardOptions,
): Promise<ShardedCorpus> {
  const { info } = entry;
  const { out, settings, dataRoot, cacheRoot, skipBad = false } = options;
  const { size = 512, quality = 95, perShard = 1000, log = () => {} } = options;
  const skipped = new Set<string>();
  const skip = (message: string): void => void skipped.add(message);
  const opener = await registry.get('corpus', info.id);
  const context = { dataRoot, cacheRoot, settings, skipBad, skip, seed: 0, log, tasks: [] };
  const corpus = await opener.open(context);
  const { pairs } = corpus;
  if (pairs.length === 0) throw new MedbenchError('data', `The corpus ${info.id} holds no image-text pair`);
  const restricted = isRestricted(info.access);
  await (restricted ? ensurePrivateFolder(out) : ensureFolder(out));
  const form = { size, quality, perShard };
  const of = hashJson({ fingerprint: corpus.fingerprint, settings: keyedSettings(info, settings), skipBad, form });
  await claimFolder(out, { format: 'medbench-shards-1', corpus: info.id, pairs: pairs.length, ...form, of });
  await writeFileAtomic(join(out, TERMS_FILE), terms(info));
  if (corpus.synthetic) await markGenerated(out, `Shards of generated data (${info.id}).`);
  const workers = storeWorkers({ side: size, quality }, options.workers);
  try {
    const found = await writeShards({
      ...{ folder: out, length: pairs.length, perShard, ahead: 2 * workers.count },
      sample: (index) => makeSample(pairs, index, workers),
      progress: (done) => options.progress?.(done, pairs.length),
      ...(options.signal ? { signal: options.signal } : {}),
    });
    const shards = Math.ceil(pairs.length / perShard);
    return { corpus: info.id, folder: out, pairs: pairs.length, shards, found, skipped: [...skipped], restricted };
  } finally {
    await workers.close();
  }
}

async function makeSample(pairs: PairSource, index: number, workers: StoreWorkers): Promise<ShardSample> {
  if (!pairs.encoded) {
    const { image, caption } = await pairs.get(index);
    return { jpeg: await workers.run(image), caption };
  }
  const store = async ({ bytes, name, window, caption, instead }: EncodedPair): Promise<ShardSample> => {
    try {
      return { jpeg: await workers.run({ bytes, name, ...(window ? { window } : {}) }), caption };
    } catch (error) {
      if (!instead) throw error;
      return store(await instead(error));
    }
  };
  return store(await pairs.encoded(index));
}

/**
 * Makes the folder's `shards.json`, and removes what killed processes left. @throws MedbenchError('config') if it holds
 * shards of something else, or files that are not shards.
 */
async function claimFolder(out: string, content: Readonly<Record<string, unknown>>): Promise<void> {
  const file = join(out, SHARDS_FILE);
  const text = `${JSON.stringify(content, null, 1)}\n`;
  const names = await readdir(out);
  if (existsSync(file)) {
    if ((await readFile(file, 'utf8')) !== text) {
      throw new MedbenchError('config', `${out} holds shards of other data or other settings (${SHARDS_FILE})`, {
        hint: 'Choose another folder with --out, or remove this one.',
      });
    }
  } else if (names.some((name) => name.endsWith('.tar'))) {
    throw new MedbenchError('config', `${out} holds shards that medbench did not write`, {
      hint: 'Choose another folder with --out.',
    });
  }
  for (const name of names) if (/\.tar\..*\.tmp$/.test(name)) await rm(join(out, name), { force: true });
  await writeFileAtomic(file, text);
}

/** The terms of the corpus, which its shards have too. */
function terms(info: CorpusInfo): string {
  return [
    `Shards of ${info.title} (${info.id}), made by medbench data shard.`,
    `Licence: ${info.licence}. Access: ${info.access}.`,
    `Obtained: ${howToObtain(info)}`,
    ...(info.citation ? [`Citation: ${info.citation}`] : []),
    isRestricted(info.access)
      ? 'RESTRICTED. These are copies of data under a use agreement. Do not share them; delete them with the data.'
      : 'The licence of the data holds for these copies.',
    '',
  ].join('\n');
}
