import { join } from 'node:path';
import type { Corpus, DataContext, DataInspection, OpenedCorpus, SettingSpec } from '@medbench/core';
import { deepGreyNote, parseGreyWindow, spreadIndices } from '@medbench/data';
import { findShards, isAddress, type RemoteFiles, textCounter, type WebDataset, webDataset } from '@medbench/formats';
import { corpusInfo } from './caption-corpus.js';
import { areGenerated, fingerprintData, remoteFiles, resolveFiles } from './data-files.js';

/** Where the shards of a corpus are, and where their samples have captions. */
export interface ShardSource {
  /** Folder, file, range or address, relative to the data folder; several are joined by `::`. */
  readonly shards: string;
  /** Field of the sample's JSON that holds the caption. Default: the caption is the sample's `.txt`. */
  readonly captionField?: string;
  /** Suffix of the member with that JSON. Default `json`. */
  readonly captionSuffix?: string;
  /** Number of shards to take, from the first by name. Default: all. */
  readonly first?: number;
}

/** The setting `order` of a corpus of shards. @param byDefault `shards` for a corpus that is fetched unless told otherwise. */
export const shardOrderSetting = (byDefault: 'all' | 'shards'): SettingSpec => ({
  default: byDefault,
  choices: ['all', 'shards'],
  description:
    'what an epoch mixes: all pairs, or the pairs of eight shards at a time, in a random order of the shards; "shards" fetches each remote shard once and ahead of its use',
  keepsKeys: true,
});

/**
 * A corpus of WebDataset shards, on disk or behind addresses. A subclass adds its info (`@Corpus`) and says where the
 * shards are. It may declare the settings `order` (`shardOrderSetting`) and `window` (`GREY_WINDOW_SETTING` of
 * `@medbench/data`).
 */
export abstract class ShardCorpus implements Corpus {
  protected abstract source(context: DataContext): ShardSource;

  async open(context: DataContext): Promise<OpenedCorpus> {
    const remote = remoteFiles(context);
    const { pairs, files } = await this.#openPairs(context, remote);
    const note = await this.#deepNote(pairs, context);
    if (note !== undefined) context.log(`${corpusInfo(this).id}: ${note}`);
    return {
      fingerprint: await fingerprintData(files, context, remote),
      synthetic: await areGenerated(context, files, remote),
      pairs,
    };
  }

  /** Counts pairs and repeated captions. Reads all shards on disk once; of remote ones, only what an index needs. */
  async inspect(context: DataContext): Promise<DataInspection> {
    const remote = remoteFiles(context);
    const { pairs, files } = await this.#openPairs(context, remote);
    const { bad } = pairs;
    const far = files.some(isAddress);
    const repeated = far ? 'captions were not compared, because the shards are remote' : await repeats(pairs);
    const deep = await this.#deepNote(pairs, context);
    return {
      synthetic: await areGenerated(context, files, remote),
      splits: { train: { examples: pairs.length } },
      notes: [
        ...(deep === undefined ? [] : [deep]),
        ...(repeated === undefined ? [] : [repeated]),
        ...(bad.count > 0 ? [`${bad.count} samples left out: ${bad.list.slice(0, 20).join('; ')}`] : []),
      ],
      ...(far
        ? {}
        : { examples: { train: { images: { length: pairs.length, get: async (i) => (await pairs.get(i)).image } } } }),
    };
  }

  async #openPairs(
    context: DataContext,
    remote: RemoteFiles,
  ): Promise<{ readonly pairs: WebDataset; readonly files: readonly string[] }> {
    const { shards, first, ...captions } = this.source(context);
    const { settings, skipBad, skip, cacheRoot } = context;
    const named = resolveFiles(shards, context);
    const found = (await findShards(named, remote)).files;
    const files = found.slice(0, first);
    if (files.some(isAddress)) context.log(`${corpusInfo(this).id}: reading the headers of ${files.length} shards`);
    const pairs = await webDataset(files.length < found.length ? files.join('::') : named, {
      ...captions,
      ...{ skipBad, skip, remote },
      window: parseGreyWindow(settings.window, this.#window),
      byShard: settings.order === 'shards',
      cacheFolder: join(cacheRoot, 'shards'),
    });
    return { pairs, files };
  }

  get #window(): string {
    return `corpusSettings.${corpusInfo(this).id}.window`;
  }

  /** A note if 16-bit grey images come out nearly black, unless the setting `window` says which levels count. */
  async #deepNote(pairs: WebDataset, { settings }: DataContext): Promise<string | undefined> {
    if ((settings.window ?? 'full') !== 'full') return undefined;
    const images = await Promise.all(spreadIndices(pairs.length).map(async (i) => (await pairs.encoded(i)).bytes));
    return deepGreyNote(images, corpusInfo(this).settings?.window && this.#window);
  }
}

async function repeats(pairs: WebDataset): Promise<string | undefined> {
  const captions = textCounter();
  for (let i = 0; i < pairs.length; i++) captions.add((await pairs.encoded(i)).caption);
  const duplicates = captions.duplicates();
  return duplicates > 0 ? `${duplicates} captions repeat an earlier caption` : undefined;
}
