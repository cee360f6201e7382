import type { EventEmitter } from 'node:events';
import { MedbenchError } from '@medbench/core';
import { workerFile } from '@medbench/data';
import type { Tinypool } from 'tinypool';
import type { WorkerAnswer } from './answers.js';
import type { FooterRequest, GroupRequest, ParquetFooter, ParquetRow } from './decode.js';

/** Heap limit of the thread, in MiB. Exceeding it ends the thread, not this process. */
const HEAP_MIB = 768;

interface Work {
  parquetFooter: { takes: FooterRequest; gives: ParquetFooter };
  parquetGroup: { takes: GroupRequest; gives: ParquetRow[] };
}

let pool: Promise<Tinypool> | undefined;
let queue: Promise<unknown> = Promise.resolve();

/**
 * Runs work on a separate thread, one job after the other. The Parquet library trusts its input: a damaged file can
 * keep it busy for years or make it ask for all memory. When run from source without the built worker, the work runs on
 * this thread.
 * @param seconds Time after which the thread is ended.
 * @param timeoutError Makes the error for running out of time or memory.
 * @throws the MedbenchError of the work.
 */
export async function runIsolated<K extends keyof Work>(
  name: K,
  work: Work[K]['takes'],
  seconds: number,
  timeoutError: () => MedbenchError,
): Promise<Work[K]['gives']> {
  const task = queue.then(() => run(name, work, seconds, timeoutError));
  queue = task.catch(() => undefined);
  const answer = (await task) as WorkerAnswer<Work[K]['gives']>;
  if ('value' in answer) return answer.value;
  const { message, hint } = answer.refused;
  throw new MedbenchError('data', message, hint === undefined ? {} : { hint });
}

async function run<K extends keyof Work>(
  name: K,
  work: Work[K]['takes'],
  seconds: number,
  timeoutError: () => MedbenchError,
): Promise<unknown> {
  const filename = workerFile(import.meta.url, '@medbench/formats');
  if (!filename) {
    const answers = (await import('./worker.js')) as unknown as Record<K, (input: typeof work) => Promise<unknown>>;
    return answers[name](work);
  }
  pool ??= import('tinypool').then(({ Tinypool: Pool }) => {
    const started = new Pool({
      filename,
      execArgv: [],
      minThreads: 0,
      maxThreads: 1,
      idleTimeout: 5000,
      useAtomics: false,
      resourceLimits: { maxOldGenerationSizeMb: HEAP_MIB },
    });
    // The job's promise reports a failed thread. Without a listener, the event would end the process too.
    (started as unknown as EventEmitter).on('error', () => undefined);
    return started;
  });
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(), seconds * 1000);
  try {
    return await (await pool).run(work, { name, signal: stop.signal });
  } catch (error) {
    const { code } = error as { code?: string };
    if (stop.signal.aborted || code === 'ERR_WORKER_OUT_OF_MEMORY') throw timeoutError();
    throw error;
  } finally {
    clearTimeout(timer);
  }
}
