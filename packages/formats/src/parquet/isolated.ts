import type { EventEmitter } from 'node:events';
import { MedbenchError } from '@medbench/core';
import { workerFile } from '@medbench/data';
import type { Tinypool } from 'tinypool';
import type { Answer } from './answers.js';
import type { GroupRequest, ParquetFooter, ParquetRow } from './decode.js';

/** Objects that the thread may make, in MiB; what is beyond ends it, and not this process. */
const HEAP_MIB = 768;

interface Work {
  parquetFooter: { takes: string; gives: ParquetFooter };
  parquetGroup: { takes: GroupRequest; gives: ParquetRow[] };
}

let pool: Promise<Tinypool> | undefined;
let before: Promise<unknown> = Promise.resolve();

/**
 * Runs work on a thread of its own, one after the other: work of a library that trusts its input, and that a damaged file
 * can keep busy for years or make ask for all memory. Run from source without the built worker, it runs on this thread.
 * @param seconds After this long the thread is ended.
 * @param endless Makes the error for that, or for running out of memory.
 * @throws the MedbenchError of the work.
 */
export async function isolated<K extends keyof Work>(
  name: K,
  work: Work[K]['takes'],
  seconds: number,
  endless: () => MedbenchError,
): Promise<Work[K]['gives']> {
  const mine = before.then(() => run(name, work, seconds, endless));
  before = mine.catch(() => undefined);
  const answer = (await mine) as Answer<Work[K]['gives']>;
  if ('value' in answer) return answer.value;
  const { message, hint } = answer.refused;
  throw new MedbenchError('data', message, hint === undefined ? {} : { hint });
}

async function run<K extends keyof Work>(
  name: K,
  work: Work[K]['takes'],
  seconds: number,
  endless: () => MedbenchError,
): Promise<unknown> {
  const filename = workerFile(import.meta.url, '@medbench/formats');
  if (!filename) {
    const answers = (await import('./worker.js')) as unknown as Record<K, (given: typeof work) => Promise<unknown>>;
    return answers[name](work);
  }
  pool ??= import('tinypool').then(({ Tinypool: Pool }) => {
    const made = new Pool({
      filename,
      execArgv: [],
      minThreads: 0,
      maxThreads: 1,
      idleTimeout: 5000,
      useAtomics: false,
      resourceLimits: { maxOldGenerationSizeMb: HEAP_MIB },
    });
    // What becomes of a thread is told by its work; without a listener it would end the process too.
    (made as unknown as EventEmitter).on('error', () => undefined);
    return made;
  });
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(), seconds * 1000);
  try {
    return await (await pool).run(work, { name, signal: stop.signal });
  } catch (error) {
    const { code } = error as { code?: string };
    if (stop.signal.aborted || code === 'ERR_WORKER_OUT_OF_MEMORY') throw endless();
    throw error;
  } finally {
    clearTimeout(timer);
  }
}
