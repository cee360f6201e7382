import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, readdir, stat } from 'node:fs/promises';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { unreadable } from '@medbench/data/files';

const MIB = 2 ** 20;
/** Larger files are hashed by their size and both ends only. */
const MAX_HASHED_WHOLE = 64 * MIB;

/**
 * SHA-256 over the files' names, sizes and contents. Names are relative to the deepest folder that all files share. Of
 * a file of more than 64 MiB, only the first and last MiB are hashed. A folder stands for all files in it. Neither the
 * order of the paths nor the place of the data matters.
 * @param listed Files and folders of which only names and sizes are hashed: for folders of 100,000 images, which would
 * take longer to read than to use. An image that is replaced by one of the same size goes unnoticed.
 * @returns 64 hexadecimal digits.
 * @throws MedbenchError('data') naming a file that is missing or cannot be read.
 */
export async function fingerprintFiles(
  paths: readonly string[],
  { listed = [] }: { readonly listed?: readonly string[] } = {},
): Promise<string> {
  const expandFolders = async (roots: readonly string[]) =>
    (await Promise.all(roots.map((path) => filesIn(resolve(path))))).flat();
  const inList = new Set(await expandFolders(listed));
  const files = [...new Set([...inList, ...(await expandFolders(paths))])];
  const base = sharedFolder(files);
  const named = files.map((file) => ({ file, name: relative(base, file).split(sep).join('/') }));
  named.sort((a, b) => (a.name < b.name ? -1 : 1));
  const hash = createHash('sha256');
  for (const { file, name } of named) {
    try {
      if (inList.has(file)) hash.update(`${JSON.stringify([name, (await stat(file)).size, 'listed'])}\n`);
      else await addFile(hash, file, name);
    } catch (cause) {
      throw unreadable(file, cause);
    }
  }
  return hash.digest('hex');
}

async function addFile(hash: Hash, file: string, name: string): Promise<void> {
  const { size } = await stat(file);
  // Name and size come first, as one JSON line, so that contents cannot be shifted between files unnoticed.
  hash.update(`${JSON.stringify([name, size])}\n`);
  if (size <= MAX_HASHED_WHOLE) {
    for await (const piece of createReadStream(file)) hash.update(piece as Buffer);
    return;
  }
  const handle = await open(file, 'r');
  try {
    const buffer = Buffer.alloc(MIB);
    for (const position of [0, size - MIB]) {
      const { bytesRead } = await handle.read(buffer, 0, MIB, position);
      hash.update(buffer.subarray(0, bytesRead));
    }
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
