import { random } from '@medbench/core';
import { describe, expect, it } from 'vitest';
import { recallCurve } from './curve.js';
import { retrievalRanks } from './ranks.js';
import { sampledRetrieval } from './sampled.js';

const toMatrix = (rows: number[][]) => ({
  rows: rows.length,
  cols: rows[0]!.length,
  data: Float32Array.from(rows.flat()),
});

/** Random pairs with small integer entries, so that most scores are tied. */
function pairs(name: string, N: number, M: number) {
  const stream = random(0, name);
  const rows = (n: number) => Array.from({ length: n }, () => Array.from({ length: 4 }, () => stream.integer(5) - 2));
  return { u: rows(N), w: rows(M), imageOfText: Int32Array.from({ length: M }, () => stream.integer(N)) };
}
const score = (a: number[], b: number[]) => a.reduce((sum, value, j) => sum + value * b[j]!, 0);

describe('sampledRetrieval', () => {
  it.each([
    ['many', 120, 300],
    ['few', 3, 4],
  ])('returns the five nearest answers, and the ranks that recall is computed from: %s queries', async (name, N, M) => {
    const { u, w, imageOfText } = pairs(name, N, M);
    const ranks = await retrievalRanks(toMatrix(u), toMatrix(w), imageOfText);
    const [toText, toImage] = sampledRetrieval(toMatrix(u), toMatrix(w), ranks, { imageOfText });
    const check = (
      { examples, answers, hits, ranks: first }: NonNullable<typeof toText>,
      scores: (example: number) => number[],
      isRight: (example: number, answer: number) => boolean,
    ) => {
      expect(examples.length).toBeGreaterThan(0);
      examples.forEach((example, i) => {
        const allScores = scores(example);
        const best = [...allScores].sort((a, b) => b - a).slice(0, 5);
        expect(answers[i]!.map((answer) => allScores[answer])).toEqual(best);
        expect(hits[i]).toEqual(answers[i]!.map((answer) => Number(isRight(example, answer))));
        const place = hits[i]!.indexOf(1);
        expect(place >= 0 ? place + 1 : undefined).toBe(first![i]! <= answers[i]!.length ? first![i] : undefined);
      });
    };
    check(
      toText!,
      (image) => w.map((row) => score(u[image]!, row)),
      (image, text) => imageOfText[text] === image,
    );
    check(
      toImage!,
      (text) => u.map((row) => score(w[text]!, row)),
      (text, image) => imageOfText[text] === image,
    );
  });

  it('uses the same queries if texts share rows, and counts any text that reads the same as right', async () => {
    const { u, w, imageOfText } = pairs('alike', 40, 80);
    // Texts 2i and 2i + 1 read the same and share a row.
    const first = Int32Array.from({ length: 40 }, (_, row) => 2 * row);
    const rowOfText = Int32Array.from({ length: 80 }, (_, text) => text >> 1);
    const rows = toMatrix(w.filter((_, text) => text % 2 === 0));
    const ranks = await retrievalRanks(toMatrix(u), rows, imageOfText, { rowOfText });
    const alike = sampledRetrieval(toMatrix(u), rows, ranks, { imageOfText, rowOfText, first });
    const ownOnly = sampledRetrieval(
      toMatrix(u),
      toMatrix(w),
      await retrievalRanks(toMatrix(u), toMatrix(w), imageOfText),
      { imageOfText },
    );
    expect(alike.map(({ examples }) => examples)).toEqual(ownOnly.map(({ examples }) => examples));
    alike[0]!.answers.forEach((texts, i) => {
      const image = alike[0]!.examples[i]!;
      expect(texts.every((text) => text % 2 === 0)).toBe(true);
      expect(alike[0]!.hits[i]).toEqual(
        texts.map((text) => Number(imageOfText[text] === image || imageOfText[text + 1] === image)),
      );
    });
  });
});

describe('recallCurve', () => {
  it('is the share of queries with a rank of at most k, without images that have no text', () => {
    const curve = recallCurve({
      imageToText: Int32Array.of(1, 0, 3, 12, 2, ...new Array<number>(7).fill(12)),
      textToImage: Int32Array.of(1, 1, 5, 12, ...new Array<number>(8).fill(2)),
    });
    expect(curve).toEqual({
      images: 12,
      texts: 12,
      k: [1, 2, 5, 10],
      imageToText: [1 / 11, 2 / 11, 3 / 11, 3 / 11],
      textToImage: [2 / 12, 10 / 12, 11 / 12, 11 / 12],
    });
  });
});
