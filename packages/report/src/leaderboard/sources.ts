import { existsSync, readdirSync, statSync } from 'node:fs';
import { basename, isAbsolute, join, resolve, sep } from 'node:path';
import { errorMessage, isMedbenchError, MedbenchError } from '@medbench/core';
import { RunLayout } from '@medbench/runner/layout';
import { type ResultsFolder, readResultsFolder } from '../read-results-folder.js';

/** A source whose results were read and checked. */
export interface Source extends ResultsFolder {
  /** Short name, unique among the sources. */
  readonly name: string;
  /** The source as it was given, or its folder below it; the name of the folder for an absolute path. */
  readonly source: string;
}

/** A source that is left out. */
export interface RefusedSource {
  readonly source: string;
  readonly reason: string;
  readonly hint?: string;
}

/** Makes a source available on this machine. It may throw: the source is then left out and named. */
export type OpenSource = (source: string) => Promise<{ readonly folder: string }>;

/** Takes a source for a folder. @throws MedbenchError('usage') if it is an address. */
export const openFolder: OpenSource = async (source) => {
  if (!/^[a-z][a-z0-9+.-]+:\/\//i.test(source)) return { folder: source };
  throw new MedbenchError('usage', `${source} is an address, and only folders are read here`, {
    hint: 'Download the results first, and name their folder.',
  });
};

const hasResults = (folder: string): boolean => existsSync(new RunLayout(folder).results);

/** A folder of results, or the folders of results directly below it. */
function listFolders(folder: string): string[] {
  if (hasResults(folder) || !statSync(folder, { throwIfNoEntry: false })?.isDirectory()) return [folder];
  const below = readdirSync(folder)
    .sort()
    .map((name) => join(folder, name))
    .filter(hasResults);
  return below.length > 0 ? below : [folder];
}

/** Names paths by as few of their last parts as tell them apart. */
function nameFolders(folders: readonly string[]): string[] {
  const parts = folders.map((folder) => resolve(folder).split(sep));
  const name = (path: readonly string[], length: number): string => path.slice(-length).join('/');
  return parts.map((path) => {
    let length = 1;
    while (length < path.length && parts.some((other) => other !== path && name(other, length) === name(path, length)))
      length++;
    return name(path, length);
  });
}

/** How a source is called on pages that are published: a path of this machine is nobody's business. */
const publicName = (source: string): string => (isAbsolute(source) ? basename(source) : source);

function refusal(source: string, error: unknown): RefusedSource {
  const withoutPath = (text: string): string => text.replaceAll(source, publicName(source));
  return {
    source: publicName(source),
    reason: withoutPath(errorMessage(error)),
    ...(isMedbenchError(error) && error.hint ? { hint: withoutPath(error.hint) } : {}),
  };
}

/**
 * Reads and checks all sources. A source is a folder of results or a folder of such folders. One that is damaged, or
 * whose figures do not fit, is left out and named.
 */
export async function readSources(
  sources: readonly string[],
  open: OpenSource = openFolder,
): Promise<{ readonly read: readonly Source[]; readonly refused: readonly RefusedSource[] }> {
  const refused: RefusedSource[] = [];
  const found: { readonly source: string; readonly folder: string }[] = [];
  for (const source of sources) {
    try {
      const { folder: opened } = await open(source);
      // A folder below a source is named by its path, a source from elsewhere by its address.
      for (const folder of listFolders(opened)) found.push({ source: opened === source ? folder : source, folder });
    } catch (error) {
      refused.push(refusal(source, error));
    }
  }
  const place = ({ folder }: (typeof found)[number]): string => resolve(folder);
  const distinct = found.filter((one, i) => found.findIndex((other) => place(other) === place(one)) === i);
  const names = nameFolders(distinct.map(({ source }) => source));
  const read: Source[] = [];
  for (const [i, { source, folder }] of distinct.entries()) {
    try {
      read.push({ name: names[i]!, source: publicName(source), ...(await readResultsFolder(folder)) });
    } catch (error) {
      refused.push(refusal(source, error));
    }
  }
  return { read, refused };
}
