import { createHash } from 'node:crypto';
import { type BigIntStats, fstatSync, statSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join, resolve, sep } from 'node:path';
import type { DataContext } from '@medbench/core';
import { openFile, readInPlace, SHORT_READ, shortCall, unreadable, useFileInPlace } from '@medbench/data/files';
import type { FileContent } from './byte-store.js';
import { ContentCache, type FileState } from './content-cache.js';
import { mapTogether } from './map-together.js';

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
  const base = sharedFolder(files, sep);
  const named = files.map((file) => ({ file, name: file.slice(base.length).split(sep).join('/') }));
  named.sort((a, b) => (a.name < b.name ? -1 : 1));
  const cache = await ContentCache.open(cacheRoot, [...roots, ...[...mayMiss].slice(0, 1)]);
  const states = await mapTogether(named, ({ file }) => readState(file, mayMiss.has(file)), TOGETHER);
  const known = states.map((state) => state && cache.find(state));
  const unknown = states.flatMap((state, i) => (state && !known[i] ? [i] : []));
  const bytes = unknown.reduce((sum, i) => sum + Number(states[i]!.size), 0);
  if (bytes >= TOLD) {
    const again = cacheRoot === undefined ? '' : '; a file that does not change is not read again';
    log?.(`Hashing ${unknown.length} files (${(bytes / 2 ** 30).toFixed(1)} GiB) below ${base}${again}`);
  }
  const hashUnknown = async (i: number): Promise<void> => {
    known[i] = await hashContent(states[i]!, cache);
  };
  await mapTogether(unknown, hashUnknown, TOGETHER);
  await cache.save();
  return hashNamed(
    named.map(({ name }, i) => ({
      name,
      size: states[i] ? Number(states[i].size) : null,
      content: known[i]?.toString('hex') ?? null,
    })),
  );
}

/**
 * The fingerprint of files whose contents are known already: that of `fingerprintFiles` for the same files on disk, if
 * `content` is their SHA-256.
 */
export function fingerprintContents(contents: readonly FileContent[]): string {
  const base = sharedFolder(
    contents.map(({ path }) => path),
    '/',
  );
  const named = contents.map(({ path, size, content }) => ({ name: path.slice(base.length), size, content }));
  return hashNamed(named.sort((a, b) => (a.name < b.name ? -1 : 1)));
}

interface NamedContent {
  readonly name: string;
  /** Null for a file that is missing. */
  readonly size: number | null;
  readonly content: string | null;
}

function hashNamed(files: readonly NamedContent[]): string {
  const hash = createHash('sha256');
  for (const { name, size, content } of files) hash.update(`${JSON.stringify([name, size, content])}\n`);
  return hash.digest('hex');
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

/** The deepest folder of all files, with the separator at its end. */
function sharedFolder(files: readonly string[], separator: string): string {
  const [first, ...others] = files.map((file) => file.split(separator).slice(0, -1));
  if (!first) return '';
  let length = first.length;
  for (const segments of others) {
    let same = 0;
    while (same < length && segments[same] === first[same]) same++;
    length = same;
  }
  return length === 0 ? '' : first.slice(0, length).join(separator) + separator;
}
