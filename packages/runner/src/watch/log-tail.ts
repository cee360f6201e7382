import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { parseJson } from '@medbench/core';

/** An entry of a log. */
export type LogEntry = Readonly<Record<string, unknown>>;

/** Bytes that are read at once. */
const CHUNK = 2 ** 20;
/** The beginning of every entry. */
const ENTRY = '{"time":';

const isEntry = (value: unknown): value is LogEntry =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function parseEntry(line: string): LogEntry | undefined {
  try {
    const value = parseJson(line);
    return isEntry(value) ? value : undefined;
  } catch {
    // A writer that was killed left half a line, and the next one has appended its own to it.
    const next = line.lastIndexOf(ENTRY);
    return next > 0 ? parseEntry(line.slice(next)) : undefined;
  }
}

/** Reads what a log has grown by since the last time. A line without its end is left until the rest is there. */
export class LogTail {
  #offset = 0;
  #inode = 0;
  #rest: Buffer = Buffer.alloc(0);

  constructor(
    readonly path: string,
    /** Texts of which a line has at least one, so that few lines need to be parsed. */
    private readonly wanted: readonly string[],
  ) {}

  /**
   * @param most bytes to read. Default: all that is new.
   * @returns the new entries; `restarted` if the file is another one, so that all earlier entries are void; `more` if `most`
   *   bytes were not all.
   */
  read(most = Number.POSITIVE_INFINITY): {
    readonly entries: LogEntry[];
    readonly restarted: boolean;
    readonly more: boolean;
  } {
    const entries: LogEntry[] = [];
    let file: number;
    try {
      file = openSync(this.path, 'r');
    } catch {
      return { entries, restarted: this.#restart(0), more: false };
    }
    try {
      const { size: whole, ino } = fstatSync(file);
      const restarted = (whole < this.#offset || (this.#inode !== 0 && ino !== this.#inode)) && this.#restart(ino);
      this.#inode = ino;
      const size = Math.min(whole, this.#offset + most);
      while (this.#offset < size) {
        const chunk = Buffer.alloc(Math.min(CHUNK, size - this.#offset));
        const read = readSync(file, chunk, 0, chunk.length, this.#offset);
        if (read === 0) break;
        this.#offset += read;
        this.#take(Buffer.concat([this.#rest, chunk.subarray(0, read)]), entries);
      }
      return { entries, restarted, more: size < whole };
    } finally {
      closeSync(file);
    }
  }

  /** @returns whether anything had been read. */
  #restart(inode: number): boolean {
    const had = this.#offset > 0;
    this.#offset = 0;
    this.#inode = inode;
    this.#rest = Buffer.alloc(0);
    return had;
  }

  /** Takes the complete lines of some bytes and keeps the rest. */
  #take(bytes: Buffer, entries: LogEntry[]): void {
    const end = bytes.lastIndexOf(10) + 1;
    this.#rest = Buffer.from(bytes.subarray(end));
    if (end === 0) return;
    for (const line of bytes.toString('utf8', 0, end).split('\n')) {
      if (!this.wanted.some((text) => line.includes(text))) continue;
      const entry = parseEntry(line);
      if (entry) entries.push(entry);
    }
  }
}
