import { createHash, randomUUID } from 'node:crypto';
import { readdir, readFile, rm, stat } from 'node:fs/promises';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import { ensureFolder, errorMessage, MedbenchError, writeFileAtomic } from '@medbench/core';
import { writtenAs } from './graph/reorder.js';

/** Files kept in the folder; the ones used longest ago go first. */
const MOST_FILES = 64;
const ENDING = '.onnx.gz';
const LEVEL = 1;

const digestOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/**
 * Graphs as ONNX Runtime has optimized them, in a folder, by all that the outcome depends on: the graph before, the runtime,
 * the settings, the processor. A file says what it is for and what it holds, so that a stale or damaged one is noticed.
 */
export class GraphCache {
  /** @param made what else the optimized graph depends on, such as versions. */
  constructor(
    private readonly folder: string,
    private readonly made: readonly string[],
    private readonly log: (message: string) => void,
  ) {}

  #keyOf(model: Uint8Array): string {
    const { platform, arch } = process;
    const context = [...this.made, platform, arch, cpus()[0]?.model ?? ''];
    return digestOf(Buffer.from(JSON.stringify([digestOf(model), ...context])));
  }

  #fileOf = (key: string): string => join(this.folder, `${key.slice(0, 32)}${ENDING}`);

  /** Whether an earlier run has recorded the very same graph. */
  async has(model: Uint8Array): Promise<boolean> {
    return stat(this.#fileOf(this.#keyOf(model))).then(
      () => true,
      () => false,
    );
  }

  /** The optimized graph of `model`; undefined if it is not here, or no longer what was written. */
  async read(model: Uint8Array): Promise<Uint8Array | undefined> {
    const key = this.#keyOf(model);
    const file = this.#fileOf(key);
    const packed = await readFile(file).catch(() => undefined);
    if (!packed) return undefined;
    try {
      const bytes = await promisify(gunzip)(packed);
      const end = bytes.indexOf(10);
      const [forKey, digest] = bytes.subarray(0, end).toString().split(' ');
      const graph = bytes.subarray(end + 1);
      if (forKey !== key) throw new MedbenchError('backend', 'it is of another graph');
      if (digest !== digestOf(graph)) throw new MedbenchError('backend', 'its contents are not those written');
      return graph;
    } catch (error) {
      await this.discard(model, errorMessage(error));
      return undefined;
    }
  }

  /** Deletes the graph of `model`, saying why. */
  async discard(model: Uint8Array, why: string): Promise<void> {
    const file = this.#fileOf(this.#keyOf(model));
    this.log(`The cached graph ${file} cannot be used (${why}); it is compiled again`);
    await rm(file, { force: true });
  }

  /** Where ONNX Runtime may write a graph, for `write`. @throws MedbenchError if the folder cannot be made. */
  async scratch(): Promise<string> {
    await ensureFolder(this.folder);
    return join(this.folder, `${randomUUID()}.onnx`);
  }

  /** Keeps what ONNX Runtime wrote to `scratch`. A folder that cannot be written to costs the cache, not the run. */
  async write(model: Uint8Array, scratch: string): Promise<void> {
    try {
      const graph = writtenAs(model, await readFile(scratch));
      const key = this.#keyOf(model);
      const whole = Buffer.concat([Buffer.from(`${key} ${digestOf(graph)}\n`), graph]);
      await writeFileAtomic(this.#fileOf(key), await promisify(gzip)(whole, { level: LEVEL }));
      await this.#prune();
    } catch (error) {
      this.log(`The compiled graph was not kept in ${this.folder}: ${errorMessage(error)}`);
    } finally {
      await rm(scratch, { force: true });
    }
  }

  async #prune(): Promise<void> {
    const names = (await readdir(this.folder)).filter((name) => name.endsWith(ENDING));
    if (names.length <= MOST_FILES) return;
    const files = await Promise.all(
      names.map(async (name) => ({ name, used: (await stat(join(this.folder, name))).mtimeMs })),
    );
    files.sort((a, b) => b.used - a.used);
    for (const { name } of files.slice(MOST_FILES)) await rm(join(this.folder, name), { force: true });
  }
}
