import { Worker } from 'node:worker_threads';

/** A holder's word about its work, for people to read: for example `{ step: 40, steps: 600 }`. */
export type LockNote = Readonly<Record<string, string | number>>;

/** The program of the thread that gives signs of life, also while the main thread computes. */
const HEART = `
const { parentPort, workerData } = require('node:worker_threads');
const { renameSync, writeFileSync } = require('node:fs');
const notes = new Map();
let beat = 0;
const write = (file) => {
  try {
    writeFileSync(file + '.tmp', JSON.stringify({ beat, ...notes.get(file) }));
    renameSync(file + '.tmp', file);
  } catch {}
};
parentPort.on('message', ({ file, note }) => {
  if (note === null) return notes.delete(file);
  const known = notes.has(file);
  notes.set(file, note);
  if (!known) write(file);
});
setInterval(() => {
  beat++;
  for (const file of notes.keys()) write(file);
}, workerData.interval);`;

/**
 * The thread that counts in files, one for all locks of a process. It ends with the last of them.
 */
export class Heart {
  #thread: Worker | undefined;
  readonly #files = new Set<string>();

  /** @param interval milliseconds between two counts. */
  constructor(private readonly interval: number) {}

  /** Starts to count in a file, or says something else in it. */
  beat(file: string, note: LockNote = {}): void {
    if (!this.#thread) {
      this.#thread = new Worker(HEART, { eval: true, workerData: { interval: this.interval }, execArgv: [] });
      this.#thread.unref();
      // A thread that cannot start must not end the run: the lock then looks silent to other machines only.
      this.#thread.on('error', () => {});
    }
    this.#files.add(file);
    this.#thread.postMessage({ file, note });
  }

  /** Stops to count in a file. */
  stop(file: string): void {
    this.#files.delete(file);
    this.#thread?.postMessage({ file, note: null });
    if (this.#files.size > 0) return;
    void this.#thread?.terminate();
    this.#thread = undefined;
  }
}
