import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import type { RunResults, TaskResult } from '@medbench/core';
import { lockFolder, MedbenchError, unwritableError, writeFileAtomicSync } from '@medbench/core';
import { RunLayout } from './layout.js';

/** All protocols of one task for one row and seed, as its file holds them. */
export interface StoredCell {
  readonly schemaVersion: 1;
  /** Hash of all that can change the numbers. */
  readonly key: string;
  /** Hash of the data that was read: cells of two runs with the same one are of the same examples. Absent in older cells. */
  readonly data?: string;
  readonly method: string;
  readonly task: string;
  readonly seed: number;
  readonly seconds: number;
  readonly synthetic: boolean;
  readonly results: readonly TaskResult[];
}

const STORE_HINT = 'Choose another folder with --out';

/**
 * A run's folder, open for writing. Every file is written beside its place and renamed, so whatever is there is whole: a
 * run that was killed at any instant resumes from what it had finished. Paths come from its `layout`.
 */
export class RunStore {
  readonly layout: RunLayout;

  private constructor(
    folder: string,
    private readonly release: () => void,
  ) {
    this.layout = new RunLayout(folder);
  }

  /**
   * Opens a run folder, made if it does not exist, and locks it.
   * @throws MedbenchError('store') if it cannot be written or another process uses it.
   */
  static open(folder: string): RunStore {
    try {
      mkdirSync(folder, { recursive: true });
      return new RunStore(folder, lockFolder(folder));
    } catch (cause) {
      if (cause instanceof MedbenchError) throw cause;
      throw unwritableError(folder, cause, STORE_HINT);
    }
  }

  close(): void {
    this.release();
  }

  /** @throws MedbenchError('store') if the disk is full or the folder read-only; what was there stays. */
  writeJson(path: string, value: unknown): void {
    writeFileAtomicSync(path, `${JSON.stringify(value, null, 1)}\n`, STORE_HINT);
  }

  /** Undefined if it is not there, or not JSON: a broken file is as good as none and is written again. */
  readJson<T>(path: string): T | undefined {
    return tryReadJson<T>(path);
  }

  /** Takes a file away, if it is there. @throws MedbenchError('store') */
  remove(path: string): void {
    try {
      rmSync(path, { force: true });
    } catch (cause) {
      throw unwritableError(path, cause, STORE_HINT);
    }
  }

  /** The finished cell with this key; one of another key (other settings, other data) does not count. */
  readCell(row: string, task: string, seed: number, key: string): StoredCell | undefined {
    const cell = this.readJson<StoredCell>(this.layout.cell(row, task, seed));
    return cell?.key === key ? cell : undefined;
  }

  writeCell(cell: StoredCell): void {
    this.writeJson(this.layout.cell(cell.method, cell.task, cell.seed), cell);
  }

  /** One line of the log. */
  log(entry: Readonly<Record<string, unknown>>): void {
    const path = this.layout.log;
    try {
      appendFileSync(path, `${JSON.stringify({ time: new Date().toISOString(), ...entry })}\n`);
    } catch (cause) {
      throw unwritableError(path, cause, STORE_HINT);
    }
  }

  writeResults(results: RunResults): void {
    this.writeJson(this.layout.results, results);
  }
}

/** The JSON of a file; undefined if it is not there or broken. Takes no lock. */
export function tryReadJson<T>(path: string): T | undefined {
  if (!existsSync(path)) return undefined;
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as T;
  } catch {
    return undefined;
  }
}
