import { join } from 'node:path';
import { fileName } from '@medbench/core';

/** Names that the files of a results folder may have, with `/` between folders. No name leaves the folder. */
const FILES = /^(results\.json|prompts\.json|README\.md|(scores|splits)\/[\w%=+-][\w%.=+-]*\.parquet)$/;

/** Whether a file may be part of a results folder, besides its manifest. */
export const isResultsFile = (name: string): boolean => FILES.test(name) && !name.includes('..');

/**
 * The paths of the files of a results folder: the results of a run as they are passed on, without weights, images or
 * texts. `results.json` has the name that it has in a run folder.
 */
export class ResultsLayout {
  constructor(readonly folder: string) {}

  /** Digests of all other files. */
  get manifest(): string {
    return join(this.folder, 'manifest.json');
  }
  get results(): string {
    return join(this.folder, 'results.json');
  }
  /** Class names and templates of zero-shot classification, by task. */
  get prompts(): string {
    return join(this.folder, 'prompts.json');
  }
  /** The card of the data set. */
  get card(): string {
    return join(this.folder, 'README.md');
  }
  /** Scores of each test example of a task. */
  scores(task: string): string {
    return join(this.folder, scoresName(task));
  }
  /** Digest of each image of a task, by split. */
  splits(task: string): string {
    return join(this.folder, splitsName(task));
  }
}

/** Name of the file with a task's scores. */
export const scoresName = (task: string): string => `scores/${fileName(task)}.parquet`;

/** Name of the file with a task's splits. */
export const splitsName = (task: string): string => `splits/${fileName(task)}.parquet`;
