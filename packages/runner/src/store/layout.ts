import { existsSync, readdirSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { fileName } from '@medbench/core';

/** Name of the folder and log entries of the general-domain weights. */
export const GENERAL = 'general';

/**
 * Where everything lies in a run folder. It is the one place that spells these paths; it writes nothing.
 * Ids become file names by `fileName`, so a path never leaves the folder.
 */
export class RunLayout {
  constructor(readonly folder: string) {}

  /** What the run was asked to do. */
  get run(): string {
    return join(this.folder, 'run.json');
  }
  get results(): string {
    return join(this.folder, 'results.json');
  }
  /** The table of the results, for other programs. */
  table(format: 'csv' | 'md' | 'tex'): string {
    return join(this.folder, `results.${format}`);
  }
  /** The page that shows the results. */
  get report(): string {
    return join(this.folder, 'report.html');
  }
  /** Every pair of rows in every column. */
  get comparisons(): string {
    return join(this.folder, 'comparisons.json');
  }
  /** One structured entry a line. */
  get log(): string {
    return join(this.folder, 'log.jsonl');
  }
  /** What `--skip-bad` left out. */
  get skipped(): string {
    return join(this.folder, 'skipped.json');
  }
  /** Where the time went (`--profile`). */
  get profile(): string {
    return join(this.folder, 'profile.json');
  }
  /** Answers of a study. */
  get study(): string {
    return join(this.folder, 'study.json');
  }
  /** What a study that searches has chosen. */
  get search(): string {
    return join(this.folder, 'search.json');
  }
  /** Runs by which a study chooses a setting. */
  rung(method: string, rung: number): string {
    return join(this.folder, 'search', `${method}-rung-${rung}`);
  }
  /** The run of one variant of a study. */
  variant(id: string): string {
    return join(this.folder, id);
  }
  /** All protocols of one task for one row and seed. */
  cell(row: string, task: string, seed: number): string {
    return join(this.folder, 'cells', fileName(row), fileName(task), `seed-${seed}.json`);
  }
  /** Test images of a task that training has seen. */
  leaks(task: string): string {
    return join(this.folder, 'leaks', `${fileName(task)}.json`);
  }
  /** A few test examples of a task and what each row said of them. */
  gallery(task: string): string {
    return join(this.folder, 'gallery', `${fileName(task)}.json`);
  }
  /** A path as a reader of the folder is told it: relative, with `/`. */
  relative(path: string): string {
    return relative(this.folder, path).replaceAll(sep, '/');
  }
  /** Folder of all rows' weights, one folder a row. */
  get allCheckpoints(): string {
    return join(this.folder, 'checkpoints');
  }
  /** Folder of a row's weights for all seeds. */
  checkpoints(row: string): string {
    return join(this.allCheckpoints, fileName(row));
  }
  /** Rows and seeds of which there is a folder of weights, in the order of their names. */
  trainedRows(): { readonly row: string; readonly seed: number }[] {
    return listFolders(this.allCheckpoints).flatMap((name) =>
      listFolders(join(this.allCheckpoints, name)).flatMap((seedFolder) => {
        const seed = /^seed-(\d+)$/.exec(seedFolder)?.[1];
        return seed === undefined ? [] : [{ row: decodeURIComponent(name), seed: Number(seed) }];
      }),
    );
  }
  /** Folder of a row's weights for a seed. */
  checkpoint(row: string, seed: number): string {
    return join(this.checkpoints(row), `seed-${seed}`);
  }
  /** Finished weights. @param stoppedAt the step at which training stopped, if that was not its last. */
  weights(row: string, seed: number, stoppedAt?: number): string {
    return join(this.checkpoint(row, seed), `weights${suffix(stoppedAt)}.safetensors`);
  }
  /** How the weights came about, with their key. */
  training(row: string, seed: number, stoppedAt?: number): string {
    return join(this.checkpoint(row, seed), `training${suffix(stoppedAt)}.json`);
  }
  /** What a reader of the weights must know. */
  modelCard(row: string, seed: number): string {
    return join(this.checkpoint(row, seed), 'README.md');
  }
  /** Folder of what all rows embedded, one folder a row. */
  get embeddings(): string {
    return join(this.folder, 'embeddings');
  }
  /** Folder of what a row's towers made of a task. */
  embedding(row: string, seed: number, task: string): string {
    return join(this.embeddings, fileName(row), `seed-${seed}`, fileName(task));
  }
}

const listFolders = (folder: string): string[] => (existsSync(folder) ? readdirSync(folder).sort() : []);

const suffix = (stoppedAt: number | undefined): string => (stoppedAt === undefined ? '' : `-${stoppedAt}`);
