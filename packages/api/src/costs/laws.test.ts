import { describe, expect, it } from 'vitest';
import { fillEmbedding, scaleCell, scaleTowers, scaleTraining } from './laws.js';
import type { MeasuredCell, MeasuredUnit, Measurements } from './measure/record.js';

const cell: MeasuredCell = {
  task: 't',
  phases: { 'opening data': 7, compiling: 1, 'linear-probe': 2, statistics: 0.5 },
  images: { asked: 100, embedded: 50, reading: 1, embedding: 3 },
  texts: { asked: 10, embedded: 10, reading: 0, embedding: 0.5 },
  ...{ arrays: [], trainsTowers: [], total: 1000, used: 100, bytes: 0 },
};

describe('scaleCell', () => {
  it('scales images by what was asked and by the examples, and leaves prompts, compiling and opening as they are', () => {
    // 100 asked of 50 embedded, at 10 times the examples: 20 times the seconds.
    expect(scaleCell(cell, 'classification', 1000, 0)).toEqual({
      seconds: 1 + 10 * 2 + 10 * 0.5 + 20 * 3 + 0.5,
      opening: 7,
      reading: 20,
    });
  });

  it('scales captions with the examples, and ranks with their square', () => {
    const retrieval = { ...cell, phases: { retrieval: 0.25 } };
    expect(scaleCell(retrieval, 'retrieval', 1000, 0).seconds).toBe(100 * 0.25 + 20 * 3 + 10 * 0.5);
  });

  it('counts a training step for each example and epoch of a protocol that trains the towers', () => {
    const trains = { ...cell, trainsTowers: [{ protocol: 'p', examples: 60, epochs: 3 }] };
    const [whole, without] = [trains, cell].map((one) => scaleCell(one, 'vqa', 1000, 0.2).seconds);
    expect(whole! - without!).toBeCloseTo(3 * 600 * 0.2, 9);
  });
});

it('lists that were not embedded take the rate of the others', () => {
  const none = { asked: 200, embedded: 0, reading: 0, embedding: 0 };
  const [first, second] = fillEmbedding([cell, { ...cell, images: none }]);
  expect(first).toEqual(cell);
  // 3 s for 50 images are 12 s for 200; the texts are those of the cell.
  expect(scaleCell(second!, 'classification', 100, 0)).toMatchObject({ seconds: 1 + 2 + 0.5 + 12 + 0.5, reading: 4 });
});

const training = { batchSize: 32, stepMs: 100, waitMs: 20, weightBytes: 0, stateBytes: 0 };
const unit = {
  ...{ row: 'r', cells: [], failures: {} },
  phases: { compiling: 2, 'first step, self-check': 9, other: 1, 'waiting for batches': 0.5, checkpoints: 0.3 },
};
const length = { batchSize: 32, checkpointEvery: 100, validatedPairs: 0 };

describe('scaleTraining', () => {
  it('is set-up, steps and checkpoints', () => {
    const scaled = scaleTraining({ ...unit, training: { ...training, later: [] } }, { ...length, phases: [1000] }, 5);
    // The check is in the cache by then: two steps. Of the waits, 5 x 20 ms are those of steady steps.
    expect(scaled.setUp).toBeCloseTo(2 + 1 + 2 * 0.1 + 0.4, 9);
    expect(scaled.steps).toBeCloseTo(1000 * 0.12, 9);
    // After steps 100 to 900, and at the end.
    expect(scaled.checkpoints).toBeCloseTo(10 * 0.3, 9);
    expect(scaled.total).toBeCloseTo(scaled.setUp + 120 + 3, 9);
  });

  it('scales a step with the pairs of the batch, whose program is then checked anew', () => {
    const large = { ...length, batchSize: 512, phases: [10] };
    const scaled = scaleTraining({ ...unit, training: { ...training, later: [] } }, large, 5);
    expect(scaled.step).toBeCloseTo(0.12 * 16, 9);
    expect(scaled.setUp).toBeCloseTo(2 + 9 + 1 + 0.4, 9);
  });

  it('adds up phases with steps of their own', () => {
    const later = [{ load: 1, first: 0.1, stepMs: 400 }];
    const scaled = scaleTraining({ ...unit, training: { ...training, later } }, { ...length, phases: [90, 10] }, 5);
    expect(scaled.steps).toBeCloseTo(90 * 0.12 + 10 * 0.42, 9);
    expect(scaled.step).toBeCloseTo(0.12, 9);
  });

  it('counts the forward pass of validated pairs', () => {
    const validated = { ...length, phases: [10], validatedPairs: 3200 };
    const scaled = scaleTraining({ ...unit, training: { ...training, later: [] } }, validated, 5);
    expect(scaled.validation).toBeCloseTo((100 * 0.12) / 3, 9);
  });
});

it('faster towers change steps and embedding alone', () => {
  const measured: MeasuredUnit = { ...unit, training: { ...training, later: [] }, cells: [cell] };
  const { units } = scaleTowers({ units: [measured] } as unknown as Measurements, 0.25);
  expect(units[0]!.training).toMatchObject({ stepMs: 25, waitMs: 20 });
  expect(units[0]!.cells[0]).toMatchObject({ images: { reading: 1, embedding: 0.75 }, phases: cell.phases });
});
