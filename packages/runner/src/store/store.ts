import { appendFileSync, existsSync, readFileSync, rmSync } from 'node:fs';
import { hostname } from 'node:os';
import type { RunResults, TaskResult } from '@medbench/core';
import {
  awaitLock,
  type FolderLock,
  hashJson,
  isMedbenchError,
  lockFolder,
  MedbenchError,
  makeFolder,
  parseJson,
  readSealed,
  seal,
  unwritableError,
  type WaitOptions,
  writeFileAtomicSync,
} from '@medbench/core';
import { RunLayout } from './layout.js';
import { type OwnedUnit, unfinishedFiles } from './unfinished.js';

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

const remedy = (folder: string): string => `If no medbench is running there, medbench unlock ${folder} frees it.`;

const storeError = (folder: string, cause: unknown): MedbenchError =>
  isMedbenchError(cause) ? cause : unwritableError(folder, cause, STORE_HINT);

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
    /** Whoever has lost one of them may not write. */
    private readonly locks: Set<FolderLock>,
    private readonly warn: WarnOfDamage,
    private readonly readOnly = false,
    private readonly elsewhere = false,
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
      return RunStore.#locked(folder, lockFolder(folder, { remedy: remedy(folder) }), warn);
    } catch (cause) {
      throw storeError(folder, cause);
    }
  }

  /**
   * As `open`, but waits while the lock may be that of a process that is gone (see `awaitLock`).
   * @throws MedbenchError('store') as `open`; ('interrupted').
   */
  static async openWhenFree(folder: string, warn: WarnOfDamage, options: WaitOptions): Promise<RunStore> {
    try {
      makeFolder(folder);
      return RunStore.#locked(folder, await awaitLock(folder, { remedy: remedy(folder), ...options }), warn);
    } catch (cause) {
      throw storeError(folder, cause);
    }
  }

  static #locked(folder: string, lock: FolderLock, warn: WarnOfDamage): RunStore {
    const store = new RunStore(folder, new Set([lock]), warn);
    for (const file of unfinishedFiles(store.layout)) rmSync(file, { force: true });
    return store;
  }

  /**
   * Opens a run folder to take part in its run, without its lock: `guard` adds those of units.
   * @param elsewhere whether the run began on another machine. This one then has a log of its own.
   */
  static join(folder: string, warn: WarnOfDamage = () => {}, elsewhere = false): RunStore {
    return new RunStore(folder, new Set(), warn, false, elsewhere);
  }

  /** Opens a run folder for reading: nothing is locked or logged, and writing is an error. */
  static view(folder: string): RunStore {
    return new RunStore(folder, new Set(), () => {}, true);
  }

  /** Adds a lock without which this process may not write. */
  guard(lock: FolderLock): void {
    this.locks.add(lock);
  }

  /** Removes a lock that is no longer needed. */
  unguard(lock: FolderLock): void {
    this.locks.delete(lock);
  }

  /** Removes the temporary files of a unit that killed processes left. Only the holder of the unit may. */
  removeUnfinished(unit: OwnedUnit): void {
    for (const file of unfinishedFiles(this.layout, unit)) rmSync(file, { force: true });
  }

  /** Releases all locks. */
  close(): void {
    for (const lock of this.locks) lock.release();
    this.locks.clear();
  }

  /**
   * @throws MedbenchError('store') if another process has taken the folder or a unit over, as it may if this one was
   *   stopped for minutes.
   */
  requireLocks(): void {
    if (this.readOnly) throw new Error(`${this.layout.folder} is open for reading only`);
    if ([...this.locks].every((lock) => lock.isHeld())) return;
    throw new MedbenchError('store', `${this.layout.folder} was taken over by another process`, {
      hint: 'This process was stopped for minutes, or someone freed its lock. The other one continues.',
    });
  }

  /** Writes a JSON file. @throws MedbenchError('store') if it cannot be written; the previous file then stays. */
  writeJson(path: string, value: unknown): void {
    this.requireLocks();
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
    this.requireLocks();
    const path = this.elsewhere ? this.layout.logOf(hostname()) : this.layout.log;
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

/** Reads a JSON file; undefined if it is missing or broken. Takes no lock. */
export function tryReadJson<T>(path: string): T | undefined {
  if (!existsSync(path)) return undefined;
  try {
    return parseJson(readFileSync(path, 'utf8')) as T;
  } catch {
    return undefined;
  }
}
