import { random } from '@medbench/core';
import { describe, expect, it } from 'vitest';
import { compiledKernel } from '../../../../scripts/build-kernels.mjs';
import { COUNTING_KERNEL } from '../kernels/counting.js';
import { innerProducts } from '../numerics/linear-algebra.js';
import { retrievalRanks } from './ranks.js';
import { summarizeRetrieval } from './summary.js';

/** Ranks computed by definition from the full score matrix. */
function bruteForce(u: number[][], w: number[][], imageOfText: number[]) {
  const score = (i: number, t: number) => u[i]!.reduce((sum, value, j) => sum + value * w[t]![j]!, 0);
  const textToImage = w.map(
    (_, t) => 1 + u.filter((__, i) => i !== imageOfText[t] && score(i, t) >= score(imageOfText[t]!, t)).length,
  );
  const imageToText = u.map((_, i) => {
    const ownScores = w.flatMap((__, t) => (imageOfText[t] === i ? [score(i, t)] : []));
    if (ownScores.length === 0) return 0;
    return 1 + w.filter((__, t) => imageOfText[t] !== i && score(i, t) >= Math.max(...ownScores)).length;
  });
  return { imageToText, textToImage };
}
const toMatrix = (rows: number[][]) => ({
  rows: rows.length,
  cols: rows[0]!.length,
  data: Float32Array.from(rows.flat()),
});

describe('retrievalRanks', () => {
  it.each([
    [7, 7, 3],
    [40, 97, 5],
    [300, 531, 4],
  ])('equals brute force with ties: %i images, %i texts', async (N, M, D) => {
    const stream = random(N, 'ranks');
    // With entries of -1, 0 and 1, most scores are tied.
    const rows = (n: number) => Array.from({ length: n }, () => Array.from({ length: D }, () => stream.integer(3) - 1));
    const [u, w] = [rows(N), rows(M)];
    const imageOfText = Array.from({ length: M }, () => stream.integer(N));
    const expected = bruteForce(u, w, imageOfText);
    const ranks = await retrievalRanks(toMatrix(u), toMatrix(w), Int32Array.from(imageOfText));
    expect([...ranks.imageToText]).toEqual(expected.imageToText);
    expect([...ranks.textToImage]).toEqual(expected.textToImage);
  });

  it('gives equal rows equal scores in every tile, so a constant encoder ranks last', async () => {
    const stream = random(0, 'constant');
    const row = Array.from({ length: 37 }, () => stream.normal());
    const same = (n: number) => toMatrix(Array.from({ length: n }, () => row));
    const imageOfText = Int32Array.from({ length: 263 }, (_, t) => t);
    const ranks = await retrievalRanks(same(263), same(263), imageOfText);
    expect(new Set([...ranks.imageToText, ...ranks.textToImage])).toEqual(new Set([263]));
  });

  it('counts with the bytes that the kernel source compiles to', async () => {
    expect(await compiledKernel('evaluation', 'counting')).toContain(`'${COUNTING_KERNEL}'`);
  }, 60_000);

  it('refuses a text without an image', async () => {
    const single = toMatrix([[1]]);
    await expect(retrievalRanks(single, single, Int32Array.of(1))).rejects.toThrow(/do not match/);
  });
});

describe('innerProducts', () => {
  it.each([
    [1, 1, 3],
    [2, 4, 5],
    [5, 7, 6],
    [9, 1, 4],
  ])('gives the same bits for every tile: %i by %i', (N, K, D) => {
    const stream = random(2, N, K);
    const x = Float32Array.from({ length: N * D }, () => stream.normal());
    const w = Float32Array.from({ length: K * D }, () => stream.normal());
    const out = new Float64Array(N * K);
    innerProducts(x, 0, N, w, 0, K, D, out);
    for (let i = 0; i < N; i++) {
      for (let k = 0; k < K; k++) {
        let sum = 0;
        for (let j = 0; j < D; j++) sum += x[i * D + j]! * w[k * D + j]!;
        expect(out[i * K + k]).toBe(sum);
      }
    }
  });
});

describe('summarizeRetrieval', () => {
  it('equals hits counted by hand', () => {
    // Three images. The first has two texts with ranks 1 and 3, and finds its best text at rank 1.
    const ranks = { imageToText: Int32Array.of(1, 2, 3), textToImage: Int32Array.of(1, 3, 2, 1) };
    const { metrics, primaryK, perImage } = summarizeRetrieval(ranks, Int32Array.of(0, 0, 1, 2), {
      seed: 0,
      ks: [1, 2, 200],
    });
    expect(metrics['i2t_recall@1']!.value).toBeCloseTo(1 / 3);
    expect(metrics['t2i_recall@1']!.value).toBe(0.5);
    expect(metrics['mean_recall@2']!.value).toBeCloseTo((2 / 3 + 3 / 4) / 2);
    expect(metrics.i2t_median_rank!.value).toBe(2);
    expect(metrics.t2i_median_rank!.value).toBe(1.5);
    expect(primaryK).toBe(2);
    expect(perImage).toEqual([0.75, 1, 0.5]);
    expect(metrics['mean_recall@200']).toBeUndefined();
    expect(metrics['i2t_recall@1']!.ci95).toEqual([0, 1]);
  });
});

describe('texts that read the same', () => {
  it('share a row, which has several right images and counts once as a wrong text', async () => {
    // Images 0 and 1 have the same text, row 0; image 2 has row 1.
    const images = toMatrix([
      [1, 0],
      [0.6, 0.8],
      [0, 1],
    ]);
    const texts = toMatrix([
      [1, 0],
      [0, 1],
    ]);
    const ranks = await retrievalRanks(images, texts, Int32Array.of(0, 1, 2), { rowOfText: Int32Array.of(0, 0, 1) });
    // Image 1 is nearer to the other text (0.8) than to its own (0.6). The best image of text 0 is image 0.
    expect(ranks).toEqual({ imageToText: Int32Array.of(1, 2, 1), textToImage: Int32Array.of(1, 1, 1) });
  });
});
