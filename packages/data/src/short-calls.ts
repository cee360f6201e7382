import { setImmediate } from 'node:timers/promises';

/** A call that took longer, in milliseconds, was slow: its file is on a network drive, or on a disk that sleeps. */
const SLOW_MS = 2;
/** Calls that go through the pool of threads after a slow one. */
const AFTER_SLOW = 256;
/** Calls in place after which other work of this process has its turn. */
const IN_A_ROW = 64;
/** Bytes that are read in place at most. */
export const SHORT_READ = 2 ** 18;

let throughPool = 0;
let inARow = 0;

/**
 * Makes a short call to the file system, such as reading an image. Through Node's pool of threads one takes 150 µs of CPU
 * time, and in place a tenth of it where the file is at hand. In place it holds up all other work of the process, so that
 * calls go through the pool once one was slow.
 * @param inPlace makes the call and returns its result.
 * @param pooled makes it through the pool. Both throw alike.
 * @param now the time in milliseconds.
 */
export async function shortCall<T>(
  inPlace: () => T,
  pooled: () => Promise<T>,
  now: () => number = () => performance.now(),
): Promise<T> {
  if (throughPool > 0) {
    throughPool--;
    return pooled();
  }
  if (++inARow >= IN_A_ROW) {
    inARow = 0;
    await setImmediate();
  }
  const began = now();
  try {
    return inPlace();
  } finally {
    if (now() - began > SLOW_MS) throughPool = AFTER_SLOW;
  }
}
