import { random } from '@medbench/core';
import { retrievalRanks } from '@medbench/evaluation';
import { describe, expect, it } from 'vitest';
import { backends } from './support/backends.js';

const [N, M, D] = [1150, 1300, 720];

/** Unit rows of which many are equal, and many nearly so: their scores differ by less than 32 bits tell. */
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

// More than 1e9 multiply-adds, from which a backend is used, and sides that are no multiple of a block.
describe.each(backends)('ranks on %s', (_, backend) => {
  const stream = random(0, 'crowded');
  const images = crowded(N, stream);
  // Half of the texts are rows of the images, so that scores of 1 are many.
  const texts = crowded(M, stream);
  for (let t = 0; t < M; t += 2) {
    const from = stream.integer(N) * D;
    texts.data.set(images.data.subarray(from, from + D), t * D);
  }
  const imageOfText = Int32Array.from({ length: M }, () => stream.integer(N));

  it('are those of sums in 64 bits, near ties and ties included', async () => {
    const plain = await retrievalRanks(images, texts, imageOfText);
    expect(await retrievalRanks(images, texts, imageOfText, { backend })).toEqual(plain);
    // Against the definition, for some.
    const score = (i: number, t: number) => {
      let sum = 0;
      for (let j = 0; j < D; j++) sum += images.data[i * D + j]! * texts.data[t * D + j]!;
      return sum;
    };
    for (let t = 0; t < M; t += 97) {
      const own = imageOfText[t]!;
      let rank = 1;
      for (let i = 0; i < N; i++) if (i !== own && score(i, t) >= score(own, t)) rank++;
      expect(plain.textToImage[t]).toBe(rank);
    }
  }, 120_000);

  it('are last for a model that has collapsed', async () => {
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
