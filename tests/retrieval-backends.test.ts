import type { Worker } from 'node:worker_threads';
import { type Backend, errorMessage, random } from '@medbench/core';
import { retrievalRanks } from '@medbench/evaluation';
import { withOptions } from '@medbench/runner';
import { describe, expect, it } from 'vitest';
import { allBackends as backends } from './support/backends.js';

const [N, M, D] = [1150, 1300, 720];

/** Rows of unit length, many of them equal or nearly equal: their scores differ by less than 32-bit precision. */
function crowded(rows: number, stream: ReturnType<typeof random>) {
  const centres = Array.from({ length: 40 }, () => Float64Array.from({ length: D }, () => stream.normal()));
  const data = new Float32Array(rows * D);
  for (let i = 0; i < rows; i++) {
    const centre = stream.pick(centres);
    const shift = stream.pick([0, 0, 1e-7, 1e-6, 0.3]);
    const row = centre.map((value) => value + shift * stream.normal());
    const norm = Math.hypot(...row);
    data.set(
      row.map((value) => value / norm),
      i * D,
    );
  }
  return { rows, cols: D, data };
}

/** A module with a backend that fails on one of two threads. On the other, all scores are zero. */
const FAILS_ON_ONE_THREAD = `
  import { threadId } from 'node:worker_threads';
  export class Fails {
    load = async () => ({
      async step({ images, texts }) {
        if (threadId % 2) throw new Error('no memory');
        return { scores: { data: new Float32Array(images.shape[0] * texts.shape[0]) } };
      },
      async dispose() {},
    });
  }
`;

/** Does some work and lists the threads that it started. */
async function watchThreads<T>(work: () => Promise<T>): Promise<{ value: T; started: readonly Worker[] }> {
  const started: Worker[] = [];
  const add = (worker: Worker): void => void started.push(worker);
  process.on('worker', add);
  try {
    return { value: await work(), started };
  } finally {
    process.off('worker', add);
  }
}

// More than 1e9 multiply-adds, so that the backend is used, and sides that are not multiples of the block size.
describe.each(backends)('ranks on %s', (_, backend) => {
  const stream = random(0, 'crowded');
  const images = crowded(N, stream);
  // Half of the texts are copies of image rows, so that many scores are exactly 1.
  const texts = crowded(M, stream);
  for (let t = 0; t < M; t += 2) {
    const from = stream.integer(N) * D;
    texts.data.set(images.data.subarray(from, from + D), t * D);
  }
  const imageOfText = Int32Array.from({ length: M }, () => stream.integer(N));

  it('equal those of 64-bit sums, also for ties and near ties', async () => {
    const plain = await retrievalRanks(images, texts, imageOfText);
    expect(await retrievalRanks(images, texts, imageOfText, { backend })).toEqual(plain);
    // Checks a sample of queries against the definition.
    const score = (i: number, t: number) => {
      let sum = 0;
      for (let j = 0; j < D; j++) sum += images.data[i * D + j]! * texts.data[t * D + j]!;
      return sum;
    };
    for (let t = 0; t < M; t += 97) {
      const image = imageOfText[t]!;
      let rank = 1;
      for (let i = 0; i < N; i++) if (i !== image && score(i, t) >= score(image, t)) rank++;
      expect(plain.textToImage[t]).toBe(rank);
    }
  }, 120_000);

  it.runIf(backend.module)(
    'do not depend on the number of threads',
    async () => {
      const plain = await retrievalRanks(images, texts, imageOfText);
      const wrapped = withOptions(backend, { threads: 1 });
      for (const threads of [1, 2, 3]) {
        const options = { backend: wrapped, threads, threadsFrom: 0 };
        const { value, started } = await watchThreads(() => retrievalRanks(images, texts, imageOfText, options));
        expect(value).toEqual(plain);
        expect(started).toHaveLength(threads === 1 ? 0 : threads);
        // A thread that has ended has this number.
        for (const { threadId } of started) expect(threadId).toBe(-1);
      }
    },
    120_000,
  );

  it.runIf(backend.module).each([
    ['does not export the backend Missing', { ...backend.module!, export: 'Missing' }],
    ['no memory', { url: `data:text/javascript,${encodeURIComponent(FAILS_ON_ONE_THREAD)}`, export: 'Fails' }],
  ])(
    'come with the error of a thread that fails, and no thread stays: %s',
    async (message, module) => {
      const { id, status, load } = backend;
      const failing: Backend = { id, status, load, module };
      const { value, started } = await watchThreads(() =>
        retrievalRanks(images, texts, imageOfText, { backend: failing, threads: 2, threadsFrom: 0 }).catch(
          errorMessage,
        ),
      );
      expect(value).toContain('A thread that ranks texts and images failed: ');
      expect(value).toContain(message);
      expect(started.map(({ threadId }) => threadId)).toEqual([-1, -1]);
    },
    120_000,
  );

  it('are last for a collapsed model', async () => {
    const same = (rows: number) => ({
      rows,
      cols: D,
      data: Float32Array.from({ length: rows * D }, (_, i) => images.data[i % D]!),
    });
    const ranks = await retrievalRanks(
      same(N),
      same(N),
      Int32Array.from({ length: N }, (_, i) => i),
      { backend, threads: 2, threadsFrom: 0 },
    );
    expect(new Set([...ranks.imageToText, ...ranks.textToImage])).toEqual(new Set([N]));
  }, 120_000);
});
