import { Compiled } from '@medbench/backends-compiled';
import { Wasm } from '@medbench/backends-wasm';
import { Clip } from '@medbench/methods-clip';
import { Coca } from '@medbench/methods-coca';
import { Declip } from '@medbench/methods-declip';
import { Filip } from '@medbench/methods-filip';
import { Flip } from '@medbench/methods-flip';
import { Gloria } from '@medbench/methods-gloria';
import { MaskedCl } from '@medbench/methods-masked-cl';
import { Slip } from '@medbench/methods-slip';
import { prepareRow } from '@medbench/training';
import { beforeAll, describe, expect, it } from 'vitest';
import { selected } from './support/full.js';
import {
  createRow,
  largestDifference,
  model,
  ROWS,
  STUDY_ROWS,
  sameBytes,
  TRAINING,
  trainOn,
} from './support/methods.js';

const norm = (values: ArrayLike<number>): number => {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]! ** 2;
  return Math.sqrt(sum);
};

const STEPS = 6;
/** One training of each row is checked against the eager reference. The others are compared with it or each other. */
const UNCHECKED = { selfCheck: false };

const compiled = new Compiled();
const towers = model.parameters.map(({ name }) => name);

/**
 * Together: a frozen part, two terms and a projection head, a teacher, dropped patches, a decoder, another scale, a queue
 * with batch norms, and micro-batches. tests/method-steps.test.ts checks a step of every row beside PyTorch.
 */
const SAMPLE = [
  ...['clip-partial', 'slip', 'masked-cl, ema', 'flip', 'coca', 'filip', 'declip'],
  'unimodal-image, as trained',
];

describe.each(selected('training of', [...ROWS, ...STUDY_ROWS], SAMPLE))('training of %s', (_row, Row, given) => {
  let row: ReturnType<typeof createRow>;
  let once: Awaited<ReturnType<typeof trainOn>>;
  beforeAll(async () => {
    row = createRow(Row, given);
    once = await trainOn(compiled, row, STEPS);
  }, 300_000);

  it(`changes the trained parameters and, after ${STEPS} steps, no bit of any other`, () => {
    for (const { name, buffer } of row.parameters) {
      const moved = largestDifference(row.start[name]!, once.weights[name]!);
      // Buffers of a method, such as a queue, change too.
      if (buffer || row.step.trainable.includes(name)) expect(moved, name).toBeGreaterThan(0);
      else expect(moved, name).toBe(0);
    }
  });

  it('is identical in two runs, to the last bit', async () => {
    const twice = await trainOn(compiled, createRow(Row, given), STEPS, UNCHECKED);
    expect(twice.losses).toEqual(once.losses);
    for (const [name, { data }] of Object.entries(once.weights))
      expect(sameBytes(twice.weights[name]!.data, data), name).toBe(true);
  }, 300_000);

  it('in chunks gives the gradient of the whole batch', async () => {
    // After one step, the moments are the clipped gradients times a constant.
    const chunks = await trainOn(compiled, createRow(Row, given, { chunkSize: 2 }), 1, UNCHECKED);
    expect(Math.abs(chunks.losses[0]! - once.losses[0]!)).toBeLessThan(1e-5 * Math.abs(once.losses[0]!));
    for (const [name, moment] of Object.entries(once.first)) {
      if (!name.startsWith('moment1/')) continue;
      const other = chunks.state[name]!.data;
      const apart = norm(Array.from(moment.data, (value, i) => value - other[i]!));
      expect(apart / norm(moment.data), name).toBeLessThan(1e-5);
    }
  }, 300_000);
});

describe('a method with weight 0 for its addition equals the baseline to the last bit', () => {
  // Without clipping: it would sum the same squared gradients in another order.
  const training = { clipNorm: null };
  let baseline: Awaited<ReturnType<typeof trainOn>>;
  beforeAll(async () => {
    baseline = await trainOn(new Wasm(), createRow(Clip, {}, training), 3);
  });

  const additions = [
    ['slip', Slip, { lambda: 0, hidden: 8, output: 8 }],
    ['masked-cl', MaskedCl, { lambda: 0, hidden: 8, output: 8 }],
    ['masked-cl, pixels', MaskedCl, { lambda: 0, target: 'pixels' }],
    ['flip without drops', Flip, { ratio: 0 }],
    ['coca', Coca, { caption: 0, queries: 2 }],
    ['filip', Filip, { lambda: 0, width: 8 }],
    ['gloria', Gloria, { lambda: 0, width: 8 }],
    ['declip', Declip, { image: 0, text: 0, neighbour: 0, hidden: 8, output: 8, queue: 8 }],
  ] as const;
  // A second view, dropped patches, a decoder on the tokens, and several additions.
  const sample = ['slip', 'flip without drops', 'coca', 'declip'];
  it.each(selected('a method with weight 0', additions, sample))('%s', async (_name, Row, given) => {
    const trained = await trainOn(new Wasm(), createRow(Row, given, training), 3);
    expect(trained.losses).toEqual(baseline.losses);
    for (const name of towers)
      expect(sameBytes(trained.weights[name]!.data, baseline.weights[name]!.data), name).toBe(true);
  });
});

describe('the EMA teacher of masked-cl', () => {
  it('follows the weights with its momentum, and gets no gradient', async () => {
    const row = createRow(MaskedCl, { target: 'ema', momentum: 0.75 });
    const { state } = await trainOn(compiled, row, 1);
    const initial = row.step.initialState(row.start);
    for (const [name, average] of Object.entries(state)) {
      if (!name.startsWith('teacher/')) continue;
      const group = name.slice('teacher/'.length);
      const [before, after] = [initial[`trained/${group}`]!, state[`trained/${group}`]!];
      // One expectation for a tensor: one for each of its entries takes a minute.
      const data = before.data.map((value, i) => 0.75 * value + 0.25 * after.data[i]!);
      expect(largestDifference(average, { ...average, data }), group).toBeLessThan(1e-6);
    }
  });
});

describe('flip', () => {
  it('has a single phase on a part of the patches if nothing is left for an end', () => {
    const { method, settings } = createRow(Flip, { ratio: 0.5, tuning: 0 });
    const request = { row: 'flip', method, settings, start: 'scratch', training: TRAINING } as const;
    const { phases, setup } = prepareRow(model, request);
    expect(phases.map(({ until, step }) => [until, step.inputs.kept!.shape])).toEqual([[TRAINING.steps, [8]]]);
    expect(setup.phases).toEqual([TRAINING.steps]);
  });

  it('ends with a phase on all patches', () => {
    const { method, settings } = createRow(Flip, {});
    const phases = method.phases(settings);
    expect(phases.map(({ share }) => share)).toEqual([0.97, 0.03]);
    expect(phases[1]!.settings.ratio).toBe(0);
    expect(method.inputs(model, phases[1]!.settings)).toEqual({});
    // A quarter of the 16 patches.
    expect(method.inputs(model, phases[0]!.settings).kept!.shape).toEqual([4]);
  });
});
