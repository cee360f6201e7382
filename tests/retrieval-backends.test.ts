import { random } from '@medbench/core';
import { retrievalRanks } from '@medbench/evaluation';
import { describe, expect, it } from 'vitest';
import { backends } from './support/backends.js';

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
      { backend },
    );
    expect(new Set([...ranks.imageToText, ...ranks.textToImage])).toEqual(new Set([N]));
  }, 120_000);
});
