import { createHash } from 'node:crypto';
import { type BigIntStats, fstatSync, statSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { dirname, join, relative, resolve, sep } from 'node:path';
import type { DataContext } from '@medbench/core';
import { openFile, readInPlace, SHORT_READ, shortCall, unreadable, useFileInPlace } from '@medbench/data/files';
import { ContentCache, type FileState } from './content-cache.js';

/** Number of files that are looked at together. */
const TOGETHER = 32;
const PIECE = 2 ** 20;
/** From this many bytes on, the user is told that files are being read. */
const TOLD = 256 * 2 ** 20;
/**
 * A file that changed less than this long before it was read may change again within the resolution of its times, so its
 * hash is not kept.
 */
const SETTLED_MS = 2000;

export interface FingerprintOptions extends Partial<Pick<DataContext, 'cacheRoot' | 'log'>> {
  /** Files that may be missing, such as images that `--skip-bad` leaves out. Whether they are there is hashed. */
  readonly optional?: readonly string[];
}

/**
 * SHA-256 over the files' names, sizes and contents. Names are relative to the deepest folder that all files share. A
 * folder stands for all files in it. Neither the order of the paths nor the place of the data matters.
 *
 * With a cache folder, each file is read once: while its path, size, times and inode are the same, the hash of its content
 * is taken from the cache. Pass the context of a task or corpus as the options.
 * @returns 64 hexadecimal digits.
 * @throws MedbenchError('data') naming a file that is missing or cannot be read.
 */
export async function fingerprintFiles(
  paths: readonly string[],
  { cacheRoot, log, optional = [] }: FingerprintOptions = {},
): Promise<string> {
  const roots = paths.map((path) => resolve(path));
  const mayMiss = new Set(optional.map((path) => resolve(path)));
  const files = [...new Set([...(await Promise.all(roots.map(filesIn))).flat(), ...mayMiss])];
  const base = sharedFolder(files);
  const named = files.map((file) => ({ file, name: relative(base, file).split(sep).join('/') }));
  named.sort((a, b) => (a.name < b.name ? -1 : 1));
  const cache = await ContentCache.open(cacheRoot, [...roots, ...[...mayMiss].slice(0, 1)]);
  const states = await mapTogether(named, ({ file }) => readState(file, mayMiss.has(file)));
  const known = states.map((state) => state && cache.find(state));
  const unknown = states.flatMap((state, i) => (state && !known[i] ? [i] : []));
  const bytes = unknown.reduce((sum, i) => sum + Number(states[i]!.size), 0);
  if (bytes >= TOLD) {
    const again = cacheRoot === undefined ? '' : '; a file that does not change is not read again';
    log?.(`Hashing ${unknown.length} files (${(bytes / 2 ** 30).toFixed(1)} GiB) below ${base}${again}`);
  }
  await mapTogether(unknown, async (i) => {
    known[i] = await hashContent(states[i]!, cache);
  });
  await cache.save();
  const hash = createHash('sha256');
  for (const [i, { name }] of named.entries()) {
    const state = states[i];
    hash.update(`${JSON.stringify([name, state ? Number(state.size) : null, known[i]?.toString('hex') ?? null])}\n`);
  }
  return hash.digest('hex');
}

/** Maps a list in its order, a number of items at a time. */
async function mapTogether<T, R>(items: readonly T[], map: (item: T) => Promise<R>): Promise<R[]> {
  const results = new Array<R>(items.length);
  let next = 0;
  const work = async (): Promise<void> => {
    while (next < items.length) {
      const i = next++;
      results[i] = await map(items[i]!);
    }
  };
  await Promise.all(Array.from({ length: Math.min(TOGETHER, items.length) }, work));
  return results;
}

const toState = (path: string, { size, mtimeNs, ctimeNs, ino }: BigIntStats): FileState => ({
  ...{ path, size, mtimeNs, ctimeNs, ino },
});

/** The state of a file; undefined if it is missing and may be. */
async function readState(path: string, mayMiss: boolean): Promise<FileState | undefined> {
  try {
    const options = { bigint: true } as const;
    return toState(
      path,
      await shortCall(
        () => statSync(path, options),
        () => stat(path, options),
      ),
    );
  } catch (cause) {
    if (mayMiss && (cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw unreadable(path, cause);
  }
}

/** Reads a file and hashes it. The hash is kept unless the file changed while it was read or just before. */
async function hashContent(before: FileState, cache: ContentCache): Promise<Buffer> {
  const small = before.size <= SHORT_READ;
  const pooled = (): Promise<Hashed> => hashPooled(before);
  const { content, after } = small
    ? ((await shortCall(() => hashInPlace(before), pooled)) ?? (await pooled()))
    : await pooled();
  const changed = (['size', 'mtimeNs', 'ctimeNs', 'ino'] as const).some((field) => before[field] !== after[field]);
  const latest = Number((after.mtimeNs > after.ctimeNs ? after.mtimeNs : after.ctimeNs) / 1_000_000n);
  if (!changed && Date.now() - latest > SETTLED_MS) cache.add(after, content);
  return content;
}

/** The SHA-256 of a file, and the state that it had after it was read. */
interface Hashed {
  readonly content: Buffer;
  readonly after: FileState;
}

/** Hashes a small file; undefined if it grows while it is read. */
const hashInPlace = ({ path }: FileState): Hashed | undefined =>
  useFileInPlace(path, (file, size) => {
    const bytes = readInPlace(file, size);
    if (!bytes) return undefined;
    const content = createHash('sha256').update(bytes).digest();
    return { content, after: toState(path, fstatSync(file, { bigint: true })) };
  });

async function hashPooled({ path, size }: FileState): Promise<Hashed> {
  const hash = createHash('sha256');
  const handle = await openFile(path);
  try {
    const buffer = Buffer.allocUnsafe(Math.min(PIECE, Number(size) + 1));
    for (;;) {
      const { bytesRead } = await handle.read(buffer, 0, buffer.length, null);
      if (bytesRead === 0) break;
      hash.update(buffer.subarray(0, bytesRead));
    }
    return { content: hash.digest(), after: toState(path, await handle.stat({ bigint: true })) };
  } catch (cause) {
    throw unreadable(path, cause);
  } finally {
    await handle.close();
  }
}

async function filesIn(path: string): Promise<string[]> {
  try {
    if (!(await stat(path)).isDirectory()) return [path];
    const entries = await readdir(path, { withFileTypes: true });
    const inside = await Promise.all(
      entries.map((entry) => (entry.isFile() ? [join(path, entry.name)] : filesIn(join(path, entry.name)))),
    );
    return inside.flat();
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

function sharedFolder(files: readonly string[]): string {
  const [first, ...others] = files.map((file) => dirname(file).split(sep));
  if (!first) return '';
  let length = first.length;
  for (const segments of others) {
    let same = 0;
    while (same < length && segments[same] === first[same]) same++;
    length = same;
  }
  return first.slice(0, length).join(sep) || sep;
}
