import type { RasterImage } from '@medbench/core';
import { describe, expect, it } from 'vitest';
import { streamCase } from './cases.js';
import { MODELS } from './modalities/index.js';
import { type Factors, PHANTOM_MODALITIES, type PhantomModality } from './model.js';

const SIZE = 48;
const NONE = { finding: 'none', side: 'none', size: 'none', level: 'none' };

const draw = (modality: PhantomModality, index: number, fixed: Factors): RasterImage =>
  streamCase(6, 'images', index, modality, fixed).render(SIZE);

/** The pixels that differ between two images: position (x, y in 0..1) and largest difference of a channel. */
function changes(a: RasterImage, b: RasterImage) {
  const changed: { x: number; y: number; amount: number }[] = [];
  for (let i = 0; i < SIZE * SIZE; i++) {
    let amount = 0;
    for (let c = 0; c < a.channels; c++)
      amount = Math.max(amount, Math.abs(a.data[i * a.channels + c]! - b.data[i * a.channels + c]!));
    if (amount > 0) changed.push({ x: ((i % SIZE) + 0.5) / SIZE, y: (Math.floor(i / SIZE) + 0.5) / SIZE, amount });
  }
  return changed;
}

describe.each(PHANTOM_MODALITIES)('the image of %s', (modality) => {
  const model = MODELS[modality];
  const kinds = model.factors.find(({ name }) => name === 'finding')!.values.slice(1);

  it('shows a finding clearly, and on its own side alone', () => {
    for (const finding of kinds) {
      for (const side of ['left', 'right']) {
        for (const size of ['small', 'large']) {
          for (let i = 0; i < 6; i++) {
            const level = i % 2 ? 'upper' : 'lower';
            const changed = changes(draw(modality, i, NONE), draw(modality, i, { finding, side, size, level }));
            const name = `${finding} ${side} ${size} ${level} ${i}`;
            for (const { x } of changed) expect(side === 'left' ? x : 1 - x, name).toBeLessThan(0.5);
            expect(changed.filter(({ amount }) => amount > 25).length, name).toBeGreaterThanOrEqual(5);
            expect(changed.length, name).toBeLessThan(0.2 * SIZE * SIZE);
          }
        }
      }
    }
  });

  it('shows its rare factor clearly, and in one region alone', () => {
    for (let i = 0; i < 6; i++) {
      const off = draw(modality, i, { ...NONE, [model.rare.name]: 'absent' });
      const changed = changes(off, draw(modality, i, { ...NONE, [model.rare.name]: 'present' }));
      expect(changed.filter(({ amount }) => amount > 25).length).toBeGreaterThanOrEqual(30);
      expect(changed.length).toBeLessThan(0.35 * SIZE * SIZE);
    }
  });

  it('does not change when no factor changes', () => {
    expect(changes(draw(modality, 0, NONE), draw(modality, 0, { ...NONE }))).toHaveLength(0);
  });

  it('reveals its global factor on unseen images to a nearest-centroid classifier of 6 x 6 block means', () => {
    const [off, on] = model.factors.find(({ name }) => name === model.global.name)!.values as [string, string];
    const blocks = (image: RasterImage): Float64Array => {
      const means = new Float64Array(36 * image.channels);
      for (let i = 0; i < SIZE * SIZE; i++) {
        const block = 6 * Math.floor(i / SIZE / 8) + Math.floor((i % SIZE) / 8);
        for (let c = 0; c < image.channels; c++)
          means[block * image.channels + c]! += image.data[i * image.channels + c]! / 64;
      }
      return means;
    };
    const set = (stream: string, count: number) =>
      Array.from({ length: count }, (_, i) => {
        const example = streamCase(7, stream, i, modality, { [model.global.name]: i % 2 ? on : off });
        return blocks(example.render(SIZE));
      });
    const train = set('centroid/train', 80);
    const mean = (parity: number) =>
      train[0]!.map((_, block) => train.reduce((sum, row, i) => (i % 2 === parity ? sum + row[block]! / 40 : sum), 0));
    const centroids = [mean(0), mean(1)];
    const distance = (a: Float64Array, b: Float64Array) => a.reduce((sum, value, i) => sum + (value - b[i]!) ** 2, 0);
    const test = set('centroid/test', 100);
    const right = test.filter((row, i) => distance(row, centroids[i % 2]!) < distance(row, centroids[1 - (i % 2)]!));
    // By chance 50 of 100 are right, with a standard error of 5.
    expect(right.length).toBeGreaterThanOrEqual(75);
  });
});
