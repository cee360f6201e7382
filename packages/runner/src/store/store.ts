import { appendFileSync, existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { RunResults, TaskResult } from '@medbench/core';
import {
  type FolderLock,
  hashJson,
  lockFolder,
  MedbenchError,
  makeFolder,
  parseJson,
  readSealed,
  seal,
  unwritableError,
  writeFileAtomicSync,
} from '@medbench/core';
import { RunLayout } from './layout.js';

/** The results of all protocols of one task, for one row and seed, as stored in `cells/`. */
export interface StoredCell {
  readonly schemaVersion: 1;
  /** Hash of everything that the figures depend on. */
  readonly key: string;
  /** Hashes of the parts of the key, which tell what has changed. */
  readonly madeOf?: Readonly<Record<string, string>>;
  /** Hash of the data: cells of two runs with equal hashes are of the same examples. Absent in older cells. */
  readonly data?: string;
  readonly method: string;
  readonly task: string;
  readonly seed: number;
  readonly seconds: number;
  readonly synthetic: boolean;
  readonly results: readonly TaskResult[];
}

const STORE_HINT = 'Choose another folder with --out';

/** Receives a sentence about a kept file that is damaged. */
export type WarnOfDamage = (message: string) => void;

/**
 * A run folder, open for writing. Every file is written under a temporary name and then renamed, so every file that
 * exists is complete. A run that is killed at any moment can therefore resume. Paths come from `layout`.
 */
export class RunStore {
  readonly layout: RunLayout;

  private constructor(
    folder: string,
    private readonly lock: FolderLock | undefined,
    private readonly warn: WarnOfDamage,
    private readonly readOnly = false,
  ) {
    this.layout = new RunLayout(folder);
  }

  /**
   * Opens and locks a run folder; creates it if it does not exist.
   * @param warn is told about each kept file that is damaged. The log is told in any case.
   * @throws MedbenchError('store') if it cannot be written or another process uses it.
   */
  static open(folder: string, warn: WarnOfDamage = () => {}): RunStore {
    try {
      makeFolder(folder);
      const store = new RunStore(folder, lockFolder(folder), warn);
      removeUnfinished(store.layout);
      return store;
    } catch (cause) {
      if (cause instanceof MedbenchError) throw cause;
      throw unwritableError(folder, cause, STORE_HINT);
    }
  }

  /** Opens a run folder that the process which started this one has locked. */
  static join(folder: string, warn: WarnOfDamage = () => {}): RunStore {
    return new RunStore(folder, undefined, warn);
  }

  /** Opens a run folder for reading: nothing is locked or logged, and writing is an error. */
  static view(folder: string): RunStore {
    return new RunStore(folder, undefined, () => {}, true);
  }

  /** Releases the lock. */
  close(): void {
    this.lock?.release();
  }

  /**
   * @throws MedbenchError('store') if another process has taken the folder over, as it may if this one was stopped for
   *   minutes.
   */
  #requireLock(): void {
    if (this.readOnly) throw new Error(`${this.layout.folder} is open for reading only`);
    if (this.lock?.isHeld() ?? true) return;
    throw new MedbenchError('store', `${this.layout.folder} was taken over by another process`, {
      hint: 'This process was stopped for minutes, or someone removed its lock. The other one continues.',
    });
  }

  /** Writes a JSON file. @throws MedbenchError('store') if it cannot be written; the previous file then stays. */
  writeJson(path: string, value: unknown): void {
    this.#requireLock();
    writeFileAtomicSync(path, `${JSON.stringify(value, null, 1)}\n`, STORE_HINT);
  }

  /** Reads a JSON file; undefined if it is missing or not valid JSON, in which case it is made again. */
  readJson<T>(path: string): T | undefined {
    return tryReadJson<T>(path);
  }

  /**
   * Writes a JSON file with its own checksum, for `readSealed`.
   * @throws MedbenchError('store') if it cannot be written; the previous file then stays.
   */
  writeSealed(path: string, value: object): void {
    this.writeJson(path, seal(value));
  }

  /**
   * Reads a JSON file that `writeSealed` wrote. Undefined if it is missing, was written before files had checksums, or
   * does not hold what was written: it is then made again, and a warning says so.
   */
  readSealed<T>(path: string): T | undefined {
    const file = readSealed<T>(path);
    if (file.state === 'intact') return file.value;
    if (file.state === 'damaged') this.warnOfDamage(path);
    return undefined;
  }

  /** Says in the log and to the user that a kept file does not hold what was written, and is made again. */
  warnOfDamage(path: string): void {
    const file = this.layout.relative(path);
    this.log({ damaged: file });
    this.warn(`${file} is damaged or was changed by hand: it counts as missing and is made again`);
  }

  /** Removes a file if it exists. @throws MedbenchError('store') */
  remove(path: string): void {
    try {
      rmSync(path, { force: true });
    } catch (cause) {
      throw unwritableError(path, cause, STORE_HINT);
    }
  }

  /** Returns the finished cell with this key; undefined if the file has another key (other settings, other data). */
  readCell(row: string, task: string, seed: number, key: string): StoredCell | undefined {
    const cell = this.readSealed<StoredCell>(this.layout.cell(row, task, seed));
    return cell?.key === key ? cell : undefined;
  }

  writeCell(cell: StoredCell): void {
    this.writeSealed(this.layout.cell(cell.method, cell.task, cell.seed), cell);
  }

  /** Appends one line to the log. */
  log(entry: Readonly<Record<string, unknown>>): void {
    if (this.readOnly) return;
    this.#requireLock();
    const path = this.layout.log;
    try {
      appendFileSync(path, `${JSON.stringify({ time: new Date().toISOString(), ...entry })}\n`);
    } catch (cause) {
      throw unwritableError(path, cause, STORE_HINT);
    }
  }

  writeResults(results: RunResults): void {
    this.writeSealed(this.layout.results, results);
  }
}

/** Hashes each part of a key, so that a later run can tell which of them has changed. */
export const hashParts = (parts: Readonly<Record<string, unknown>>): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(parts).map(([name, part]) => [name, hashJson(part ?? null).slice(0, 16)]));

/** Removes the temporary files of processes that were killed while they wrote. Only the owner of the lock may. */
function removeUnfinished(layout: RunLayout): void {
  const unfinished = /\.\d+-[0-9a-f]{8}\.tmp$/;
  const clean = (folder: string, below: boolean): void => {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name);
      if (entry.isDirectory() && below) clean(path, true);
      else if (entry.isFile() && unfinished.test(entry.name)) rmSync(path, { force: true });
    }
  };
  // Folders of a study's variants have locks of their own.
  clean(layout.folder, false);
  for (const folder of layout.written) if (existsSync(folder)) clean(folder, true);
}

/** Reads a JSON file; undefined if it is missing or broken. Takes no lock. */
export function tryReadJson<T>(path: string): T | undefined {
  if (!existsSync(path)) return undefined;
  try {
    return parseJson(readFileSync(path, 'utf8')) as T;
  } catch {
    return undefined;
  }
}
