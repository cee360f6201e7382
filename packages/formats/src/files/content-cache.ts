import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomic } from '@medbench/core';

/** Bytes of a record: the first half of the hash of a file's path and state, and the SHA-256 of its content. */
const STATE = 16;
const CONTENT = 32;
const RECORD = STATE + CONTENT;

/** What tells whether a file has changed without reading it. */
export interface FileState {
  readonly path: string;
  readonly size: bigint;
  readonly mtimeNs: bigint;
  /** Unlike the modification time, nobody can set this one back. */
  readonly ctimeNs: bigint;
  readonly ino: bigint;
}

const stateKey = ({ path, size, mtimeNs, ctimeNs, ino }: FileState): Buffer =>
  createHash('sha256')
    .update(JSON.stringify([path, ...[size, mtimeNs, ctimeNs, ino].map(String)]))
    .digest()
    .subarray(0, STATE);

/**
 * Hashes of the contents of files, kept in a file of 48 bytes each: a file whose path, size, times and inode are the
 * same need not be read again.
 */
export class ContentCache {
  readonly #fresh: Buffer[] = [];
  readonly #reused: Buffer[] = [];

  private constructor(
    private readonly file: string | undefined,
    /** Records in the order of their first half. */
    private readonly records: Buffer,
  ) {}

  /** Opens the cache of a list of paths. Without a folder nothing is kept. A cache that is damaged counts as empty. */
  static async open(cacheRoot: string | undefined, paths: readonly string[]): Promise<ContentCache> {
    if (cacheRoot === undefined) return new ContentCache(undefined, Buffer.alloc(0));
    const name = createHash('sha256').update(JSON.stringify(paths)).digest('hex').slice(0, 32);
    const file = join(cacheRoot, 'contents', name);
    const bytes = await readFile(file).catch(() => Buffer.alloc(0));
    const records = bytes.subarray(0, Math.max(0, bytes.length - CONTENT));
    const intact =
      records.length % RECORD === 0 &&
      createHash('sha256').update(records).digest().equals(bytes.subarray(records.length));
    return new ContentCache(file, intact ? records : Buffer.alloc(0));
  }

  /** The hash of a file's content, if it is known. */
  find(state: FileState): Buffer | undefined {
    const key = stateKey(state);
    let low = 0;
    let high = this.records.length / RECORD;
    while (low < high) {
      const middle = (low + high) >> 1;
      const record = this.records.subarray(middle * RECORD, (middle + 1) * RECORD);
      const order = record.subarray(0, STATE).compare(key);
      if (order === 0) {
        this.#reused.push(record);
        return record.subarray(STATE);
      }
      if (order < 0) low = middle + 1;
      else high = middle;
    }
    return undefined;
  }

  /** Remembers the hash of a file that was read while it had this state. */
  add(state: FileState, content: Buffer): void {
    this.#fresh.push(Buffer.concat([stateKey(state), content]));
  }

  /** Writes the records of this use, if any is new. A cache that cannot be written is done without. */
  async save(): Promise<void> {
    if (this.file === undefined || this.#fresh.length === 0) return;
    const records = Buffer.concat([...this.#reused, ...this.#fresh].sort(Buffer.compare));
    const checksum = createHash('sha256').update(records).digest();
    await writeFileAtomic(this.file, Buffer.concat([records, checksum])).catch(() => {});
  }
}
