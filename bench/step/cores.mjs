// Measures the distance of the cores: the time in which a cache line travels from one core to another and back. On a
// shared machine it changes from minute to minute, and the time of a step of small operations changes with it.
import { Worker } from 'node:worker_threads';

const TRIPS = 50_000;
const [HERE, THERE, END] = [0, 1, 2];

const other = `
const { workerData: line } = require('node:worker_threads');
for (;;) {
  const at = Atomics.load(line, 0);
  if (at === ${END}) break;
  if (at === ${THERE}) Atomics.store(line, 0, ${HERE});
}`;

/** Round-trip time in nanoseconds between two busy threads. */
export async function roundTrip() {
  const line = new Int32Array(new SharedArrayBuffer(128));
  const worker = new Worker(other, { eval: true, workerData: line });
  await new Promise((resolve) => worker.once('online', resolve));
  let from = 0;
  // The first half warms up the compilers of both threads.
  for (let trip = 0; trip < 2 * TRIPS; trip++) {
    if (trip === TRIPS) from = performance.now();
    Atomics.store(line, 0, THERE);
    while (Atomics.load(line, 0) === THERE);
  }
  const spent = performance.now() - from;
  Atomics.store(line, 0, END);
  await worker.terminate();
  return (spent * 1e6) / TRIPS;
}
