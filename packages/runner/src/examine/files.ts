import { existsSync } from 'node:fs';
import { opendir, stat } from 'node:fs/promises';
import { dirname, extname, join } from 'node:path';
import type { RasterImage, Source } from '@medbench/core';
import { spreadIndices } from '@medbench/data';
import type { Folders } from '@medbench/data/files';
import type { DataProblem } from './problem.js';

/** Images whose files are asked for at a time. */
const AT_A_TIME = 64;
/** Files whose size is read; of more, as many, spread evenly. */
export const SIZES_READ = 100_000;
/** Missing names that are looked for once more by themselves: some systems write accents in two ways. */
const LOOKED_FOR_AGAIN = 1000;
/** Entries of folders that are searched for a missing file's place. */
const SEARCHED = 500_000;

/** Images whose elements have files of their own. */
export type FileSource = Source<RasterImage> & Required<Pick<Source<RasterImage>, 'file'>>;

export const hasFiles = (images: Source<RasterImage>): images is FileSource => images.file !== undefined;

/** The files of a split's images. */
export interface FoundImages {
  readonly missing: number;
  readonly problems: readonly DataProblem[];
  /** Size in bytes by index, of the files whose size was read. */
  readonly sizes: ReadonlyMap<number, number>;
}

/** Looks for every image of a split, and reads the sizes of up to `SIZES_READ` files. Opens none. */
export async function findImages(split: string, images: FileSource, folders: Folders): Promise<FoundImages> {
  const sizes = new Map<number, number>();
  const missing: FoundFiles = { count: 0 };
  const empty: FoundFiles = { count: 0 };
  const sized = images.length > SIZES_READ ? new Set(spreadIndices(images.length, SIZES_READ)) : undefined;
  const look = async (index: number): Promise<void> => {
    const path = images.file(index);
    const file = typeof path === 'string' ? path : await path;
    if (!(await folders.has(file)) && !(missing.count < LOOKED_FOR_AGAIN && existsSync(file))) {
      count(missing, index, file);
      return;
    }
    if (sized && !sized.has(index)) return;
    const stats = await stat(file).catch(() => undefined);
    // A link may lead nowhere.
    if (!stats) count(missing, index, file);
    else if (stats.size === 0) count(empty, index, file);
    else sizes.set(index, stats.size);
  };
  for (let from = 0; from < images.length; from += AT_A_TIME) {
    await Promise.all(Array.from({ length: Math.min(AT_A_TIME, images.length - from) }, (_, i) => look(from + i)));
  }
  const problems: DataProblem[] = [];
  if (missing.example !== undefined) {
    problems.push({
      ...{ severity: 'error', check: 'files', count: missing.count, example: missing.example },
      message: `${split}: ${missing.count} of ${images.length} images are not there`,
      remedy: await remedyForMissing(missing.example),
    });
  }
  if (empty.example !== undefined) {
    problems.push({
      ...{ severity: 'error', check: 'files', count: empty.count, example: empty.example },
      message: `${split}: ${empty.count} images are empty files`,
      remedy: 'Their download failed: fetch them again, or leave them out with --skip-bad.',
    });
  }
  return { missing: missing.count, problems, sizes };
}

/** A number of files, and the first of them. */
interface FoundFiles {
  count: number;
  first?: number;
  example?: string;
}

function count(files: FoundFiles, index: number, file: string): void {
  files.count++;
  // Files are looked for side by side: the first is that of the least index, not the first answer.
  if (index > (files.first ?? index)) return;
  files.first = index;
  files.example = file;
}

/** What to do about a missing file: where it is instead, if it is found nearby. */
async function remedyForMissing(file: string): Promise<string> {
  let folder = dirname(file);
  while (!existsSync(folder) && dirname(folder) !== folder) folder = dirname(folder);
  const name = file.slice(dirname(file).length + 1);
  const stem = name.slice(0, name.length - extname(name).length);
  let other: string | undefined;
  let seen = 0;
  let first: string | undefined;
  const search = async (place: string): Promise<string | undefined> => {
    const below: string[] = [];
    for await (const entry of await opendir(place, { bufferSize: 1024 })) {
      if (++seen > SEARCHED) return undefined;
      if (entry.name.startsWith('.')) continue;
      if (entry.name === name && !entry.isDirectory()) return join(place, entry.name);
      if (entry.isDirectory()) below.push(join(place, entry.name));
      else {
        first ??= entry.name;
        if (entry.name.slice(0, entry.name.length - extname(entry.name).length) === stem) {
          other ??= join(place, entry.name);
        }
      }
    }
    for (const deeper of below) {
      const found = await search(deeper).catch(() => undefined);
      if (found) return found;
    }
    return undefined;
  };
  const found = await search(folder).catch(() => undefined);
  if (found) return `It is at ${found}: move the images to where they are looked for, or link their folder there.`;
  if (other) return `There is ${other}: the table and the images have other endings.`;
  const instead = first ? `${folder} holds other names, such as ${first}` : `${folder} holds no files`;
  return `${instead}. Fetch or unpack the images that are missing, or leave them out with --skip-bad.`;
}
