import { readdir, readFile, rm, stat } from 'node:fs/promises';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import { ensureFolder, errorMessage, hashBytes, MedbenchError, writeFileAtomic } from '@medbench/core';
import type { Agreement } from './first-step.js';

/** Number of files kept in the folder. The files written longest ago are deleted first. */
const MAX_FILES = 64;
/** Empty files that say which programs have agreed with the eager reference. */
const AGREED_SUFFIX = '.agreed';
const MAX_AGREED = 1024;
const GZIP_LEVEL = 1;

/** Options of `ProgramCache`. */
export interface ProgramCacheOptions {
  readonly folder: string;
  /** End of the file names. The files are compressed by gzip. */
  readonly suffix: string;
  /** Further parts of the key, such as versions and settings. The system and the processor are always parts of it. */
  readonly dependencies: readonly string[];
  readonly log: (message: string) => void;
}

/**
 * A folder of compiled programs. The key has everything that the result depends on: the program as it was recorded, the
 * runtime, its settings and the processor. Each file holds its key and the digest of its contents, so that a stale or
 * damaged file is detected.
 */
export class ProgramCache {
  constructor(protected readonly options: ProgramCacheOptions) {}

  /** Folder of the files. */
  get folder(): string {
    return this.options.folder;
  }

  #cacheKey(model: Uint8Array): string {
    const { platform, arch } = process;
    const context = [...this.options.dependencies, platform, arch, cpus()[0]?.model ?? ''];
    return hashBytes(Buffer.from(JSON.stringify([hashBytes(model), ...context])));
  }

  #filePath = (key: string): string => join(this.folder, `${key.slice(0, 32)}${this.options.suffix}`);

  /**
   * The record of whether this program has agreed with the eager reference, for any weights: the same program, runtime,
   * settings and processor run the same kernels.
   * @param variant name of a variant that is compiled in another way, for example with built-in weights.
   */
  agreement(model: Uint8Array, variant = ''): Agreement {
    // The whole key, because nothing in the file says what it belongs to.
    const file = join(this.folder, `${this.#cacheKey(model)}${variant}${AGREED_SUFFIX}`);
    return {
      known: () =>
        stat(file).then(
          () => true,
          () => false,
        ),
      record: async () => {
        // A folder that is not writable costs a repeated check.
        await ensureFolder(this.folder)
          .then(() => writeFileAtomic(file, ''))
          .then(() => this.#prune(AGREED_SUFFIX, MAX_AGREED))
          .catch(() => {});
      },
    };
  }

  /** Whether an earlier run has recorded exactly the same program. */
  async has(model: Uint8Array): Promise<boolean> {
    return stat(this.#filePath(this.#cacheKey(model))).then(
      () => true,
      () => false,
    );
  }

  /** The compiled form of `model`; undefined if the cache does not have it or its file is damaged. */
  async read(model: Uint8Array): Promise<Uint8Array | undefined> {
    const key = this.#cacheKey(model);
    const file = this.#filePath(key);
    const packed = await readFile(file).catch(() => undefined);
    if (!packed) return undefined;
    try {
      const bytes = await promisify(gunzip)(packed);
      const end = bytes.indexOf(10);
      const [writtenKey, digest] = bytes.subarray(0, end).toString().split(' ');
      const compiled = bytes.subarray(end + 1);
      if (writtenKey !== key) throw new MedbenchError('backend', 'it belongs to another program');
      if (digest !== hashBytes(compiled))
        throw new MedbenchError('backend', 'its contents have changed since it was written');
      return compiled;
    } catch (error) {
      await this.discard(model, errorMessage(error));
      return undefined;
    }
  }

  /** Deletes the compiled form of `model` and logs the reason. */
  async discard(model: Uint8Array, reason: string): Promise<void> {
    const file = this.#filePath(this.#cacheKey(model));
    this.options.log(`The cached program ${file} cannot be used (${reason}); it is compiled again`);
    await rm(file, { force: true });
  }

  /**
   * Caches the compiled form of `model`. If the folder is not writable, or `compile` fails, it logs that and continues.
   */
  async write(model: Uint8Array, compile: () => Promise<Uint8Array>): Promise<void> {
    try {
      const compiled = await compile();
      await ensureFolder(this.folder);
      const key = this.#cacheKey(model);
      const contents = Buffer.concat([Buffer.from(`${key} ${hashBytes(compiled)}\n`), compiled]);
      await writeFileAtomic(this.#filePath(key), await promisify(gzip)(contents, { level: GZIP_LEVEL }));
      await this.#prune(this.options.suffix, MAX_FILES);
    } catch (error) {
      this.options.log(`The compiled program could not be cached in ${this.folder}: ${errorMessage(error)}`);
    }
  }

  async #prune(suffix: string, maximum: number): Promise<void> {
    const names = (await readdir(this.folder)).filter((name) => name.endsWith(suffix));
    if (names.length <= maximum) return;
    const files = await Promise.all(
      names.map(async (name) => ({ name, modifiedAt: (await stat(join(this.folder, name))).mtimeMs })),
    );
    files.sort((a, b) => b.modifiedAt - a.modifiedAt);
    for (const { name } of files.slice(maximum)) await rm(join(this.folder, name), { force: true });
  }
}
