import { use } from '@medbench/core';
import { expect, it } from 'vitest';
import { Declip } from './index.js';

const rest = { queue: 24, hidden: 32, output: 16, crop: 0.3 } as const;

it('declip gives CLIP the weight that the three other losses leave of 1', () => {
  const [clip, views, words, nearest] = new Declip().objectives({
    image: 0.25,
    text: 0.25,
    neighbour: 0.125,
    ...rest,
  });
  expect(clip).toEqual(use('clip', { weight: 0.375 }));
  expect(views).toEqual(use('simsiam-views', { weight: 0.25, hidden: 32, output: 16, crop: 0.3 }));
  expect(words).toEqual(use('causal-lm', { weight: 0.25 }));
  expect(nearest).toEqual(use('nearest-text', { weight: 0.125, queue: 24 }));
});

it('declip refuses weights that add up to more than 1', () => {
  const run = () => new Declip().objectives({ image: 0.5, text: 0.5, neighbour: 0.2, ...rest });
  expect(run).toThrow('together more than 1');
});
