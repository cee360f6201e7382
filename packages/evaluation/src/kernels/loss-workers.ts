import { Worker } from 'node:worker_threads';
import type { Matrix } from '@medbench/core';
import { workerFile } from '@medbench/data';
import { PART } from './loss-parts.js';

/** Entries of `LossJob.control`. */
export const CONTROL = { evaluation: 0, ready: 1, finished: 2 } as const;

/** The part of a sum that a worker computes whenever it is told to. All arrays are shared between threads. */
export interface LossJob {
  /** The number of the current evaluation, -1 at the end; the number of workers that are ready; those that finished. */
  readonly control: Int32Array;
  /** Features `[rows, d]` and labels of the worker's rows. */
  readonly x: Float32Array;
  readonly labels: Int32Array;
  readonly d: number;
  readonly outputs: number;
  readonly parameters: Float64Array;
  /** See `lossParts`. */
  readonly parts: Float64Array;
}

/** Threads of this process, which serve one fit after another and do not keep the process alive. */
const threads: Worker[] = [];

function share<T extends Float32Array | Int32Array>(values: T, make: (buffer: SharedArrayBuffer) => T): T {
  const shared = make(new SharedArrayBuffer(values.byteLength));
  shared.set(values);
  return shared;
}

/** Worker threads that compute the last parts of a sum while the calling thread computes the first. */
export class LossWorkers {
  #evaluation = 0;

  private constructor(
    private readonly control: Int32Array,
    private readonly parameters: Float64Array,
    /** The parts of all threads; see `lossParts`. */
    readonly parts: Float64Array,
    /** Rows that are left to the calling thread. */
    private readonly ownRows: number,
    private readonly count: number,
  ) {}

  /**
   * Hands the rows out. The threads join in as soon as they have started; nothing waits for them.
   * @param count number of threads besides the calling one, smaller than the number of parts.
   * @returns undefined if the program runs from source without a bundle of the worker.
   */
  static start(x: Matrix, labels: Int32Array, outputs: number, count: number): LossWorkers | undefined {
    const file = workerFile(import.meta.url, '@medbench/evaluation');
    if (file === undefined) return undefined;
    const { rows, cols: d } = x;
    const size = outputs * (d + 1);
    const partCount = Math.ceil(rows / PART);
    const control = new Int32Array(new SharedArrayBuffer(4 * Object.keys(CONTROL).length));
    const parameters = new Float64Array(new SharedArrayBuffer(8 * size));
    const parts = new Float64Array(new SharedArrayBuffer(8 * partCount * (size + 1)));
    const firstPart = (thread: number): number => Math.ceil((thread * partCount) / (count + 1));
    for (let thread = 1; thread <= count; thread++) {
      const [first, last] = [firstPart(thread), firstPart(thread + 1)];
      const [from, to] = [first * PART, Math.min(rows, last * PART)];
      if (threads.length < thread) {
        const worker = new Worker(file, { execArgv: [] });
        worker.unref();
        threads.push(worker);
      }
      const job: LossJob = {
        ...{ control, parameters, d, outputs },
        x: share(x.data.subarray(from * d, to * d), (buffer) => new Float32Array(buffer)),
        labels: share(labels.subarray(from, to), (buffer) => new Int32Array(buffer)),
        parts: parts.subarray(first * (size + 1), last * (size + 1)),
      };
      threads[thread - 1]!.postMessage(job);
    }
    return new LossWorkers(control, parameters, parts, firstPart(1) * PART, count);
  }

  /**
   * Begins an evaluation.
   * @returns the number of rows that the caller must sum itself; undefined for all, while the threads are starting.
   */
  begin(parameters: Float64Array): number | undefined {
    if (Atomics.load(this.control, CONTROL.ready) < this.count) return undefined;
    this.parameters.set(parameters);
    Atomics.store(this.control, CONTROL.finished, 0);
    this.#evaluation++;
    Atomics.store(this.control, CONTROL.evaluation, this.#evaluation);
    Atomics.notify(this.control, CONTROL.evaluation);
    return this.ownRows;
  }

  /** Waits until the threads have written their parts. */
  finish(): void {
    for (;;) {
      const finished = Atomics.load(this.control, CONTROL.finished);
      if (finished === this.count) return;
      Atomics.wait(this.control, CONTROL.finished, finished);
    }
  }

  /** Ends the threads' work on this sum. */
  close(): void {
    Atomics.store(this.control, CONTROL.evaluation, -1);
    Atomics.notify(this.control, CONTROL.evaluation);
  }
}
