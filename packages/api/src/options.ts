import { resolve } from 'node:path';
import type { RunResults } from '@medbench/core';
import { type ConfigTree, mergeTrees, type ProfileClock, type RunObserver } from '@medbench/runner';
import { type EmbeddingRow, readEmbeddingRows } from './embedding-rows.js';

/** Ids or selectors: one text separated by commas, or a list. */
export type Ids = string | readonly string[];

/** What a benchmark is told. Every field is optional; what is left out comes from the configuration file and defaults. */
export interface BenchmarkOptions {
  /** Rows: `all`, ids, `id:setting=value,value`. */
  readonly methods?: Ids | undefined;
  readonly tasks?: Ids | undefined;
  /** A bundle of settings, such as `demo`. */
  readonly preset?: string | undefined;
  /** Folder with the data sets. Default `$MEDBENCH_DATA`, else `data`. */
  readonly data?: string | undefined;
  readonly seeds?: number | readonly number[] | undefined;
  /** `auto` or the id of a backend. */
  readonly backend?: string | undefined;
  /** Leave out rows and images that cannot be read; they are listed in `skipped.json`. */
  readonly skipBad?: boolean | undefined;
  /** Rows of embeddings from elsewhere, each `id=folder` or a folder. */
  readonly embeddings?: readonly string[] | undefined;
  /** Any setting, as the configuration file has it: `{ training: { steps: 100 } }`. */
  readonly settings?: ConfigTree | undefined;
  /** Path of the configuration file. Default: `medbench.config.*` at or above `cwd`. */
  readonly config?: string | undefined;
  /** Settings below those of the configuration file's flags and above its presets: what a command adds. */
  readonly base?: ConfigTree | undefined;
  /** Default: that of the process. Relative paths start here. */
  readonly cwd?: string | undefined;
}

/** How a run reports and ends. */
export interface RunControl {
  /** Hears what the run is doing. Default: nobody. */
  readonly observer?: RunObserver | undefined;
  /** Stops the run in order, with a checkpoint; the same call resumes it. */
  readonly signal?: AbortSignal | undefined;
  /** What repeats the run, for the report. Default: `benchmark()`. */
  readonly command?: string | undefined;
  /** Notes what the time goes to. */
  readonly clock?: ProfileClock | undefined;
}

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

export const workingFolder = ({ cwd }: { readonly cwd?: string | undefined }): string => resolve(cwd ?? process.cwd());

const copyIds = (ids: Ids | undefined): Ids | undefined => (typeof ids === 'string' ? ids : ids && [...ids]);
const dropUndefined = (tree: Readonly<Record<string, unknown>>): ConfigTree =>
  Object.fromEntries(Object.entries(tree).filter(([, value]) => value !== undefined));

/** The settings that options amount to; those of named options win over `settings`. */
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
    }),
  );
}

/** The rows of embeddings that options name. @throws MedbenchError('usage') as `embeddingRows`. */
export const embeddingRowsFromOptions = (options: BenchmarkOptions): Promise<EmbeddingRow[]> =>
  readEmbeddingRows(options.embeddings ?? [], workingFolder(options));

/** What a run leaves. */
export interface FinishedRun {
  readonly results: RunResults;
  /** The run folder, absolute. */
  readonly folder: string;
  /** The page that shows it. */
  readonly html: string;
}
