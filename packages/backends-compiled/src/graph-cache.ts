import { createHash, randomUUID } from 'node:crypto';
import { readdir, readFile, rm, stat } from 'node:fs/promises';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import { ensureFolder, errorMessage, MedbenchError, writeFileAtomic } from '@medbench/core';
import { restoreNodeOrder } from './graph/reorder.js';

/** Number of files kept in the folder. The files written longest ago are deleted first. */
const MAX_FILES = 64;
const FILE_SUFFIX = '.onnx.gz';
/** Empty files that say which graphs have agreed with the eager reference. */
const AGREED_SUFFIX = '.agreed';
const MAX_AGREED = 1024;
const GZIP_LEVEL = 1;

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** Whether a graph has agreed with the eager reference on this machine. */
export interface Agreement {
  known(): Promise<boolean>;
  record(): Promise<void>;
}

/**
 * A folder of graphs that ONNX Runtime has optimized. The cache key has everything that the result depends on: the
 * graph before optimization, the runtime, its settings and the processor. Each file holds its key and the digest of its
 * contents, so that a stale or damaged file is detected.
 */
export class GraphCache {
  /** @param dependencies further parts of the cache key, such as versions and settings. */
  constructor(
    private readonly folder: string,
    private readonly dependencies: readonly string[],
    private readonly log: (message: string) => void,
  ) {}

  #cacheKey(model: Uint8Array): string {
    const { platform, arch } = process;
    const context = [...this.dependencies, platform, arch, cpus()[0]?.model ?? ''];
    return sha256(Buffer.from(JSON.stringify([sha256(model), ...context])));
  }

  #filePath = (key: string): string => join(this.folder, `${key.slice(0, 32)}${FILE_SUFFIX}`);

  /**
   * The record of whether this graph has agreed with the eager reference, for any weights: the same graph, runtime,
   * settings and processor run the same kernels.
   * @param fixed whether weights are built into the graph, which the runtime then optimizes in another way.
   */
  agreement(model: Uint8Array, fixed: boolean): Agreement {
    // The whole key, because nothing in the file says what it belongs to.
    const file = join(this.folder, `${this.#cacheKey(model)}${fixed ? '-fixed' : ''}${AGREED_SUFFIX}`);
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

  /** Whether an earlier run has recorded exactly the same graph. */
  async has(model: Uint8Array): Promise<boolean> {
    return stat(this.#filePath(this.#cacheKey(model))).then(
      () => true,
      () => false,
    );
  }

  /** The optimized graph of `model`; undefined if the cache does not have it or its file is damaged. */
  async read(model: Uint8Array): Promise<Uint8Array | undefined> {
    const key = this.#cacheKey(model);
    const file = this.#filePath(key);
    const packed = await readFile(file).catch(() => undefined);
    if (!packed) return undefined;
    try {
      const bytes = await promisify(gunzip)(packed);
      const end = bytes.indexOf(10);
      const [writtenKey, digest] = bytes.subarray(0, end).toString().split(' ');
      const graph = bytes.subarray(end + 1);
      if (writtenKey !== key) throw new MedbenchError('backend', 'it belongs to another graph');
      if (digest !== sha256(graph))
        throw new MedbenchError('backend', 'its contents have changed since it was written');
      return graph;
    } catch (error) {
      await this.discard(model, errorMessage(error));
      return undefined;
    }
  }

  /** Deletes the cached graph of `model` and logs the reason. */
  async discard(model: Uint8Array, reason: string): Promise<void> {
    const file = this.#filePath(this.#cacheKey(model));
    this.log(`The cached graph ${file} cannot be used (${reason}); it is compiled again`);
    await rm(file, { force: true });
  }

  /**
   * Path of a temporary file that ONNX Runtime may write for `write`.
   * @throws MedbenchError if the folder cannot be made.
   */
  async scratch(): Promise<string> {
    await ensureFolder(this.folder);
    return join(this.folder, `${randomUUID()}.onnx`);
  }

  /**
   * Caches the graph that ONNX Runtime wrote to `scratch`. If the folder is not writable, it logs that and continues.
   */
  async write(model: Uint8Array, scratch: string): Promise<void> {
    try {
      const graph = restoreNodeOrder(model, await readFile(scratch));
      const key = this.#cacheKey(model);
      const contents = Buffer.concat([Buffer.from(`${key} ${sha256(graph)}\n`), graph]);
      await writeFileAtomic(this.#filePath(key), await promisify(gzip)(contents, { level: GZIP_LEVEL }));
      await this.#prune(FILE_SUFFIX, MAX_FILES);
    } catch (error) {
      this.log(`The compiled graph could not be cached in ${this.folder}: ${errorMessage(error)}`);
    } finally {
      await rm(scratch, { force: true });
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
