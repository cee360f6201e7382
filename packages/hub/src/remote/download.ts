import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { mkdtemp, open, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ensureFolder, hashJson, MedbenchError, parseJson, unwritableError, writeFileAtomic } from '@medbench/core';
import { describeHubError, type HubAccess, type HubEnvironment, hubAccess, isOffline } from '@medbench/remote';
import { checkManifest, type ManifestFile, ResultsLayout, type ResultsManifest } from '@medbench/runner/scores';
import { hubError } from './errors.js';
import { type FetchOptions, hubFetch, isUnreachable } from './fetch.js';
import type { RemoteResults } from './repository.js';

/** Largest manifest, file and folder that are downloaded, and the most files, whatever a server offers. */
const MAX = { manifest: 4 * 2 ** 20, file: 2 ** 30, folder: 4 * 2 ** 30, files: 5000 } as const;

/** How results are downloaded. */
export interface DownloadOptions extends FetchOptions {
  readonly environment: HubEnvironment;
  /** Folder of the caches. */
  readonly cacheRoot: string;
}

/** A revision in the cache. */
interface Cached {
  readonly commit: string;
  /** SHA-256 of the manifest, which names the folder. */
  readonly digest: string;
}

/** Reads a file of a commit, up to a bound. */
type ReadRemote = (path: string, limit: number) => AsyncGenerator<Uint8Array>;

const refusal = ({ name }: RemoteResults, what: string): MedbenchError =>
  new MedbenchError('store', `${name} on the hub ${what}`, { hint: 'Nothing was kept. Ask whoever pushed it.' });

/** Opens a commit of a data set. @throws as the hub's library. */
async function openRemote(results: RemoteResults, access: HubAccess, options: FetchOptions) {
  const { datasetInfo, downloadFile } = await import('@huggingface/hub');
  const client = { ...access, fetch: hubFetch(access, options) };
  const { sha } = await datasetInfo({ ...client, ...results, additionalFields: ['sha'] });
  if (!/^[0-9a-f]{40}$/.test(sha)) throw refusal(results, 'names no commit');
  const repo = { type: results.type, name: results.name };
  async function* read(path: string, limit: number): AsyncGenerator<Uint8Array> {
    const blob = await downloadFile({ ...client, repo, path, revision: sha });
    if (!blob) throw refusal(results, `has no ${path}`);
    let bytes = 0;
    // The size that a server claims is not relied on.
    for await (const piece of blob.stream() as unknown as AsyncIterable<Uint8Array>) {
      bytes += piece.byteLength;
      if (bytes > limit) throw refusal(results, `has a ${path} of more than ${limit} bytes`);
      yield piece;
    }
  }
  return { commit: sha, read };
}

async function downloadManifest(results: RemoteResults, read: ReadRemote) {
  const pieces: Uint8Array[] = [];
  for await (const piece of read('manifest.json', MAX.manifest)) pieces.push(piece);
  const text = Buffer.concat(pieces);
  let value: unknown;
  try {
    value = parseJson(text.toString('utf8'));
  } catch {
    throw refusal(results, 'has a manifest.json that is not JSON');
  }
  const manifest = checkManifest(value, `${results.name}/manifest.json`);
  const sizes = Object.values(manifest.files).map(({ bytes }) => bytes);
  const total = sizes.reduce((sum, bytes) => sum + bytes, 0);
  if (sizes.length > MAX.files || total > MAX.folder || Math.max(...sizes) > MAX.file) {
    throw refusal(results, `lists ${sizes.length} files of ${total} bytes, which is too much`);
  }
  return { text, manifest };
}

/** Downloads a file and compares it with the manifest. */
async function fetchFile(
  results: RemoteResults,
  read: ReadRemote,
  path: string,
  { bytes, sha256 }: ManifestFile,
  target: string,
): Promise<void> {
  mkdirSync(dirname(target), { recursive: true });
  const hash = createHash('sha256');
  const file = await open(target, 'wx');
  let written = 0;
  try {
    for await (const piece of read(path, bytes)) {
      hash.update(piece);
      written += piece.byteLength;
      await file.writeFile(piece);
    }
  } finally {
    await file.close();
  }
  if (written === bytes && hash.digest('hex') === sha256) return;
  throw refusal(results, `has a ${path} that is not what its manifest says`);
}

/** Downloads all files of a manifest into a folder that appears complete or not at all. */
async function fetchFolder(
  results: RemoteResults,
  read: ReadRemote,
  { text, manifest }: { readonly text: Uint8Array; readonly manifest: ResultsManifest },
  folder: string,
): Promise<void> {
  const unfinished = await mkdtemp(`${folder}-`);
  try {
    for (const [path, entry] of Object.entries(manifest.files)) {
      await fetchFile(results, read, path, entry, join(unfinished, path));
    }
    await writeFileAtomic(new ResultsLayout(unfinished).manifest, text);
    await rename(unfinished, folder).catch((error: NodeJS.ErrnoException) => {
      // Another process may have been quicker.
      if (!existsSync(folder)) throw unwritableError(folder, error);
    });
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
}

function readCached(file: string): Cached | undefined {
  try {
    const { commit, digest } = parseJson(readFileSync(file, 'utf8')) as Cached;
    return /^[0-9a-f]{64}$/.test(digest) ? { commit, digest } : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Downloads results into the cache, in a folder that is named by their content. What is there is not downloaded again.
 * Without a network, or with `HF_HUB_OFFLINE=1`, the revision that was downloaded last is used.
 * @returns the folder.
 * @throws MedbenchError('store') if the hub cannot be reached and the cache has none, or what it sends is not what the
 *   manifest says, is no results folder, or is too large. Nothing of it is kept then.
 */
export async function fetchResults(results: RemoteResults, options: DownloadOptions): Promise<string> {
  const { environment, cacheRoot, log = () => {} } = options;
  const access = hubAccess(environment);
  const cache = join(cacheRoot, 'results');
  await ensureFolder(join(cache, 'revisions'), 'Set MEDBENCH_CACHE to a folder that you may write to');
  const { name, revision } = results;
  const known = join(cache, 'revisions', `${hashJson([access.hubUrl, name, revision]).slice(0, 32)}.json`);
  const cached = readCached(known);
  const kept = cached && join(cache, cached.digest);
  const isKept = kept !== undefined && existsSync(kept);
  if (isOffline(environment)) {
    if (isKept) return kept;
    throw new MedbenchError('store', `${name}@${revision} is not in the cache, and HF_HUB_OFFLINE is set`, {
      hint: 'Unset it, or download the data set elsewhere and name its folder.',
    });
  }
  try {
    const { commit, read } = await openRemote(results, access, options);
    if (isKept && cached?.commit === commit) return kept;
    log(`${name}@${revision}: commit ${commit.slice(0, 12)}`);
    const content = await downloadManifest(results, read);
    const digest = createHash('sha256').update(content.text).digest('hex');
    const folder = join(cache, digest);
    if (!existsSync(folder)) await fetchFolder(results, read, content, folder);
    await writeFileAtomic(known, `${JSON.stringify({ commit, digest } satisfies Cached)}\n`);
    return folder;
  } catch (error) {
    // An answer of the hub is an answer; only a hub that cannot be reached is replaced by the cache.
    if (isKept && isUnreachable(error)) {
      log(`${name}: the hub cannot be reached (${describeHubError(error, access)}); using the cache`);
      return kept;
    }
    throw hubError('store', `${name}@${revision} cannot be read from the hub`, error, results, access);
  }
}
