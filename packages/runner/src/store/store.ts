import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { RunResults, TaskResult } from '@medbench/core';
import { fileName, lockFolder, MedbenchError, unwritable } from '@medbench/core';
import writeFileAtomic from 'write-file-atomic';

/** `cells/<method>/<task>/seed-<n>.json`: all protocols of one task for one row and seed. */
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

const WAY = 'Choose another folder with --out';

/**
 * A run's folder. Every file is written beside its place and renamed, so whatever is there is whole: a run that was
 * killed at any instant goes on from what it had finished.
 */
export class RunStore {
  private constructor(
    readonly folder: string,
    private readonly release: () => void,
  ) {}

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
      throw unwritable(folder, cause, WAY);
    }
  }

  close(): void {
    this.release();
  }

  path(...parts: readonly string[]): string {
    return join(this.folder, ...parts);
  }

  /** The folder of a row's weights for a seed. */
  checkpointFolder(row: string, seed: number): string {
    return this.path('checkpoints', fileName(row), `seed-${seed}`);
  }

  /** The folder of what a row's towers made of a task. */
  embeddingsFolder(row: string, seed: number, task: string): string {
    return this.path('embeddings', fileName(row), `seed-${seed}`, fileName(task));
  }

  /** @throws MedbenchError('store') if the disk is full or the folder read-only; what was there stays. */
  writeJson(value: unknown, ...parts: readonly string[]): void {
    this.#write(`${JSON.stringify(value, null, 1)}\n`, ...parts);
  }

  #write(text: string, ...parts: readonly string[]): void {
    const file = this.path(...parts);
    try {
      mkdirSync(join(file, '..'), { recursive: true });
      writeFileAtomic.sync(file, text);
    } catch (cause) {
      throw unwritable(file, cause, WAY);
    }
  }

  /** Undefined if it is not there, or not JSON: a broken file is as good as none and is written again. */
  readJson<T>(...parts: readonly string[]): T | undefined {
    const file = this.path(...parts);
    if (!existsSync(file)) return undefined;
    try {
      return JSON.parse(readFileSync(file, 'utf8')) as T;
    } catch {
      return undefined;
    }
  }

  /** Takes a file away, if it is there. @throws MedbenchError('store') */
  remove(...parts: readonly string[]): void {
    try {
      rmSync(this.path(...parts), { force: true });
    } catch (cause) {
      throw unwritable(this.path(...parts), cause, WAY);
    }
  }

  /** The finished cell with this key; one of another key (other settings, other data) does not count. */
  readCell(row: string, task: string, seed: number, key: string): StoredCell | undefined {
    const cell = this.readJson<StoredCell>('cells', fileName(row), fileName(task), `seed-${seed}.json`);
    return cell?.key === key ? cell : undefined;
  }

  writeCell(cell: StoredCell): void {
    this.writeJson(cell, 'cells', fileName(cell.method), fileName(cell.task), `seed-${cell.seed}.json`);
  }

  /** One line of `log.jsonl`. */
  log(entry: Readonly<Record<string, unknown>>): void {
    try {
      appendFileSync(this.path('log.jsonl'), `${JSON.stringify({ time: new Date().toISOString(), ...entry })}\n`);
    } catch (cause) {
      throw unwritable(this.path('log.jsonl'), cause, WAY);
    }
  }

  writeResults(results: RunResults): void {
    this.writeJson(results, 'results.json');
  }
}
