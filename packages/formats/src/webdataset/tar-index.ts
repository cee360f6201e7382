import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { isMedbenchError, type MedbenchError, writeFileAtomic } from '@medbench/core';
import { BLOCK, type ReadAt, type TarMember, tarMembers } from '../archives/tar.js';
import { type ByteStore, isAddress } from '../files/byte-store.js';

/** The start of each sample of a shard: four bytes per sample, whatever the names. */
export interface ShardIndex {
  /** In blocks of 512 bytes, ascending; the last entry is the end of the members. `[samples + 1]` */
  readonly starts: Uint32Array;
  /** Identifies the file's state when it was indexed (`FileStamp`). */
  readonly stamp: string;
}

export interface IndexOptions {
  /** Returns the fault of a sample, given the suffixes of its members; undefined if there is none. */
  readonly check: (suffixes: readonly string[]) => string | undefined;
  /** Called for a sample that is left out, or with the error where the shard cannot be read any further. */
  readonly onBad: (member: string | undefined, fault: string | MedbenchError) => void;
  /** Folder in which indices are cached. */
  readonly cacheFolder?: string | undefined;
  /** Names the settings of `check`, so that an index cached for other settings is not used. */
  readonly cacheKey: string;
}

/**
 * Splits a member's name at the first dot of its last part into the sample's key and a suffix in lower case. Undefined
 * for members that WebDataset ignores: no dot, a hidden file, `__name__` at the top level.
 */
export function splitSampleName(name: string): { readonly key: string; readonly suffix: string } | undefined {
  const match = /^((?:.*\/|)[^./]+)\.([^/]*)$/.exec(name);
  if (!match || (!name.includes('/') && name.startsWith('__') && name.endsWith('__'))) return undefined;
  return { key: match[1]!, suffix: match[2]!.toLowerCase() };
}

/**
 * Returns the index of a shard: from the cache folder if the shard has not changed since, otherwise from its headers
 * alone (bodies are skipped). Samples are runs of neighbouring members, as in WebDataset.
 * @throws MedbenchError('data') as `tarMembers`, unless `onBad` handles it.
 */
export function indexShard(store: ByteStore, file: string, options: IndexOptions): Promise<ShardIndex> {
  return store.walk(file, async (readAt, { stamp, size }) => {
    const cacheEntry = locateCache(file, stamp, options);
    const cachedStarts = cacheEntry && (await readCachedIndex(cacheEntry.path, cacheEntry.heading));
    if (cachedStarts) return { starts: cachedStarts, stamp };
    const { starts, bad } = await scanShard(readAt, file, size, options);
    // An index with left-out samples is not cached, because these must be reported again next time.
    if (cacheEntry && !bad) await writeCachedIndex(cacheEntry.path, cacheEntry.heading, starts);
    return { starts, stamp };
  });
}

async function scanShard(readAt: ReadAt, file: string, length: number, { check, onBad }: IndexOptions) {
  let starts = new Uint32Array(1024);
  let samples = 0;
  let bad = false;
  let end = 0;
  let current: { key: string; start: number; suffixes: string[]; first: string } | undefined;
  const finish = (): void => {
    if (!current) return;
    const fault = check(current.suffixes);
    if (fault === undefined) {
      if (samples + 1 >= starts.length) {
        const more = new Uint32Array(starts.length * 2);
        more.set(starts);
        starts = more;
      }
      starts[samples++] = current.start / BLOCK;
    } else {
      bad = true;
      onBad(current.first, fault);
    }
    current = undefined;
  };
  try {
    const members = tarMembers(readAt, { file, length });
    for (;;) {
      const { value, done } = await members.next();
      if (done) {
        end = value;
        break;
      }
      const sample = value.kind === 'file' ? splitSampleName(value.name) : undefined;
      if (!sample) continue;
      if (current?.key !== sample.key) {
        finish();
        current = { key: sample.key, start: value.start, suffixes: [], first: value.name };
      }
      current!.suffixes.push(sample.suffix);
      end = memberEnd(value);
    }
    finish();
  } catch (error) {
    // A shard that cannot be fetched is not a broken one.
    if (!isMedbenchError(error) || error.code !== 'data') throw error;
    // The sample at the fault is kept only if all members that it must have were read.
    if (current && check(current.suffixes) === undefined) finish();
    bad = true;
    onBad(undefined, error);
  }
  starts[samples] = Math.ceil(end / BLOCK);
  return { starts: starts.slice(0, samples + 1), bad };
}

const memberEnd = ({ offset, size }: TarMember): number => offset + Math.ceil(size / BLOCK) * BLOCK;

const sha = (data: string | Uint8Array): string => createHash('sha256').update(data).digest('hex');

function locateCache(file: string, stamp: string, { cacheFolder, cacheKey }: IndexOptions) {
  if (cacheFolder === undefined) return undefined;
  const place = isAddress(file) ? file : resolve(file);
  const path = join(cacheFolder, `${sha(JSON.stringify([place, cacheKey])).slice(0, 32)}.index`);
  return { path, heading: JSON.stringify({ format: 'medbench-tar-index-2', stamp }) };
}

/**
 * Reads a cached index: a line that identifies the file's state, a line with the checksum of the rest, 32-bit numbers.
 */
async function readCachedIndex(path: string, heading: string): Promise<Uint32Array | undefined> {
  const bytes = await readFile(path).catch(() => undefined);
  if (!bytes) return undefined;
  const head = Buffer.from(`${heading}\n`);
  const from = head.length + 65;
  if (!bytes.subarray(0, head.length).equals(head) || bytes.length < from + 4 || (bytes.length - from) % 4) return;
  const body = bytes.subarray(from);
  if (bytes.subarray(head.length, from).toString('latin1') !== `${sha(body)}\n`) return undefined;
  // Numbers are in the byte order of the machine that wrote them, to which the cache folder belongs.
  return new Uint32Array(new Uint8Array(body).buffer);
}

async function writeCachedIndex(path: string, heading: string, starts: Uint32Array): Promise<void> {
  const body = new Uint8Array(starts.buffer, starts.byteOffset, starts.byteLength);
  // An index that cannot be cached is made again next time.
  await writeFileAtomic(path, Buffer.concat([Buffer.from(`${heading}\n${sha(body)}\n`), body])).catch(() => undefined);
}
