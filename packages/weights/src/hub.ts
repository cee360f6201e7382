import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { errorMessage, MedbenchError } from '@medbench/core';

/** A model on the hub: `owner/name`, at a branch, tag or commit. */
export interface HubModel {
  readonly name: string;
  readonly revision: string;
}

/** Environment variables that steer the hub, with the meanings they have for `huggingface_hub` in Python. */
export interface HubEnvironment {
  readonly HF_HUB_OFFLINE?: string;
  readonly HF_ENDPOINT?: string;
  readonly HF_TOKEN?: string;
}

const ID = /^(?:hf:\/\/|hf-hub:)?([\w.-]+\/[\w.-]+)(?:@([\w./-]+))?$/;

/** Parses `owner/name`, `owner/name@revision`, with `hf://` or `hf-hub:` before it or not; undefined if it is no such id. */
export function parseHubModel(id: string): HubModel | undefined {
  const match = ID.exec(id);
  return match ? { name: match[1]!, revision: match[2] ?? 'main' } : undefined;
}

const on = (value: string | undefined): boolean => value !== undefined && /^(1|on|yes|true)$/i.test(value);

/** The library writes a line to standard output for each download, where a table or JSON may be going. */
async function withoutChatter<T>(run: () => Promise<T>): Promise<T> {
  const { debug } = console;
  console.debug = () => {};
  try {
    return await run();
  } finally {
    console.debug = debug;
  }
}

/**
 * Folder of the cache that holds a revision of a model, if there is one. Read here and not with the library's own scan,
 * which fails where no branch is on record, as after its own download of a single file.
 */
async function cachedSnapshot({ name, revision }: HubModel): Promise<string | undefined> {
  const { getHFHubCachePath, getRepoFolderName } = await import('@huggingface/hub');
  const folder = join(getHFHubCachePath(), getRepoFolderName({ name, type: 'model' }));
  const snapshots = join(folder, 'snapshots');
  if (!existsSync(snapshots)) return undefined;
  const branch = join(folder, 'refs', revision);
  const commit = existsSync(branch) ? readFileSync(branch, 'utf8').trim() : revision;
  if (existsSync(join(snapshots, commit))) return join(snapshots, commit);
  // The default branch may be answered with the newest commit at hand; a revision that was asked for may not.
  if (revision !== 'main') return undefined;
  const commits = readdirSync(snapshots).map((one) => join(snapshots, one));
  return commits.sort((one, other) => statSync(other).mtimeMs - statSync(one).mtimeMs)[0];
}

/** Those of the files that are in the hub's cache, by name. Nothing is fetched. */
async function cachedFiles(model: HubModel, names: readonly string[]): Promise<Record<string, string>> {
  const folder = await cachedSnapshot(model);
  if (!folder) return {};
  return Object.fromEntries(
    names.flatMap((name) => (existsSync(join(folder, name)) ? [[name, join(folder, name)] as const] : [])),
  );
}

/**
 * Files of a model on the hub, from its cache or downloaded into it: of `wanted` the first that the model has, and all of
 * `beside` that it has. With `HF_HUB_OFFLINE=1` nothing is fetched; `HF_ENDPOINT` names a mirror, `HF_TOKEN` gives access.
 * @throws MedbenchError('weights') if the model or all of the files are missing, or the hub cannot be reached and the cache
 *   does not have them.
 */
export async function hubFiles(
  model: HubModel,
  wanted: readonly string[],
  beside: readonly string[],
  {
    environment = process.env as HubEnvironment,
    log = () => {},
  }: { environment?: HubEnvironment; log?: (message: string) => void } = {},
): Promise<Record<string, string>> {
  const cached = await cachedFiles(model, [...wanted, ...beside]);
  const complete = wanted.some((name) => cached[name]);
  if (on(environment.HF_HUB_OFFLINE)) {
    if (complete) return cached;
    throw new MedbenchError('weights', `${model.name} is not in the hub's cache, and HF_HUB_OFFLINE is set`, {
      hint: `Unset it, or download ${wanted[0]} elsewhere and name its folder.`,
    });
  }
  const { downloadFileToCacheDir, pathsInfo } = await import('@huggingface/hub');
  const access = {
    repo: { type: 'model', name: model.name } as const,
    revision: model.revision,
    ...(environment.HF_ENDPOINT ? { hubUrl: environment.HF_ENDPOINT.replace(/\/+$/, '') } : {}),
    ...(environment.HF_TOKEN ? { accessToken: environment.HF_TOKEN } : {}),
  };
  try {
    const there = (await pathsInfo({ ...access, paths: [...wanted, ...beside] })).map(({ path }) => path);
    const main = wanted.find((name) => there.includes(name));
    if (!main) throw missing(model, wanted);
    const files: Record<string, string> = {};
    for (const path of [...beside.filter((name) => there.includes(name)), main]) {
      log(`${model.name}: ${path}`);
      files[path] = await withoutChatter(() => downloadFileToCacheDir({ ...access, path }));
    }
    return files;
  } catch (cause) {
    if (cause instanceof MedbenchError) throw cause;
    if (complete) {
      log(`${model.name}: the hub cannot be asked (${errorMessage(cause)}); taken from its cache`);
      return cached;
    }
    throw new MedbenchError('weights', `${model.name} cannot be had from the hub: ${reasonOf(cause)}`, {
      hint: 'Check the id and the network (HF_ENDPOINT names a mirror, HF_TOKEN gives access), or name a local folder.',
      cause,
    });
  }
}

const missing = ({ name, revision }: HubModel, wanted: readonly string[]): MedbenchError =>
  new MedbenchError('weights', `${name} (${revision}) on the hub has none of ${wanted.join(', ')}`, {
    hint: 'Only safetensors are read. Convert a PyTorch file with safetensors.torch.save_file, and name the file.',
  });

/** fetch hides what went wrong in the cause of its error. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause instanceof Error && cause.message ? `${errorMessage(error)} (${cause.message})` : errorMessage(error);
}
