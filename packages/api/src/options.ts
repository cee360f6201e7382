import { resolve } from 'node:path';
import type { RunResults } from '@medbench/core';
import { type ConfigTree, dropUndefined, mergeTrees, type ProfileClock, type RunObserver } from '@medbench/runner';
import { type EmbeddingRow, readEmbeddingRows } from './embedding-rows.js';

/** Ids or selectors: a text separated by commas, or a list. */
export type Ids = string | readonly string[];

/**
 * Options of a benchmark. All are optional: settings that are not given come from the configuration file and defaults.
 */
export interface BenchmarkOptions {
  /** Rows: `all`, ids, `id:setting=value,value`. */
  readonly methods?: Ids | undefined;
  /** Columns: `all`, ids, or the id of a preset for the tasks that it names. */
  readonly tasks?: Ids | undefined;
  /** A bundle of settings, such as `demo`, or several: `study,demo-size`. Later ones override earlier ones. */
  readonly preset?: string | undefined;
  /** Folder with the data sets. Default `$MEDBENCH_DATA`, else `data`. */
  readonly data?: string | undefined;
  readonly seeds?: number | readonly number[] | undefined;
  /** `auto` or the id of a backend. */
  readonly backend?: string | undefined;
  /** Ids of trackers, which show the curves and figures elsewhere too. */
  readonly trackers?: readonly string[] | undefined;
  /** Skip rows and images that cannot be read; `skipped.json` lists them. */
  readonly skipBad?: boolean | undefined;
  /** Rows of embeddings that another tool made, each `id=folder` or a folder. */
  readonly embeddings?: readonly string[] | undefined;
  /** Any setting, as the configuration file has it: `{ training: { steps: 100 } }`. */
  readonly settings?: ConfigTree | undefined;
  /** Path of the configuration file. Default: `medbench.config.*` at or above `cwd`. */
  readonly config?: string | undefined;
  /** Settings that a command adds: above the configuration file, below all other options. */
  readonly base?: ConfigTree | undefined;
  /** Working directory, from which relative paths start. Default: that of the process. */
  readonly cwd?: string | undefined;
}

/** How a run reports its progress and how it is stopped. */
export interface RunControl {
  /** Receives the events of the run. Default: nobody. */
  readonly observer?: RunObserver | undefined;
  /** Stops the run after writing a checkpoint; the same call resumes it. */
  readonly signal?: AbortSignal | undefined;
  /** The command that repeats the run, for the report. Default: `benchmark()`. */
  readonly command?: string | undefined;
  /**
   * Number of processes that carry out rows and seeds side by side. The figures do not depend on it. Default:
   * `MEDBENCH_JOBS`, else as many as cores and memory allow.
   */
  readonly jobs?: number | undefined;
  /** Id of the launcher, which decides where rows and seeds are carried out. Default `local`. */
  readonly launcher?: string | undefined;
  /** Command line of `medbench work`, without arguments, for launchers. Default: a program without an output. */
  readonly workCommand?: readonly string[] | undefined;
  /** Records where the time goes. */
  readonly clock?: ProfileClock | undefined;
}

/** An observer that ignores all events. */
export const SILENT_OBSERVER: RunObserver = {
  started: () => {},
  message: () => {},
  warning: () => {},
  trainingStarted: () => {},
  trainingStep: () => {},
  trainingFinished: () => {},
  evaluationStarted: () => {},
  cellFinished: () => {},
};

/** An observer that passes on nothing but warnings while `hidden` says so. */
export const hideWhile = (observer: RunObserver, hidden: () => boolean): RunObserver =>
  new Proxy(observer, {
    get: (target, name: keyof RunObserver) => (hidden() && name !== 'warning' ? SILENT_OBSERVER[name] : target[name]),
  });

/** Returns the working directory of options, absolute. */
export const workingFolder = ({ cwd }: { readonly cwd?: string | undefined }): string => resolve(cwd ?? process.cwd());

const copyIds = (ids: Ids | undefined): Ids | undefined => (typeof ids === 'string' ? ids : ids && [...ids]);

/** Converts options to settings; named options override `settings`. */
export function settingsTree(options: BenchmarkOptions, rows: readonly EmbeddingRow[] = []): ConfigTree {
  const { seeds } = options;
  return mergeTrees(
    rows.length > 0 ? { embeddings: Object.fromEntries(rows.map(({ id, folder }) => [id, folder])) } : {},
    options.settings ?? {},
    dropUndefined({
      methods: copyIds(options.methods),
      tasks: copyIds(options.tasks),
      preset: options.preset,
      dataRoot: options.data,
      seeds: typeof seeds === 'number' ? [seeds] : seeds && [...seeds],
      backend: options.backend,
      skipBad: options.skipBad,
      trackers: options.trackers && [...options.trackers],
    }),
  );
}

/** Reads the rows of embeddings that options name. @throws MedbenchError('usage') as `readEmbeddingRows`. */
export const embeddingRowsFromOptions = (options: BenchmarkOptions): Promise<EmbeddingRow[]> =>
  readEmbeddingRows(options.embeddings ?? [], workingFolder(options));

/** The outcome of a finished run. */
export interface FinishedRun {
  readonly results: RunResults;
  /** The run folder, absolute. */
  readonly folder: string;
  /** Path of the HTML report. */
  readonly html: string;
}
