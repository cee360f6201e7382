import { createHash } from 'node:crypto';
import { readSync } from 'node:fs';
import { type FileHandle, open, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { isMedbenchError, type MedbenchError, writeFileAtomic } from '@medbench/core';
import { unreadable } from '@medbench/data/files';
import { BLOCK, type ReadAt, type TarMember, tarMembers } from '../archives/tar.js';

/** Read at once while walking over headers: a caption with its neighbours' headers, but not much of an image. */
const WINDOW = 8 * BLOCK;

/** Where the samples of a shard begin: four bytes for each, whatever their names. */
export interface ShardIndex {
  /** In blocks of 512 bytes, ascending; a last entry says where the members end. `[samples + 1]` */
  readonly starts: Uint32Array;
  /** The file as it was when indexed. */
  readonly stamp: string;
}

export interface IndexOptions {
  /** What is wrong with a sample's members, if anything. */
  readonly check: (names: readonly string[]) => string | undefined;
  /** Called for a sample that is left out, or for the place where the shard cannot be read any further. */
  readonly onBad: (member: string | undefined, fault: string | MedbenchError) => void;
  /** Folder in which indices are kept. */
  readonly cacheFolder?: string | undefined;
  /** What `check` depends on, so that a kept index is not used for another. */
  readonly cacheKey: string;
}

/**
 * A member's sample and its suffix in lower case: the name is cut at the first dot of its last part. Undefined for what
 * WebDataset passes over: no dot, a hidden file, `__name__` at the top.
 */
export function splitSampleName(name: string): { readonly key: string; readonly suffix: string } | undefined {
  const parts = /^((?:.*\/|)[^./]+)\.([^/]*)$/.exec(name);
  if (!parts || (!name.includes('/') && name.startsWith('__') && name.endsWith('__'))) return undefined;
  return { key: parts[1]!, suffix: parts[2]!.toLowerCase() };
}

/** Size and time of change, which tell whether a shard is still the one that was indexed. */
export async function readStamp(handle: FileHandle): Promise<{ readonly stamp: string; readonly size: number }> {
  const { size, mtimeNs } = await handle.stat({ bigint: true });
  return { stamp: `${size}/${mtimeNs}`, size: Number(size) };
}

/**
 * The index of a shard, from its headers alone (bodies are passed over) or, if the shard has not changed since, from the
 * cache folder. Samples are runs of neighbouring members, as in WebDataset.
 * @throws MedbenchError('data') as `tarMembers`, unless `onBad` takes it.
 */
export async function indexShard(file: string, options: IndexOptions): Promise<ShardIndex> {
  let handle: FileHandle;
  try {
    handle = await open(file, 'r');
  } catch (cause) {
    throw unreadable(file, cause);
  }
  try {
    const { stamp, size } = await readStamp(handle);
    const kept = keptAt(file, stamp, options);
    const known = kept && (await readKept(kept.path, kept.heading));
    if (known) return { starts: known, stamp };
    const { starts, bad } = await walk(handle, file, size, options);
    // What was left out must be told again the next time.
    if (kept && !bad) await writeKept(kept.path, kept.heading, starts);
    return { starts, stamp };
  } catch (cause) {
    throw isMedbenchError(cause) ? cause : unreadable(file, cause);
  } finally {
    await handle.close();
  }
}

async function walk(handle: FileHandle, file: string, length: number, { check, onBad }: IndexOptions) {
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
    const members = tarMembers(windowed(handle), { file, length });
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
      end = endOf(value);
    }
    finish();
  } catch (error) {
    if (!isMedbenchError(error)) throw error;
    // The sample in which the fault lies is not whole, unless all that it must have is there.
    if (current && check(current.suffixes) === undefined) finish();
    bad = true;
    onBad(undefined, error);
  }
  starts[samples] = Math.ceil(end / BLOCK);
  return { starts: starts.slice(0, samples + 1), bad };
}

const endOf = ({ offset, size }: TarMember): number => offset + Math.ceil(size / BLOCK) * BLOCK;

/** Reads after which others have their turn: a few milliseconds' worth. */
const TURN = 1000;

/**
 * Reads through a small window, since headers with small bodies between them lie close together. What is read is good until
 * the next read. Reads of some kilobytes are done at once: promises and buffers for each of a million headers would take
 * three times as long, and the process would grow.
 */
function windowed(handle: FileHandle): ReadAt {
  let from = 0;
  let buffer = new Uint8Array(WINDOW);
  let window = buffer.subarray(0, 0);
  let reads = 0;
  return async (position, length) => {
    if (position < from || position + length > from + window.length) {
      if (buffer.length < length) buffer = new Uint8Array(length);
      if (++reads % TURN === 0) await setImmediate();
      let filled = 0;
      for (let more = 1; more > 0 && filled < buffer.length; filled += more) {
        more = readSync(handle.fd, buffer, filled, buffer.length - filled, position + filled);
      }
      window = buffer.subarray(0, filled);
      from = position;
    }
    return window.subarray(position - from, position - from + length);
  };
}

const sha = (data: string | Uint8Array): string => createHash('sha256').update(data).digest('hex');

function keptAt(file: string, stamp: string, { cacheFolder, cacheKey }: IndexOptions) {
  if (cacheFolder === undefined) return undefined;
  const path = join(cacheFolder, `${sha(JSON.stringify([resolve(file), cacheKey])).slice(0, 32)}.index`);
  return { path, heading: JSON.stringify({ format: 'medbench-tar-index-1', stamp }) };
}

/** A kept index: a line that says of which file, a line with the check sum of what follows, numbers of 32 bits. */
async function readKept(path: string, heading: string): Promise<Uint32Array | undefined> {
  const bytes = await readFile(path).catch(() => undefined);
  if (!bytes) return undefined;
  const head = Buffer.from(`${heading}\n`);
  const from = head.length + 65;
  if (!bytes.subarray(0, head.length).equals(head) || bytes.length < from + 4 || (bytes.length - from) % 4) return;
  const body = bytes.subarray(from);
  if (bytes.subarray(head.length, from).toString('latin1') !== `${sha(body)}\n`) return undefined;
  // Numbers lie in the order of the machine that wrote them, as does the cache folder.
  return new Uint32Array(new Uint8Array(body).buffer);
}

async function writeKept(path: string, heading: string, starts: Uint32Array): Promise<void> {
  const body = new Uint8Array(starts.buffer, starts.byteOffset, starts.byteLength);
  // An index that cannot be kept is made again the next time.
  await writeFileAtomic(path, Buffer.concat([Buffer.from(`${heading}\n${sha(body)}\n`), body])).catch(() => undefined);
}
