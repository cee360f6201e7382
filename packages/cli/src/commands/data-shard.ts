import { resolve } from 'node:path';
import { MedbenchError, printable, resolveSettings } from '@medbench/core';
import { findEntry } from '@medbench/core/catalogue';
import { InvalidArgumentError, Option } from 'commander';
import type { DeclareCommand } from '../command.js';
import { EXIT } from '../errors.js';
import { FLAG, parseCount } from '../flags.js';

/** Flags of `medbench data shard`. */
interface ShardFlags {
  readonly out: string;
  readonly size: number;
  readonly quality: number;
  readonly perShard: number;
  readonly workers?: number;
  readonly data?: string;
  readonly config?: string;
  readonly set?: readonly string[];
  readonly skipBad?: boolean;
  readonly json?: boolean;
}

function parseQuality(value: string): number {
  const quality = parseCount(value);
  if (quality > 100) throw new InvalidArgumentError('Give a whole number from 1 to 100.');
  return quality;
}

/** Runs `medbench data shard`. */
async function dataShard(id: string, flags: ShardFlags): Promise<number> {
  const [{ mergeTrees, parseSet, shardCorpus }, { cacheFolder, readConfig, openWorkspace, openRegistry }] =
    await Promise.all([import('@medbench/runner'), import('@medbench/api/workspace')]);
  const cwd = process.cwd();
  const workspace = await openWorkspace(cwd, flags.config);
  const assignments = (flags.set ?? []).map(parseSet);
  const config = await readConfig(workspace, mergeTrees(...assignments, flags.data ? { dataRoot: flags.data } : {}));
  const entry = findEntry(workspace.catalogue, 'corpus', id);
  const stop = new AbortController();
  const interrupt = (): void => stop.abort();
  process.once('SIGINT', interrupt);
  let reported = 0;
  try {
    const sharded = await shardCorpus(await openRegistry(workspace), entry, {
      ...{ dataRoot: resolve(cwd, config.dataRoot), cacheRoot: cacheFolder(cwd), out: resolve(cwd, flags.out) },
      settings: resolveSettings('corpusSettings', entry.info, config.corpusSettings[id]),
      ...{ size: flags.size, quality: flags.quality, perShard: flags.perShard, skipBad: flags.skipBad ?? false },
      ...(flags.workers === undefined ? {} : { workers: flags.workers }),
      signal: stop.signal,
      log: (message) => console.error(printable(message)),
      progress: (pairs, of) => {
        const percent = Math.floor((100 * pairs) / of);
        if (percent > reported) console.error(`${pairs} of ${of} pairs`);
        reported = Math.max(reported, percent);
      },
    });
    if (flags.json) console.log(JSON.stringify(sharded, null, 1));
    else {
      const { folder, pairs, shards, found, skipped, restricted } = sharded;
      console.log(folder);
      console.error(`${pairs} pairs in ${shards} shards${found > 0 ? `, ${found} of them from before` : ''}`);
      if (skipped.length > 0) console.error(`${skipped.length} pairs cannot be read; others stand in their place`);
      if (restricted) console.error('These are copies of data under a use agreement: TERMS.txt in the folder says so');
      console.error(
        `Train on them: --set 'corpora=["webdataset"]' --set corpusSettings.webdataset.shards=${printable(folder)}`,
      );
    }
    return EXIT.ok;
  } catch (error) {
    if (!stop.signal.aborted) throw error;
    throw new MedbenchError('interrupted', 'Stopped; the same command continues from the last complete shard');
  } finally {
    process.off('SIGINT', interrupt);
  }
}

export const dataShardCommand: DeclareCommand = (program, done) => {
  program
    .command('shard')
    .description('write a corpus as shards of images at training size, which load several times as fast')
    .argument('<corpus>', 'id from medbench list corpora')
    .requiredOption('--out <dir>', 'folder to write to')
    .addOption(new Option('--size <n>', 'shorter side of larger images').argParser(parseCount).default(512))
    .addOption(new Option('--quality <n>', 'quality of the JPEGs, 1 to 100').argParser(parseQuality).default(95))
    .addOption(new Option('--per-shard <n>', 'pairs of each shard').argParser(parseCount).default(1000))
    .addOption(new Option('--workers <n>', 'threads (default: one for each core)').argParser(parseCount))
    .addOption(FLAG.data())
    .addOption(FLAG.config())
    .addOption(FLAG.set())
    .addOption(FLAG.skipBad())
    .option('--json', 'machine-readable')
    .addHelpText(
      'after',
      `
Larger images are reduced to the shorter side that the study's training crop takes (512) and stored as JPEG. Smaller
JPEGs are copied byte for byte. The reduced images differ a little from the originals, so trainings on shards have keys
and figures of their own. The same command continues where an earlier one ended. The terms of the data go into TERMS.txt.

Examples:
  medbench data shard pmc-oa --data ./data --out ./shards/pmc-oa
  medbench run --set 'corpora=["webdataset"]' --set corpusSettings.webdataset.shards=$PWD/shards/pmc-oa`,
    )
    .action(async (id, options) => done(await dataShard(id, options)));
};
