import { existsSync, readdirSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { fileId, fileName, lockOf } from '@medbench/core';

/** Name of the folder and log entries of the general-domain weights. */
export const GENERAL = 'general';

/**
 * The paths of all files of a run folder. No other code spells these paths, and this class writes nothing.
 * `fileName` turns ids into file names, so that no path leaves the folder.
 */
export class RunLayout {
  constructor(readonly folder: string) {}

  /** Folder with the locks of units, and their failures. */
  get units(): string {
    return join(this.folder, '.units');
  }
  /** Folder of the lock of the table: whoever holds it writes the settings, the results and the report. */
  get lock(): string {
    return lockOf(this.folder);
  }
  /** Folder of what processes tell each other about a row and seed, or about the general-domain weights. */
  unit(unit: { readonly row: string; readonly seed: number } | typeof GENERAL): string {
    return unit === GENERAL
      ? join(this.units, GENERAL)
      : join(this.units, 'rows', fileName(unit.row), `seed-${unit.seed}`);
  }
  /** Folder with the files of launchers, with one folder per launcher. */
  get launchers(): string {
    return join(this.folder, 'launcher');
  }
  /** Folder of the files of one launcher: scripts, numbers of jobs, and what the jobs print. */
  launcher(id: string): string {
    return join(this.launchers, fileName(id));
  }
  /** Lists the ids of launchers that have files here. */
  launched(): string[] {
    return listFolders(this.launchers).map(fileId);
  }
  /** Folder with the files of trackers, with one folder per tracker. */
  get trackers(): string {
    return join(this.folder, 'trackers');
  }
  /** Folder of the files of one tracker, such as the event files of TensorBoard. */
  tracker(id: string): string {
    return join(this.trackers, fileName(id));
  }
  /** The name of this run for trackers. It moves with the folder. */
  get trackedId(): string {
    return join(this.units, 'trackers', 'id.json');
  }
  /** The last point of each curve that a tracker has received. */
  received(tracker: string): string {
    return join(this.units, 'trackers', fileName(tracker), 'received.json');
  }
  /** Folder of the lock of a tracker: whoever holds it feeds the tracker. */
  lockOfTracker(id: string): string {
    return join(this.units, 'trackers', fileName(id), 'lock');
  }
  /** The failure of a unit since the last run began. */
  failure(unit: { readonly row: string; readonly seed: number } | typeof GENERAL): string {
    return join(this.unit(unit), 'failed.json');
  }
  /** Folder of the lock of a unit. */
  lockOfUnit(unit: { readonly row: string; readonly seed: number } | typeof GENERAL): string {
    return join(this.unit(unit), 'lock');
  }
  /** Lists the locks that somebody has ever taken, by the id of their unit. */
  locks(): (readonly [id: string, folder: string])[] {
    const rows = join(this.units, 'rows');
    const units = listFolders(rows).flatMap((name) =>
      listSeeds(join(rows, name)).map((seed) => {
        const row = fileId(name);
        return [`${row}:${seed}`, this.lockOfUnit({ row, seed })] as const;
      }),
    );
    const trackers = listFolders(join(this.units, 'trackers')).map(
      (name) => [`tracker:${fileId(name)}`, this.lockOfTracker(fileId(name))] as const,
    );
    const all = [['gather', this.lock], [GENERAL, this.lockOfUnit(GENERAL)], ...units, ...trackers] as const;
    return all.filter(([, folder]) => existsSync(folder));
  }
  /** The settings and the environment of the run. */
  get run(): string {
    return join(this.folder, 'run.json');
  }
  /** When the first run with the present settings began: the time of the file by the clock of the file system. */
  get begun(): string {
    return join(this.units, 'begun.json');
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
  /** The log of a machine other than that on which the run began: lines that two machines append to one file may be lost. */
  logOf(host: string): string {
    return join(this.folder, `log-${fileName(host)}.jsonl`);
  }
  /** Lists the logs that are there. */
  logs(): string[] {
    return listFolders(this.folder)
      .filter((name) => /^log(-.*)?\.jsonl$/.test(name))
      .map((name) => join(this.folder, name));
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
    return join(this.cells, fileName(row), fileName(task), `seed-${seed}.json`);
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
  /** Folders in which whoever writes the table writes files. */
  get written(): readonly string[] {
    return ['leaks', 'gallery'].map((name) => join(this.folder, name));
  }
  /** Folder of the cells of all rows, with one folder per row and in it one per task. */
  get cells(): string {
    return join(this.folder, 'cells');
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
      listSeeds(join(this.allCheckpoints, name)).map((seed) => ({ row: fileId(name), seed })),
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

/** The seeds in the folder of a row. */
const listSeeds = (path: string): number[] =>
  listFolders(path).flatMap((name) => {
    const seed = /^seed-(\d+)$/.exec(name)?.[1];
    return seed === undefined ? [] : [Number(seed)];
  });

const suffix = (stoppedAt: number | undefined): string => (stoppedAt === undefined ? '' : `-${stoppedAt}`);
