import { availableParallelism } from 'node:os';
import type { MethodInput } from '@medbench/core';
import type { Tinypool } from 'tinypool';
import { type BatchJob, type BatchParts, makeBatch } from './job.js';
import { startPool } from './pool.js';
import { checkAnswer, type NamedRecipe, type RecipeAnswer } from './recipe.js';
import type { WorkerJob } from './worker.js';
import { workerFile } from './worker-file.js';

/** Makes batches, on its own threads or on the calling one. */
export interface BatchWorkers {
  /** Number of jobs that run at the same time. */
  readonly count: number;
  /** True if images must be shared between threads. */
  readonly threads: boolean;
  /**
   * Names of the inputs that jobs do not draw and the caller must draw: those without a recipe, and those whose module
   * a worker cannot import (each logged once).
   * @throws MedbenchError('plugin') naming the module and export of a recipe that makes no input, or a different one.
   */
  notDrawn(): Promise<ReadonlySet<string>>;
  /** Runs a job. `handOver` lists buffers of the job that this thread no longer needs. */
  run(job: BatchJob, handOver: readonly ArrayBuffer[]): Promise<BatchParts>;
  /** Ends the threads. Jobs under way fail. */
  close(): Promise<void>;
}

export interface BatchWorkersOptions {
  /** Number of threads, 0 for none. Results do not depend on it. Default `defaultWorkers()`. */
  readonly count?: number | undefined;
  /** Inputs to draw for each example besides its image. */
  readonly inputs?: Readonly<Record<string, MethodInput>>;
  /** Receives a line for each input that the workers cannot draw. Default: a warning on the console. */
  readonly log?: ((line: string) => void) | undefined;
}

/** One thread fewer than the machine has, which leaves one to the training step; at least one and at most four. */
export const defaultWorkers = (): number => Math.max(1, Math.min(4, availableParallelism() - 1));

/**
 * Makes batches on worker threads, which start with the first job and never keep the process alive by themselves.
 * Inputs with a recipe are drawn where the batch is made.
 */
export function batchWorkers(options: BatchWorkersOptions = {}): BatchWorkers {
  const { count = defaultWorkers(), inputs = {}, log = console.warn } = options;
  const file = count > 0 ? workerFile(import.meta.url, '@medbench/data') : undefined;
  const entries = Object.entries(inputs);
  const withoutRecipe = entries.filter(([, { recipe }]) => !recipe).map(([name]) => name);
  if (!file) {
    const drawable = Object.fromEntries(entries.filter(([, { recipe }]) => recipe));
    const notDrawn = new Set(withoutRecipe);
    return {
      count: 1,
      threads: false,
      notDrawn: async () => notDrawn,
      run: (job) => makeBatch(job, drawable),
      close: async () => undefined,
    };
  }
  const recipes = entries.flatMap(([name, { recipe, stream = name }]): NamedRecipe[] =>
    recipe ? [{ name, stream, recipe }] : [],
  );
  let pool: Promise<Tinypool> | undefined;
  const threads = (): Promise<Tinypool> => {
    pool ??= startPool(file, count);
    return pool;
  };
  const askWorkers = async (): Promise<ReadonlySet<string>> => {
    if (recipes.length === 0) return new Set(withoutRecipe);
    const answers = (await (await threads()).run(recipes, { name: 'check' })) as readonly RecipeAnswer[];
    const refused = recipes.flatMap((named, i) => {
      const reason = checkAnswer(named, inputs[named.name]!, answers[i]!);
      if (reason !== undefined) log(`The input "${named.name}" is drawn on the main thread: ${reason}`);
      return reason === undefined ? [] : [named.name];
    });
    return new Set([...withoutRecipe, ...refused]);
  };
  let notDrawnNames: Promise<ReadonlySet<string>> | undefined;
  const notDrawn = (): Promise<ReadonlySet<string>> => {
    notDrawnNames ??= askWorkers();
    return notDrawnNames;
  };
  return {
    count,
    threads: true,
    notDrawn,
    async run(job, handOver) {
      const excluded = await notDrawn();
      const work: WorkerJob = { job, recipes: recipes.filter(({ name }) => !excluded.has(name)) };
      return (await threads()).run(work, { transferList: [...handOver] });
    },
    async close() {
      const started = pool;
      pool = undefined;
      await (await started)?.destroy();
    },
  };
}
