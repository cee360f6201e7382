import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { MedbenchError } from '@medbench/core';
import { describeHubError, type HubEnvironment, hubAccess, isOffline } from '@medbench/remote';

/** A model on the hub: `owner/name`, at a branch, tag or commit. */
export interface HubModel {
  readonly name: string;
  readonly revision: string;
}

const ID = /^(?:hf:\/\/|hf-hub:)?([\w.-]+\/[\w.-]+)(?:@([\w./-]+))?$/;

/**
 * Parses the id of a model, `owner/name` or `owner/name@revision`, optionally with the prefix `hf://` or `hf-hub:`;
 * undefined for any other text.
 */
export function parseHubModel(id: string): HubModel | undefined {
  const match = ID.exec(id);
  return match ? { name: match[1]!, revision: match[2] ?? 'main' } : undefined;
}

/**
 * Runs `run` without `console.debug`, with which the library would mix a line per download into our standard output.
 */
async function withoutDebugOutput<T>(run: () => Promise<T>): Promise<T> {
  const { debug } = console;
  console.debug = () => {};
  try {
    return await run();
  } finally {
    console.debug = debug;
  }
}

/**
 * The folder of the cache that holds a revision of a model; undefined if there is none. The library's own scan is not
 * used, because it fails if the cache records no branch, as after the library's own download of a single file.
 */
async function cachedSnapshot({ name, revision }: HubModel): Promise<string | undefined> {
  const { getHFHubCachePath, getRepoFolderName } = await import('@huggingface/hub');
  const folder = join(getHFHubCachePath(), getRepoFolderName({ name, type: 'model' }));
  const snapshots = join(folder, 'snapshots');
  if (!existsSync(snapshots)) return undefined;
  const branch = join(folder, 'refs', revision);
  const commit = existsSync(branch) ? readFileSync(branch, 'utf8').trim() : revision;
  if (existsSync(join(snapshots, commit))) return join(snapshots, commit);
  // For the default branch, the newest cached commit is good enough. For a requested revision, it is not.
  if (revision !== 'main') return undefined;
  const commits = readdirSync(snapshots).map((entry) => join(snapshots, entry));
  return commits.sort((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs)[0];
}

/** Paths of the named files that are in the hub's cache, by name. Nothing is downloaded. */
export async function cachedFiles(model: HubModel, names: readonly string[]): Promise<Record<string, string>> {
  const folder = await cachedSnapshot(model);
  if (!folder) return {};
  return Object.fromEntries(
    names.flatMap((name) => (existsSync(join(folder, name)) ? [[name, join(folder, name)] as const] : [])),
  );
}

/**
 * Gets files of a model on the hub, from the cache or by downloading them into it: the first file of `wanted` that the
 * model has, and all files of `beside` that it has. With `HF_HUB_OFFLINE=1` nothing is downloaded. `HF_ENDPOINT` names
 * a mirror, `HF_TOKEN` gives access.
 * @returns paths by file name.
 * @throws MedbenchError('weights') if the model or all `wanted` files are missing, or if the hub cannot be reached and
 *   the cache does not have them.
 */
export async function hubFiles(
  model: HubModel,
  wanted: readonly string[],
  beside: readonly string[],
  {
    environment = process.env as HubEnvironment,
    log = () => {},
    hint = 'Only safetensors and PyTorch files are supported. Convert others with safetensors.torch.save_file, and name the file.',
  }: {
    environment?: HubEnvironment;
    log?: (message: string) => void;
    /** The way out if the model has none of the files. */
    hint?: string;
  } = {},
): Promise<Record<string, string>> {
  const cached = await cachedFiles(model, [...wanted, ...beside]);
  const hasCachedWeights = wanted.some((name) => cached[name]);
  if (isOffline(environment)) {
    if (hasCachedWeights) return cached;
    throw new MedbenchError('weights', `${model.name} is not in the hub's cache, and HF_HUB_OFFLINE is set`, {
      hint: `Unset it, or download ${wanted[0]} elsewhere and name its folder.`,
    });
  }
  const { downloadFileToCacheDir, pathsInfo } = await import('@huggingface/hub');
  const access = {
    repo: { type: 'model', name: model.name } as const,
    revision: model.revision,
    ...hubAccess(environment),
  };
  try {
    const available = (await pathsInfo({ ...access, paths: [...wanted, ...beside] })).map(({ path }) => path);
    const weightsFile = wanted.find((name) => available.includes(name));
    if (!weightsFile) throw missingFilesError(model, wanted, hint);
    const files: Record<string, string> = {};
    for (const path of [...beside.filter((name) => available.includes(name)), weightsFile]) {
      log(`${model.name}: ${path}`);
      files[path] = await withoutDebugOutput(() => downloadFileToCacheDir({ ...access, path }));
    }
    return files;
  } catch (cause) {
    if (cause instanceof MedbenchError) throw cause;
    if (hasCachedWeights) {
      log(`${model.name}: the hub cannot be reached (${describeHubError(cause, access)}); using the cache`);
      return cached;
    }
    throw new MedbenchError(
      'weights',
      `${model.name} cannot be downloaded from the hub: ${describeHubError(cause, access)}`,
      {
        hint: 'Check the id and the network (HF_ENDPOINT names a mirror, HF_TOKEN gives access), or name a local folder.',
        cause,
      },
    );
  }
}

const missingFilesError = ({ name, revision }: HubModel, wanted: readonly string[], hint: string): MedbenchError =>
  new MedbenchError('weights', `${name} (${revision}) on the hub has none of ${wanted.join(', ')}`, { hint });
