import { readFileSync } from 'node:fs';
import type { HostTensor, HostTensors } from '@medbench/core';
import { gptModel } from '@medbench/encoders-gpt';
import { vitModel } from '@medbench/encoders-vit';
import { dualEncoder } from '@medbench/nn';
import { gradientError, scattered, type TowerOracle, weightByFormula } from '@medbench/nn/testing';
import { trainingStep } from '@medbench/training';
import { beforeAll, describe, expect, it } from 'vitest';
import { backends } from './support/backends.js';
import { composed, ROWS, rowSettings, TRAINING } from './support/methods.js';

/** One training step by PyTorch (`scripts/oracles/method_steps.py`). */
interface Step {
  readonly loss: number;
  readonly gradients: TowerOracle['gradients'];
  /** Norm of the change of each parameter, and its last value after the step. */
  readonly moved: Readonly<Record<string, readonly [number, number]>>;
}
const oracle: Readonly<Record<string, Step>> = JSON.parse(
  readFileSync(new URL('fixtures/method-steps.json', import.meta.url), 'utf8'),
);

const [BATCH, SIDE, PATCHES] = [8, 16, 16];
const sizes = { width: 64, layers: 1, embedDim: 16 };
const model = dualEncoder(
  vitModel({ id: 'oracle', imageSize: SIDE, patchSize: 4, ...sizes }),
  gptModel({ id: 'oracle', contextLength: 12, vocabSize: 40, ...sizes }),
);

/** The oracle's images: `[8, 3, 16, 16]` in PyTorch, `[8, 16, 16, 3]` here. */
function images(offset: number): HostTensor {
  const plane = SIDE * SIDE;
  const data = Float32Array.from({ length: BATCH * plane * 3 }, (_, i) => {
    const [b, p, c] = [Math.floor(i / (3 * plane)), Math.floor((i % (3 * plane)) / 3), i % 3];
    return scattered((b * 3 + c) * plane + p, offset);
  });
  return { shape: [BATCH, SIDE, SIDE, 3], dtype: 'float32', data };
}

const whole = (rows: readonly (readonly number[])[]): HostTensor => ({
  shape: [rows.length, rows[0]!.length],
  dtype: 'int32',
  data: Int32Array.from(rows.flat()),
});
const padded = (...ids: number[]): number[] => [...ids, ...Array<number>(12 - ids.length).fill(0)];
const WORDS = [
  [5, 9],
  [1],
  [3, 4, 5, 6, 7, 8, 9, 10, 11, 12],
  [7, 7, 2],
  [30, 4, 4, 11],
  [2, 19],
  [8],
  [21, 33, 6, 14, 1],
];
const ids = whole(WORDS.map((words) => padded(38, ...words, 39)));
const order = [
  [3, 1],
  [5, 2],
  [7, 0],
  [11, 4],
  [13, 3],
  [9, 6],
  [15, 8],
  [1, 5],
].map(([step, start]) => Array.from({ length: PATCHES }, (_, i) => (i * step! + start!) % PATCHES));
const kept = (from: number, to: number): HostTensor =>
  whole(order.map((row) => row.slice(from, to).sort((a, b) => a - b)));

/** Drawn inputs of each row. */
const INPUTS: Readonly<Record<string, HostTensors>> = {
  slip: { first: images(100), second: images(200) },
  declip: { first: images(100), second: images(200) },
  'masked-cl, view': { first: kept(0, 8), second: kept(5, 13) },
  'masked-cl, ema': { order: whole(order) },
  'masked-cl, pixels': { order: whole(order) },
  flip: { kept: kept(0, 4) },
};
/** The oracle drops three quarters of the patches, and its towers have one block. */
const SETTINGS: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  flip: { ratio: 0.75 },
  'clip-partial': { blocks: 1 },
  'clip-partial, text': { blocks: 1 },
};
/**
 * Parameters whose gradient is zero in exact arithmetic and noise in floating point: biases that a batch norm or a
 * softmax cancels.
 */
const NOTHING = /image_mlp\.layer[12]\.bias$|predictor\.layer1\.bias$|declip\.image_mlp\.layer3\.bias$/;

const rows = ROWS.filter(([name]) => oracle[name]);

it('the oracle has every row except clip-scratch, which is clip with other starting weights', () => {
  expect(ROWS.map(([name]) => name).filter((name) => !oracle[name])).toEqual(['clip-scratch']);
});

describe.each(backends)('on %s, one step agrees with PyTorch', (_id, backend) => {
  describe.each(rows)('%s', (name, Row, given) => {
    const expected = oracle[name]!;
    let loss: number;
    let gradients: HostTensors;
    let before: HostTensors;
    let after: HostTensors;
    beforeAll(async () => {
      const method = composed(Row);
      const settings = rowSettings(Row, { ...given, ...SETTINGS[name] });
      const parameters = [...model.parameters, ...method.parameters(model, settings)];
      // The oracle uses the parameter names of the objectives, without the prefix of the sum.
      const byOwnName = (values: HostTensors): HostTensors =>
        Object.fromEntries(parameters.map(({ name: joint, stream = joint }) => [stream, values[joint]!]));
      const training = { ...TRAINING, batchSize: BATCH, warmup: 0, clipNorm: null };
      const step = trainingStep({ name, model, method, settings, parameters, training });
      const start = Object.fromEntries(
        parameters.map(({ name: joint, stream = joint, shape }) => [joint, weightByFormula(stream, shape)]),
      );
      const session = await step.load(backend, step.initialState(start));
      const drawn = Object.entries(step.inputs).map(
        ([input, { stream = input }]) => [`input/${input}`, INPUTS[name]![stream]!] as const,
      );
      const outputs = await session.step({ images: images(0), ids, ...Object.fromEntries(drawn) });
      const state = await session.readState();
      await session.dispose();
      loss = outputs.loss!.data[0]!;
      before = byOwnName(start);
      after = byOwnName(step.parametersOf(state));
      // After one step from zero moments, the first moment is a tenth of the gradient.
      const moments = Object.entries(state).flatMap(([entry, { shape, data }]) =>
        entry.startsWith('moment1/')
          ? [
              [
                entry.replace('moment1/', 'trained/'),
                { shape, dtype: 'float32', data: data.map((m) => m * 10) },
              ] as const,
            ]
          : [],
      );
      gradients = byOwnName(step.parametersOf({ ...state, ...Object.fromEntries(moments) } as HostTensors));
    });

    it('in the loss', () => expect(Math.abs(loss - expected.loss)).toBeLessThan(1e-4 * Math.abs(expected.loss)));

    it('in the gradient of every parameter', () => {
      for (const parameter of Object.keys(expected.gradients)) {
        if (NOTHING.test(parameter)) continue;
        expect(gradientError(gradients[parameter]!.data, expected, parameter), parameter).toBeLessThan(1e-4);
      }
    });

    it('in the AdamW update of every parameter, and in the frozen parameters', () => {
      for (const [parameter, { data }] of Object.entries(before)) {
        const updated = after[parameter]!.data;
        const moved = expected.moved[parameter];
        if (!moved) expect(updated, parameter).toEqual(data);
        else if (!NOTHING.test(parameter)) {
          const change = Math.hypot(...Array.from(updated, (value, i) => value - data[i]!));
          // An element with zero gradient moves by the sign of its rounding error.
          expect(Math.abs(change - moved[0]) / moved[0], parameter).toBeLessThan(1e-2);
          expect(Math.abs(updated.at(-1)! - moved[1]), parameter).toBeLessThan(1e-4);
        }
      }
    });
  });
});
