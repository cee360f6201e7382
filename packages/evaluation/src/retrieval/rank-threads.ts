import { Worker } from 'node:worker_threads';
import { type BackendModule, errorMessage, type Matrix, MedbenchError } from '@medbench/core';
import { workerFile } from '@medbench/data';
import type { RankProblem, WrongAnswers } from './wrong-answers.js';

/**
 * Entries of `RankJob.control`: the first image that no thread has taken; 1 if the threads must stop; the number of
 * threads that use the backend.
 */
export const CONTROL = { next: 0, stop: 1, busy: 2 } as const;

/** Longest time that the end of the process waits for the threads, in milliseconds. */
const LONGEST_WAIT = 5000;

/** The work of all threads. All arrays are shared. */
export interface RankJob {
  readonly problem: RankProblem;
  readonly backend: BackendModule;
  /** Number of threads that do the work. */
  readonly threads: number;
  readonly control: Int32Array;
  /** Receives the counts of all images, `[N]`; each thread writes those of the images that it takes. */
  readonly ofImages: Int32Array;
}

/** A thread's last message: the counts `[M]` of the texts over its images, or why it failed. */
export type RankAnswer =
  | { readonly ofTexts: Int32Array }
  | { readonly failed: string; readonly hint: string | undefined };

function share<T extends Float32Array | Float64Array | Int32Array>(values: T): T {
  const Kind = values.constructor as new (buffer: SharedArrayBuffer) => T;
  const shared = new Kind(new SharedArrayBuffer(values.byteLength));
  shared.set(values);
  return shared;
}

/**
 * Counts wrong answers on worker threads. Each computes the scores of the images that it takes on its own session of the
 * backend, which has one thread, and counts them while they are in the processor's cache.
 * @returns undefined if the program runs from source without a bundle of the worker.
 * @throws MedbenchError('backend') if a thread fails.
 */
export async function countOnThreads(
  problem: RankProblem,
  backend: BackendModule,
  threads: number,
): Promise<WrongAnswers | undefined> {
  const file = workerFile(import.meta.url, '@medbench/evaluation');
  if (file === undefined) return undefined;
  const shareRows = (matrix: Matrix): Matrix => ({ ...matrix, data: share(matrix.data) });
  const job: RankJob = {
    problem: {
      images: shareRows(problem.images),
      texts: shareRows(problem.texts),
      imageOfText: share(problem.imageOfText),
      rowOfText: share(problem.rowOfText),
      bestText: share(problem.bestText),
      bestTextScore: share(problem.bestTextScore),
      bestImage: share(problem.bestImage),
      bestImageScore: share(problem.bestImageScore),
    },
    backend,
    threads,
    control: share(new Int32Array(Object.keys(CONTROL).length)),
    ofImages: share(new Int32Array(problem.images.rows)),
  };
  const stop = (): void => stopThreads(job);
  process.once('exit', stop);
  const ends: Promise<unknown>[] = [];
  try {
    const counts = await Promise.all(
      Array.from({ length: threads }, () => {
        const worker = new Worker(file, { execArgv: [], workerData: job });
        ends.push(new Promise((resolve) => worker.once('exit', resolve)));
        return answerOf(worker);
      }),
    );
    const ofTexts = new Int32Array(problem.texts.rows);
    for (const count of counts) for (let t = 0; t < ofTexts.length; t++) ofTexts[t]! += count[t]!;
    return { ofImages: job.ofImages.slice(), ofTexts };
  } finally {
    Atomics.store(job.control, CONTROL.stop, 1);
    await Promise.all(ends);
    process.off('exit', stop);
  }
}

/** Stops the threads and waits for them. ONNX Runtime aborts the process if a thread is ended while it computes. */
function stopThreads({ control }: RankJob): void {
  Atomics.store(control, CONTROL.stop, 1);
  for (const begin = performance.now(); performance.now() - begin < LONGEST_WAIT; ) {
    const busy = Atomics.load(control, CONTROL.busy);
    if (busy === 0) return;
    Atomics.wait(control, CONTROL.busy, busy, LONGEST_WAIT);
  }
}

/** Waits for a thread's counts. */
function answerOf(worker: Worker): Promise<Int32Array> {
  return new Promise((resolve, reject) => {
    const fail = (reason: string, hint?: string): void => {
      const message = `A thread that ranks texts and images failed: ${reason}`;
      reject(new MedbenchError('backend', message, hint === undefined ? {} : { hint }));
    };
    worker.once('message', (answer: RankAnswer) => {
      if ('failed' in answer) fail(answer.failed, answer.hint);
      else resolve(answer.ofTexts);
    });
    worker.once('error', (error) => fail(errorMessage(error)));
    worker.once('exit', (code) => fail(`it ended with code ${code}`));
  });
}
