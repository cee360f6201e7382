import { createHash, randomBytes } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ensurePrivateFolder, unwritableError } from '@medbench/core';

/** Bytes of a block: about one or two images, so that a pair fetches little beside itself. */
export const BLOCK_BYTES = 256 * 1024;
/** Bytes of the checksum at the end of a block's file. */
const CHECKSUM = 16;
/** A use is noted on disk if the last one there is older than this. */
const NOTED_MS = 60_000;
/** Share of the limit that stays when the cache is cleared. */
const KEPT = 0.9;

const checksum = (bytes: Uint8Array): Buffer => createHash('sha256').update(bytes).digest().subarray(0, CHECKSUM);

/**
 * Blocks of files on disk, a file each, at most as many as a limit allows: those used least recently go first. Several
 * processes may use one folder: a block appears complete or not at all, and one that is gone is fetched again.
 */
export class BlockCache {
  /** Bytes on disk as far as is known, after the first look. */
  #bytes = 0;
  #looked: Promise<void> | undefined;
  #clearing: Promise<void> | undefined;
  #folder: Promise<void> | undefined;
  readonly #noted = new Map<string, number>();

  constructor(
    readonly folder: string,
    readonly limit: number,
  ) {}

  /** @returns undefined if the cache has no such block, or a damaged one. */
  async read(key: string, block: number): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const path = this.#path(key, block);
    const file = await readFile(path).catch(() => undefined);
    if (!file || file.length <= CHECKSUM) return undefined;
    const bytes = file.subarray(0, file.length - CHECKSUM);
    if (!checksum(bytes).equals(file.subarray(bytes.length))) return undefined;
    this.#noteUse(path);
    return new Uint8Array(bytes);
  }

  /**
   * Reads a part of a block that was found intact before: blocks never change.
   * @returns undefined if the cache has no such block any more.
   */
  async readPart(
    key: string,
    block: number,
    from: number,
    length: number,
  ): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const path = this.#path(key, block);
    const file = await open(path).catch(() => undefined);
    if (!file) return undefined;
    try {
      const bytes = new Uint8Array(length);
      const { bytesRead } = await file.read(bytes, 0, length, from);
      this.#noteUse(path);
      return bytesRead === length ? bytes : undefined;
    } finally {
      await file.close();
    }
  }

  /** Whether a block is there, without reading it. */
  async has(key: string, block: number): Promise<boolean> {
    return (await stat(this.#path(key, block)).catch(() => undefined)) !== undefined;
  }

  /** @throws MedbenchError('store') naming the folder if the block cannot be written. */
  async write(key: string, block: number, bytes: Uint8Array): Promise<void> {
    const path = this.#path(key, block);
    const temporary = `${path}.${process.pid}-${randomBytes(4).toString('hex')}.tmp`;
    this.#folder ??= ensurePrivateFolder(this.folder);
    await this.#folder;
    try {
      await mkdir(dirname(path), { recursive: true });
      // Without a flush: after a power failure, the checksum tells what did not reach the disk.
      await writeFile(temporary, Buffer.concat([bytes, checksum(bytes)]));
      await rename(temporary, path);
    } catch (cause) {
      await rm(temporary, { force: true }).catch(() => undefined);
      throw unwritableError(this.folder, cause, 'Name another cache folder (MEDBENCH_CACHE)');
    }
    this.#looked ??= this.#measure();
    await this.#looked;
    this.#bytes += bytes.length;
    if (this.#bytes > this.limit) await this.#clear();
  }

  #path = (key: string, block: number): string =>
    join(this.folder, key.slice(0, 2), key, String(block).padStart(8, '0'));

  #noteUse(path: string): void {
    const now = Date.now();
    if (now - (this.#noted.get(path) ?? 0) < NOTED_MS) return;
    if (this.#noted.size > 100_000) this.#noted.clear();
    this.#noted.set(path, now);
    utimes(path, new Date(now), new Date(now)).catch(() => undefined);
  }

  async #measure(): Promise<void> {
    this.#bytes = (await this.#files()).reduce((sum, { size }) => sum + size, 0);
  }

  /** Removes the blocks used least recently, also those of other processes. */
  #clear(): Promise<void> {
    this.#clearing ??= (async () => {
      const files = await this.#files();
      let bytes = files.reduce((sum, { size }) => sum + size, 0);
      for (const { path, size } of files.sort((a, b) => a.used - b.used)) {
        if (bytes <= KEPT * this.limit) break;
        await rm(path, { force: true }).catch(() => undefined);
        bytes -= size;
      }
      this.#bytes = bytes;
      this.#clearing = undefined;
    })();
    return this.#clearing;
  }

  async #files(): Promise<{ readonly path: string; readonly size: number; readonly used: number }[]> {
    const entries = await readdir(this.folder, { withFileTypes: true, recursive: true }).catch(() => []);
    const files = entries
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath ?? entry.path, entry.name));
    const found = [];
    for (const path of files) {
      const stats = await stat(path).catch(() => undefined);
      if (stats) found.push({ path, size: stats.size, used: stats.mtimeMs });
    }
    return found;
  }
}
