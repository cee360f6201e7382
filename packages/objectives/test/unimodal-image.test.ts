import '@tensorflow/tfjs-backend-cpu';
import { type Random, type RasterImage, random } from '@medbench/core';
import { gptModel } from '@medbench/encoders-gpt';
import { VitB16 } from '@medbench/encoders-vit';
import { dualEncoder } from '@medbench/nn';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { infoNce, unimodalImageTerms, viewsAsTrained } from '../src/index.js';
import { UnimodalImageObjective } from '../src/plugin.js';

beforeAll(() => tf.setBackend('cpu'));

const model = dualEncoder(
  new VitB16().build({ embedDim: 512, vocabSize: 8 }),
  gptModel({ id: 't', contextLength: 4, vocabSize: 8, width: 64, layers: 1, embedDim: 512 }),
);
const defaults = { partners: 'meant', ratio: 0, micro: 'auto', accumulation: 4, ranks: 4 } as const;
const objective = new UnimodalImageObjective();
const scale = tf.scalar(Math.log(100));

/** Row i is unit vector i of `size`. */
const unitRows = (size: number): tf.Tensor2D => tf.eye(size);

describe('with perfect embeddings and s = 100, a batch of 64', () => {
  const perfect = unitRows(64);
  const loss = (partners: 'meant' | 'as-trained') =>
    objective
      .loss({
        representations: { first: perfect, second: perfect, text: perfect },
        parameters: { logit_scale: scale },
        settings: { ...defaults, partners },
      })
      .loss.dataSync()[0]!;

  it('has the loss 0 if each view has its partner', () => expect(loss('meant')).toBeLessThan(1e-6));

  it('is at a loss as trained: three quarters of the texts and all second views are wrong partners', () => {
    // A view of pair i is the unit vector i. A row whose partner is wrong costs s, as its right one is elsewhere.
    const [views, partners] = viewsAsTrained(perfect, perfect, { ranks: 4, accumulation: 4, micro: 4 });
    const pairOf = (rows: tf.Tensor2D): number[] => [...tf.argMax(rows, 1).dataSync()];
    const [first, second] = [pairOf(views), pairOf(partners)];
    expect(first.filter((pair, i) => pair === i)).toHaveLength(16);
    expect(first.filter((pair, i) => pair === second[i])).toHaveLength(0);
    const expected = expectedLoss(first, second);
    expect(Math.abs(loss('as-trained') - expected)).toBeLessThan(1e-3);
  });
});

/** The mean of the four cross-entropies of unit vectors at s = 100, in float64. */
function expectedLoss(first: readonly number[], second: readonly number[]): number {
  const texts = first.map((_, i) => i);
  const crossEntropy = (rows: readonly number[], cols: readonly number[]): number => {
    const losses = rows.map((row, i) => {
      const same = cols.filter((col) => col === row).length;
      return Math.log(same * Math.exp(100) + cols.length - same) - (cols[i] === row ? 100 : 0);
    });
    return losses.reduce((sum, value) => sum + value, 0) / rows.length;
  };
  const sides = [
    [first, texts],
    [texts, first],
    [first, second],
    [second, first],
  ] as const;
  return sides.reduce((sum, [rows, cols]) => sum + crossEntropy(rows, cols), 0) / 4;
}

it('lists the views of a process and cuts the list in halves, process by process', () => {
  const ids = (offset: number) => tf.tensor2d(Array.from({ length: 8 }, (_, i) => [offset + i]));
  const [first, second] = viewsAsTrained(ids(0), ids(100), { ranks: 2, accumulation: 2, micro: 2 });
  // Process 0 has the pairs 0 to 3, in micro-batches of two.
  expect([...first.dataSync()]).toEqual([0, 1, 100, 101, 4, 5, 104, 105]);
  expect([...second.dataSync()]).toEqual([2, 3, 102, 103, 6, 7, 106, 107]);
});

it('with one micro-batch a process, the views are as meant', () => {
  const ids = (offset: number) => tf.tensor2d(Array.from({ length: 8 }, (_, i) => [offset + i]));
  const [first, second] = viewsAsTrained(ids(0), ids(100), { ranks: 4, accumulation: 1, micro: 2 });
  expect([...first.dataSync()]).toEqual([...ids(0).dataSync()]);
  expect([...second.dataSync()]).toEqual([...ids(100).dataSync()]);
});

it("half of the loss is CLIP's on the first view and the text, and half that of the two views", () => {
  const rows = (phase: number): tf.Tensor2D => {
    const raw = tf.tensor2d(
      Array.from({ length: 12 }, (_, i) => Math.sin(i * i + phase)),
      [4, 3],
    );
    return tf.div(raw, tf.norm(raw, 2, 1, true));
  };
  const [first, second, text] = [rows(0), rows(1), rows(2)];
  const { loss } = unimodalImageTerms(first, second, text, tf.scalar(9));
  const expected =
    (infoNce(first, text, tf.scalar(9)).dataSync()[0]! + infoNce(first, second, tf.scalar(9)).dataSync()[0]!) / 2;
  expect(loss.dataSync()[0]).toBeCloseTo(expected, 5);
});

describe('micro-batches', () => {
  const run = (size: number, given: Partial<{ micro: number | 'auto'; ranks: number; accumulation: number }>) => {
    const rows = unitRows(size);
    return () =>
      objective.loss({
        representations: { first: rows, second: rows, text: rows },
        parameters: { logit_scale: scale },
        settings: { ...defaults, partners: 'as-trained', ...given },
      });
  };

  it('shrink with the batch: 4 of 64', () => {
    expect(run(64, {})().loss.dataSync()[0]).toBe(run(64, { micro: 4 })().loss.dataSync()[0]);
  });

  it('that do not divide the batch are refused, with the way out', () => {
    expect(run(24, {})).toThrow('A batch of 24 is not made of 4 ranks · 4 micro-batches, which partners=as-trained');
    expect(run(64, { micro: 32 })).toThrow('A batch of 64 is not made of 4 ranks · 4 micro-batches · 32 pairs');
    expect(run(64, { micro: 32, ranks: 1, accumulation: 2 })).not.toThrow();
  });
});

describe('the second view', () => {
  const image: RasterImage = { width: 4, height: 4, channels: 3, data: new Uint8Array(48) };
  const example = { image, caption: '' };

  it('is a draw of the training transform from a stream of its own', () => {
    const { second } = objective.inputs(model, defaults);
    const transform = (_image: RasterImage, stream: Random): RasterImage => ({
      ...{ width: 224, height: 224, channels: 3 },
      data: new Uint8Array(224 * 224 * 3).fill(stream.integer(256)),
    });
    const draw = (seed: number) => second!.draw(example, random(seed, 'second'), { transform });
    expect(second!.shape).toEqual([224, 224, 3]);
    expect(draw(1)).toEqual(draw(1));
    // The mean and standard deviation of CLIP's red channel, at the drawn level.
    const level = random(1, 'second').integer(256);
    expect(draw(1)[0]).toBeCloseTo((level / 255 - 0.48145466) / 0.26862954, 5);
    expect(() => second!.draw(example, random(1, 'second'))).toThrow('without the training transform');
  });

  it("alone loses patches, in FLIP's numbers; with ratio 0 it loses none", () => {
    expect(Object.keys(objective.inputs(model, defaults))).toEqual(['second']);
    const { kept } = objective.inputs(model, { ...defaults, ratio: 0.75 });
    expect(kept!.shape).toEqual([49]);
  });
});
