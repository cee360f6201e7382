import { basename, resolve } from 'node:path';
import { type DownloadOptions, fetchResults } from './download.js';
import { isRemote, parseRemoteResults } from './repository.js';

/** Results that are on this machine. */
export interface OpenedResults {
  /** A run folder or a results folder: `readResults` and `readScores` read both. */
  readonly folder: string;
  /** Name for readers: that of the folder, or `owner/name` with its revision. */
  readonly name: string;
}

/**
 * Makes results available on this machine: a folder stays where it is, and `hf://datasets/OWNER/NAME[@REVISION]` is
 * downloaded into the cache.
 * @throws MedbenchError('usage') for an address that names no results; others as `fetchResults`.
 */
export async function openResults(source: string, options: DownloadOptions): Promise<OpenedResults> {
  if (!isRemote(source)) return { folder: source, name: basename(resolve(source)) };
  const remote = parseRemoteResults(source);
  const { name, revision } = remote;
  return { folder: await fetchResults(remote, options), name: revision === 'main' ? name : `${name}@${revision}` };
}
