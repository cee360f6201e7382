import { availableParallelism } from 'node:os';
import type { MethodInput } from '@medbench/core';
import type { Tinypool } from 'tinypool';
import { type BatchJob, type BatchParts, makeBatch } from './job.js';
import { checkAnswer, type NamedRecipe, type RecipeAnswer } from './recipe.js';
import type { WorkerJob } from './worker.js';
import { workerFile } from './worker-file.js';

/** Makes batches, on threads of its own or on this one. */
export interface BatchWorkers {
  /** How many jobs run at the same time. */
  readonly count: number;
  /** True if images must be shared between threads. */
  readonly threads: boolean;
  /**
   * Names of the inputs that jobs do not draw, for the caller to draw: those without a recipe, and those whose module a
   * worker cannot import (each logged once).
   * @throws MedbenchError('plugin') naming the module and export of a recipe that makes no input, or another one.
   */
  notDrawn(): Promise<ReadonlySet<string>>;
  /** Does a job; `handOver` are buffers of the job that this thread needs no longer. */
  run(job: BatchJob, handOver: readonly ArrayBuffer[]): Promise<BatchParts>;
  /** Ends the threads. Jobs under way fail. */
  close(): Promise<void>;
}

export interface BatchWorkersOptions {
  /** Threads, 0 for none. Results do not depend on it. Default `defaultWorkers()`. */
  readonly count?: number | undefined;
  /** What is drawn for each example besides its image. */
  readonly inputs?: Readonly<Record<string, MethodInput>>;
  /** Takes a line for each input that the workers cannot draw. Default: a warning on the console. */
  readonly log?: ((line: string) => void) | undefined;
}

/** A thread less than the machine has, which is left to the training step; at least one and at most four. */
export const defaultWorkers = (): number => Math.max(1, Math.min(4, availableParallelism() - 1));

/**
 * Threads that make batches, started when the first job comes. They never keep the process alive by themselves.
 * Inputs with a recipe are drawn where the batch is made.
 */
export function batchWorkers(options: BatchWorkersOptions = {}): BatchWorkers {
  const { count = defaultWorkers(), inputs = {}, log = console.warn } = options;
  const file = count > 0 ? workerFile(import.meta.url, '@medbench/data') : undefined;
  const entries = Object.entries(inputs);
  const without = entries.filter(([, { recipe }]) => !recipe).map(([name]) => name);
  if (!file) {
    const here = Object.fromEntries(entries.filter(([, { recipe }]) => recipe));
    const notDrawn = new Set(without);
    return {
      count: 1,
      threads: false,
      notDrawn: async () => notDrawn,
      run: (job) => makeBatch(job, here),
      close: async () => undefined,
    };
  }
  const recipes = entries.flatMap(([name, { recipe, stream = name }]): NamedRecipe[] =>
    recipe ? [{ name, recipe, stream }] : [],
  );
  let pool: Promise<Tinypool> | undefined;
  const threads = (): Promise<Tinypool> => {
    pool ??= startPool(file, count);
    return pool;
  };
  const ask = async (): Promise<ReadonlySet<string>> => {
    if (recipes.length === 0) return new Set(without);
    const answers = (await (await threads()).run(recipes, { name: 'check' })) as readonly RecipeAnswer[];
    const refused = recipes.flatMap((named, i) => {
      const reason = checkAnswer(named, inputs[named.name]!, answers[i]!);
      if (reason !== undefined) log(`The input "${named.name}" is drawn on the main thread: ${reason}`);
      return reason === undefined ? [] : [named.name];
    });
    return new Set([...without, ...refused]);
  };
  let asked: Promise<ReadonlySet<string>> | undefined;
  const notDrawn = (): Promise<ReadonlySet<string>> => {
    asked ??= ask();
    return asked;
  };
  return {
    count,
    threads: true,
    notDrawn,
    async run(job, handOver) {
      const others = await notDrawn();
      const work: WorkerJob = { job, recipes: recipes.filter(({ name }) => !others.has(name)) };
      return (await threads()).run(work, { transferList: [...handOver] });
    },
    async close() {
      const started = pool;
      pool = undefined;
      await (await started)?.destroy();
    },
  };
}

async function startPool(filename: string, count: number): Promise<Tinypool> {
  const { Tinypool } = await import('tinypool');
  return new Tinypool({
    filename,
    name: 'run',
    // Flags of this process, such as those of a test runner, are not meant for it.
    execArgv: [],
    minThreads: 1,
    maxThreads: count,
    idleTimeout: 60_000,
    // Waiting for a batch must not block the thread, which closes files and ends decodings meanwhile.
    useAtomics: false,
  });
}
