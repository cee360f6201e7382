import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Wasm } from '@medbench/backends-wasm';
import { XlaCpu } from '@medbench/backends-xla';
import type { Backend, Precision } from '@medbench/core';
import { MaskedCl } from '@medbench/methods-masked-cl';
import { beforeAll, describe, expect, it } from 'vitest';
import { full, nightly, selected } from './support/full.js';
import {
  createRow,
  gradientsApart,
  mostDifferentParameter,
  ROWS,
  resnet,
  roundToBfloat16,
  STUDY_ROWS,
  sameBytes,
  trainingCache,
  trainOn,
} from './support/methods.js';

const backend = new XlaCpu();
const { available, reason, remedy } = await backend.status();
if (!available) console.warn(`Not tested on xla-cpu: ${reason}. To test it: ${remedy}`);

const STEPS = full ? 20 : 8;
/** With the study's learning rate and the warm-up of a default run, so that rounding is not amplified. */
const SLOW = { steps: 600, warmup: 50, learningRate: 5e-5 };
const UNCHECKED = { selfCheck: false };

/** The rows that work on patches need a ViT. */
const NEEDS_PATCHES = /^masked-cl|^flip/;
const cases = [
  ...[...ROWS, ...STUDY_ROWS].map(([name, Row, given]) => [`ViT, ${name}`, Row, given, undefined] as const),
  ...ROWS.filter(([name]) => !NEEDS_PATCHES.test(name)).map(
    ([name, Row, given]) => [`ResNet, ${name}`, Row, given, resnet] as const,
  ),
];

/**
 * Largest difference of the gradients in bfloat16, as a multiple of that in float32 on weights that are rounded to bfloat16
 * once: what the row itself makes of such a rounding.
 */
const MORE_THAN_ROUNDING = 4;
/**
 * Largest difference of the gradients in bfloat16. What jumps turns a rounding e before it into one of √e behind it: the
 * slope of a ReLU after a batch norm, in a head or in the tower, and the choice of the most similar token or text.
 */
const GRADIENTS = { smooth: 0.05, jumping: 0.35 };
const JUMPING = /^ResNet, (?!clip-locked, image)|slip|masked-cl, view|declip|filip/;

describe.skipIf(!available)('training on XLA, on the CPU', () => {
  // With batch norms in its tower.
  describe.each(selected('trainings', cases, ['ResNet, clip']))('%s', (_name, Row, given, towers) => {
    const row = (training = {}) => createRow(Row, given, { ...SLOW, ...training }, towers);

    let found: Awaited<ReturnType<typeof trainOn>>;
    let expected: typeof found;
    beforeAll(async () => {
      if (!available) return;
      found = await trainOn(backend, row(), STEPS, UNCHECKED);
      expected = await trainOn(new Wasm(), row(), STEPS);
    });

    it(`equals the eager reference over ${STEPS} steps, to 1e-4 in loss and in every weight`, () => {
      for (const [i, loss] of expected.losses.entries())
        expect(Math.abs(found.losses[i]! - loss), `step ${i}`).toBeLessThan(1e-4 * Math.max(1, Math.abs(loss)));
      const worst = mostDifferentParameter(found.weights, expected.weights, /^$/);
      expect(worst.by, worst.name).toBeLessThan(1e-4);
    });

    it('has the gradients of the eager reference in the first step, to 1e-4', () => {
      expect(gradientsApart(found.first, expected.first)).toBeLessThan(1e-4);
    });
  });

  // On every change, the backend's own test of precisions trains a small program so.
  describe.each(selected('bfloat16', cases, []))('%s', (name, Row, given, towers) => {
    it('has the gradients of float32 in bfloat16, but for what the rounding of the weights alone changes', async () => {
      const row = createRow(Row, given, SLOW, towers);
      const first = async (precision: Precision, start = row.start) =>
        (await trainOn(backend, { ...row, start }, 1, { ...UNCHECKED, precision })).state;
      const expected = await first('float32');
      const rounding = gradientsApart(await first('float32', roundToBfloat16(row.start)), expected);
      const found = gradientsApart(await first('bfloat16'), expected);
      console.info(`${name}, bfloat16: gradients ${found.toFixed(3)}, by rounded weights ${rounding.toFixed(3)}`);
      expect(found).toBeGreaterThan(1e-4);
      expect(found).toBeLessThan(MORE_THAN_ROUNDING * rounding);
      expect(found).toBeLessThan(JUMPING.test(name) ? GRADIENTS.jumping : GRADIENTS.smooth);
    });

    it.runIf(full)('passes the self-check of the first step in bfloat16', async () => {
      const lines: string[] = [];
      const log = (line: string) => lines.push(line);
      await trainOn(backend, createRow(Row, given, SLOW, towers), 1, { precision: 'bfloat16', log });
      const agreed = lines.find((line) => /agree[sd] with the eager reference/.test(line));
      expect(agreed).toBeDefined();
      console.info(`${name}, bfloat16: ${agreed}`);
    });
  });

  describe.runIf(full)('clip', () => {
    const [, Row, given] = ROWS[0]!;

    it('equals the eager reference over 50 steps, to 1e-4 in loss and 1e-5 in every weight', async () => {
      const found = await trainOn(backend, createRow(Row, given, SLOW), 50, UNCHECKED);
      const expected = await trainOn(new Wasm(), createRow(Row, given, SLOW), 50);
      const apart = expected.losses.map((loss, i) => Math.abs(found.losses[i]! - loss) / Math.abs(loss));
      const worst = mostDifferentParameter(found.weights, expected.weights, /^$/);
      console.info(
        `50 steps of clip: losses ${Math.max(...apart).toExponential(1)}, weights ${worst.by.toExponential(1)}`,
      );
      expect(Math.max(...apart)).toBeLessThan(1e-4);
      expect(worst.by, worst.name).toBeLessThan(1e-5);
    });

    it('takes no more memory after 1,000 steps than after 100, to 3 %', async () => {
      setFlagsFromString('--expose-gc');
      const collect = runInNewContext('gc') as () => void;
      const memory = (): number => {
        collect();
        return process.memoryUsage.rss();
      };
      const row = createRow(Row, given, SLOW);
      const session = await row.step.load(backend, row.step.initialState(row.start), UNCHECKED);
      const batches = await Promise.all([0, 1, 2, 3].map(row.load));
      let before = 0;
      for (let i = 0; i < 1000; i++) {
        if (i === 100) before = memory();
        const batch = { ...batches[i % batches.length]! };
        await session.send!(batch);
        await session.step(batch);
      }
      const growth = memory() / before - 1;
      await session.dispose();
      console.info(
        `1,000 steps of clip: resident memory ${(before / 2 ** 20).toFixed(0)} MiB ${(100 * growth).toFixed(2)} %`,
      );
      expect(growth).toBeLessThan(0.03);
    });
  });

  nightly('in chunks has the gradient of the whole batch', async () => {
    const [, Row, given] = ROWS[0]!;
    const whole = await trainOn(new Wasm(), createRow(Row, given, { clipNorm: null }), 1);
    const chunks = await trainOn(backend, createRow(Row, given, { clipNorm: null, chunkSize: 2 }), 1, UNCHECKED);
    expect(Math.abs(chunks.losses[0]! - whole.losses[0]!)).toBeLessThan(1e-5 * Math.abs(whole.losses[0]!));
    expect(gradientsApart(chunks.state, whole.state)).toBeLessThan(1e-5);
  });

  nightly('moves the average of a teacher, and evaluates both losses, as the eager reference', async () => {
    const measure = async (on: Backend) => {
      const row = createRow(MaskedCl, { target: 'ema', momentum: 0.75 });
      const session = await row.step.load(on, row.step.initialState(row.start), UNCHECKED);
      await session.step(await row.load(0));
      const batch = await row.load(1);
      const { images, ids } = batch;
      const losses = [await session.evaluate(batch), await session.evaluate({ images: images!, ids: ids! }, 'clip')];
      const state = await session.readState();
      await session.dispose();
      const teacher = Object.entries(state).filter(([name]) => name.startsWith('teacher/'));
      return { losses, teacher: Object.fromEntries(teacher) };
    };
    const [found, expected] = [await measure(backend), await measure(new Wasm())];
    for (const [i, loss] of expected.losses.entries())
      expect(Math.abs(found.losses[i]! - loss)).toBeLessThan(1e-5 * Math.abs(loss));
    expect(Object.keys(found.teacher).length).toBeGreaterThan(0);
    const worst = mostDifferentParameter(found.teacher, expected.teacher, /^$/);
    expect(worst.by, worst.name).toBeLessThan(1e-6);
  });

  describe('a training that is interrupted', () => {
    const [, Row, given] = ROWS[0]!;
    const row = createRow(Row, given);
    let whole: Awaited<ReturnType<typeof trainOn>>;
    beforeAll(async () => {
      if (available) whole = await trainOn(backend, row, 8, UNCHECKED);
    });

    it('resumes to the same bits from the cached executable', async () => {
      let state = row.step.initialState(row.start);
      const lines: string[] = [];
      for (const [from, to] of [
        [0, 5],
        [5, 8],
      ] as const) {
        const options = { ...UNCHECKED, cache: trainingCache(), log: (line: string) => lines.push(line) };
        const session = await row.step.load(backend, state, options);
        for (let i = from; i < to; i++) await session.step(await row.load(i));
        state = await session.readState();
        await session.dispose();
      }
      expect(lines.filter((line) => / loaded in /.test(line))).toHaveLength(2);
      for (const [name, { data }] of Object.entries(whole.state))
        expect(sameBytes(state[name]!.data, data), name).toBe(true);
    });
  });
});
