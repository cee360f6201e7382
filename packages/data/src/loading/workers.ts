import { availableParallelism } from 'node:os';
import type { Tinypool } from 'tinypool';
import { type BatchJob, type BatchParts, makeBatch } from './job.js';
import { workerFile } from './worker-file.js';

/** Makes batches, on threads of its own or on this one. */
export interface BatchWorkers {
  /** How many jobs run at the same time. */
  readonly count: number;
  /** True if pictures must be shared between threads. */
  readonly threads: boolean;
  /** Does a job; `handOver` are buffers of the job that this thread needs no longer. */
  run(job: BatchJob, handOver: readonly ArrayBuffer[]): Promise<BatchParts>;
  /** Ends the threads. Jobs under way fail. */
  close(): Promise<void>;
}

/** A thread less than the machine has, which is left to the training step; at least one and at most four. */
export const defaultWorkers = (): number => Math.max(1, Math.min(4, availableParallelism() - 1));

/**
 * Threads that make batches, started when the first job comes; 0 for this thread. Results do not depend on their number.
 * They never keep the process alive by themselves.
 */
export function batchWorkers(count = defaultWorkers()): BatchWorkers {
  const file = count > 0 ? workerFile(import.meta.url, '@medbench/data') : undefined;
  if (!file) return { count: 1, threads: false, run: makeBatch, close: async () => undefined };
  let pool: Promise<Tinypool> | undefined;
  return {
    count,
    threads: true,
    async run(job, handOver) {
      pool ??= startPool(file, count);
      return (await pool).run(job, { transferList: [...handOver] });
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
