import type { Catalogue } from '@medbench/core/catalogue';
import type { Plan } from '@medbench/runner';
import { describe, expect, it } from 'vitest';
import type { RowPlan } from '../row-plan.js';
import { costRun } from './costs.js';
import { fitRun, largestBelow } from './fit.js';
import type { Measurements } from './measure/record.js';

it('finds the largest number below a limit', () => {
  const square = (n: number): number => n * n;
  expect(largestBelow(1000, 100, square)).toBe(10);
  expect(largestBelow(1000, 99.9, square)).toBe(9);
  expect(largestBelow(5, 100, square)).toBe(5);
  expect(largestBelow(5, 0.5, square)).toBeUndefined();
});

const STEPS = 100_000;
const ROW = { kind: 'method', id: 'clip-scratch' } as const;
const plan = {
  config: {
    ...{ seeds: [0], keepEmbeddings: true, encoders: { image: 'vit-b-16', text: 'gpt-77' } },
    training: {
      ...{ steps: STEPS, batchSize: 512, chunkSize: 32, warmup: 1000, checkpointEvery: STEPS },
      validation: { share: 0, batches: null, batchSize: null, every: 500 },
    },
    general: { weights: 'released', steps: 1 },
  },
  ...{ rows: [ROW], tasks: [], corpora: [], validation: null, cells: [] },
} as unknown as Plan;
const rows: RowPlan[] = [{ ...ROW, trainings: 1, cells: 0, steps: STEPS, start: 'scratch' }];
/** A step takes half a second for each of 8 pairs: 256 s for 512. */
const measurements: Measurements = {
  ...{ processes: 1, startUp: 0, missing: [], imageSize: 224, seconds: 1, smaller: [] },
  sample: { steps: 3, batchSize: 8, examples: 100, embedded: 64 },
  gather: { phases: {}, rows: 1, bytes: 0, leaks: {} },
  units: [
    {
      ...{ row: 'clip-scratch', phases: {}, cells: [], failures: {} },
      training: { batchSize: 8, stepMs: 4000, waitMs: 0, later: [], weightBytes: 600, stateBytes: 1800 },
    },
  ],
};
const catalogue = {} as Catalogue;
const options = { jobs: 1, watts: 65 };
const fit = (hours: number, given: Measurements = measurements) =>
  fitRun(plan, catalogue, rows, given, { ...options, hours });

describe('costs of one row', () => {
  it('are its steps, with energy by the power and disk by the weights', () => {
    const costs = costRun(plan, catalogue, rows, measurements, options);
    expect(costs.seconds).toBe(256 * STEPS);
    expect(costs.rows).toEqual([
      { id: 'clip-scratch', stepMs: 256_000, training: 256 * STEPS, evaluation: 0, total: 256 * STEPS },
    ]);
    expect(costs.energy).toEqual({ joules: 65 * 256 * STEPS, watts: 65, from: 'assumed' });
    expect(costs.disk).toMatchObject({ weights: 600, whileTraining: 1800 });
  });

  it('are by the counters where they could be read', () => {
    const [unit] = measurements.units;
    const units = [{ ...unit!, training: { ...unit!.training!, watts: 40 } }];
    const { energy } = costRun(plan, catalogue, rows, { ...measurements, units }, options);
    expect(energy).toEqual({ joules: 40 * 256 * STEPS, watts: 40, from: 'counters' });
  });
});

describe('fitRun', () => {
  it('changes nothing that fits', () => {
    expect(fit(8000)).toMatchObject({ settings: [], givenUp: [], seconds: 256 * STEPS });
  });

  it('takes fewer steps first', () => {
    // 100 h are 1,406 steps of 256 s.
    const { settings, seconds, givenUp } = fit(100);
    expect(settings).toEqual(['training.steps=1400', 'training.warmup=14']);
    expect(seconds).toBe(1400 * 256);
    expect(givenUp).toEqual(['1 % of the pairs are seen: 716,800 of 51,200,000']);
  });

  it('halves the batch where 500 steps of it do not fit', () => {
    // 20 h are 281 steps of 512 pairs, and 562 of 256.
    const { settings, givenUp } = fit(20);
    expect(settings).toEqual(['training.steps=560', 'training.warmup=5', 'training.batchSize=256']);
    expect(givenUp[1]).toBe('255 other pairs in a batch to tell a pair from, in place of 511');
  });

  it('takes smaller towers last, which start from scratch', () => {
    // 1 h is 225 steps of 32 pairs, 16 s each; towers of a tenth do 2,250, and 562 of 128 pairs, 6.4 s each.
    const smaller = [{ image: 'vit-small', share: 0.1 }];
    expect(fit(1).settings).toContain('training.steps=220');
    const { settings, givenUp } = fit(1, { ...measurements, smaller });
    expect(settings).toContain('encoders.image=vit-small');
    expect(settings).toContain('training.steps=560');
    expect(settings).toContain('training.batchSize=128');
    expect(settings).toContain('general.weights=null');
    expect(givenUp.join()).toContain('vit-small in place of vit-b-16');
  });

  it('says so if nothing fits', () => {
    const { settings, seconds, givenUp } = fit(0.001);
    expect([settings, seconds]).toEqual([[], undefined]);
    expect(givenUp[0]).toMatch(/^nothing fits/);
  });
});
