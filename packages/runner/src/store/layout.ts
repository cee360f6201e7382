import { existsSync, readdirSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { fileId, fileName } from '@medbench/core';

/** Name of the folder and log entries of the general-domain weights. */
export const GENERAL = 'general';

/**
 * The paths of all files of a run folder. No other code spells these paths, and this class writes nothing.
 * `fileName` turns ids into file names, so that no path leaves the folder.
 */
export class RunLayout {
  constructor(readonly folder: string) {}

  /** Claims of the processes of a run on its units; only exists while they work. */
  get claims(): string {
    return join(this.folder, '.claims');
  }
  /** The settings and the environment of the run. */
  get run(): string {
    return join(this.folder, 'run.json');
  }
  /** The results table, as JSON. */
  get results(): string {
    return join(this.folder, 'results.json');
  }
  /** The results table in another format. */
  table(format: 'csv' | 'md' | 'tex'): string {
    return join(this.folder, `results.${format}`);
  }
  /** The HTML report. */
  get report(): string {
    return join(this.folder, 'report.html');
  }
  /** The comparison of every pair of rows in every column. */
  get comparisons(): string {
    return join(this.folder, 'comparisons.json');
  }
  /** The log: one JSON object per line. */
  get log(): string {
    return join(this.folder, 'log.jsonl');
  }
  /** The examples that `--skip-bad` skipped. */
  get skipped(): string {
    return join(this.folder, 'skipped.json');
  }
  /** The profile of the run (`--profile`). */
  get profile(): string {
    return join(this.folder, 'profile.json');
  }
  /** The answers of a study. */
  get study(): string {
    return join(this.folder, 'study.json');
  }
  /** The values that a study with a search has chosen. */
  get search(): string {
    return join(this.folder, 'search.json');
  }
  /** Run folder of one rung of a search. */
  rung(method: string, rung: number): string {
    return join(this.folder, 'search', `${method}-rung-${rung}`);
  }
  /** Run folder of one variant of a study. */
  variant(id: string): string {
    return join(this.folder, id);
  }
  /** The results of all protocols of one task, for one row and seed. */
  cell(row: string, task: string, seed: number): string {
    return join(this.folder, 'cells', fileName(row), fileName(task), `seed-${seed}.json`);
  }
  /** Folder with the states of all unfinished measurements. It exists only while there are any. */
  get measurements(): string {
    return join(this.folder, 'measuring');
  }
  /** Folder with the state of an unfinished measurement of one task, for one row and seed. */
  measurement(row: string, task: string, seed: number): string {
    return join(this.measurements, `${fileName(row)}+${fileName(task)}+seed-${seed}`);
  }
  /** Leak report: the test images of a task that occur in the training data. */
  leaks(task: string): string {
    return join(this.folder, 'leaks', `${fileName(task)}.json`);
  }
  /** Gallery: a few test examples of a task with the answers of each row. */
  gallery(task: string): string {
    return join(this.folder, 'gallery', `${fileName(task)}.json`);
  }
  /** Folders in which a run writes files. */
  get written(): readonly string[] {
    const { embeddings, allCheckpoints } = this;
    return [...['cells', 'leaks', 'gallery'].map((name) => join(this.folder, name)), embeddings, allCheckpoints];
  }
  /** Returns a path as messages show it: relative to the folder, with `/`. */
  relative(path: string): string {
    return relative(this.folder, path).replaceAll(sep, '/');
  }
  /** Folder of the weights of all rows, with one folder per row. */
  get allCheckpoints(): string {
    return join(this.folder, 'checkpoints');
  }
  /** Folder of a row's weights, with one folder per seed. */
  checkpoints(row: string): string {
    return join(this.allCheckpoints, fileName(row));
  }
  /** Lists the rows and seeds that have a folder of weights, in the order of their names. */
  trainedRows(): { readonly row: string; readonly seed: number }[] {
    return listFolders(this.allCheckpoints).flatMap((name) =>
      listFolders(join(this.allCheckpoints, name)).flatMap((seedFolder) => {
        const seed = /^seed-(\d+)$/.exec(seedFolder)?.[1];
        return seed === undefined ? [] : [{ row: fileId(name), seed: Number(seed) }];
      }),
    );
  }
  /** Folder of the weights of a row and seed. */
  checkpoint(row: string, seed: number): string {
    return join(this.checkpoints(row), `seed-${seed}`);
  }
  /** The finished weights. @param stoppedAt the step at which training stopped, if it was not the last. */
  weights(row: string, seed: number, stoppedAt?: number): string {
    return join(this.checkpoint(row, seed), `weights${suffix(stoppedAt)}.safetensors`);
  }
  /** The record of a training, with its key. */
  training(row: string, seed: number, stoppedAt?: number): string {
    return join(this.checkpoint(row, seed), `training${suffix(stoppedAt)}.json`);
  }
  /** The model card of the weights. */
  modelCard(row: string, seed: number): string {
    return join(this.checkpoint(row, seed), 'README.md');
  }
  /** Folder of the cached embeddings of all rows, with one folder per row. */
  get embeddings(): string {
    return join(this.folder, 'embeddings');
  }
  /** Folder of the cached embeddings of a row on a task. */
  embedding(row: string, seed: number, task: string): string {
    return join(this.embeddings, fileName(row), `seed-${seed}`, fileName(task));
  }
}

const listFolders = (folder: string): string[] => (existsSync(folder) ? readdirSync(folder).sort() : []);

const suffix = (stoppedAt: number | undefined): string => (stoppedAt === undefined ? '' : `-${stoppedAt}`);
