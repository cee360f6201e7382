import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Wasm } from '@medbench/backends-wasm';
import { XlaCpu } from '@medbench/backends-xla';
import type { Backend, HostTensors } from '@medbench/core';
import { MaskedCl } from '@medbench/methods-masked-cl';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createRow, mostDifferentParameter, ROWS, resnet, STUDY_ROWS, sameBytes, trainOn } from './support/methods.js';

const backend = new XlaCpu();
const { available, reason, remedy } = await backend.status();
if (!available) console.warn(`Not tested on xla-cpu: ${reason}. To test it: ${remedy}`);

const STEPS = 20;
/** With the study's learning rate and the warm-up of a default run, so that rounding is not amplified. */
const SLOW = { steps: 600, warmup: 50, learningRate: 5e-5 };
const UNCHECKED = { selfCheck: false };

/** `npm run test:xla` trains every row. By default one per kind of tower does, with all that a row can have. */
const everyRow = Boolean(process.env.MEDBENCH_TEST_XLA);
/** The rows that work on patches need a ViT. */
const NEEDS_PATCHES = /^masked-cl|^flip/;
const cases = [
  ...[...ROWS, ...STUDY_ROWS].map(([name, Row, given]) => ['ViT', name, Row, given, undefined] as const),
  ...ROWS.filter(([name]) => !NEEDS_PATCHES.test(name)).map(
    ([name, Row, given]) => ['ResNet', name, Row, given, resnet] as const,
  ),
].filter(([tower, name]) => everyRow || name === (tower === 'ViT' ? 'declip' : 'clip'));

const norm = (values: ArrayLike<number>): number => {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]! ** 2;
  return Math.sqrt(sum);
};

/** The largest relative L2 difference of a first moment: after one step, that of a gradient. */
function gradientsApart(found: HostTensors, expected: HostTensors): number {
  const moments = Object.entries(expected).filter(([name]) => name.startsWith('moment1/'));
  const difference = moments.flatMap(([name, { data }]) =>
    Array.from(data, (value, i) => value - found[name]!.data[i]!),
  );
  return norm(difference) / norm(moments.flatMap(([, { data }]) => [...data]));
}

describe.skipIf(!available)('training on XLA, on the CPU', () => {
  describe.each(cases)('%s, %s', (_tower, _name, Row, given, towers) => {
    const row = (training = {}) => createRow(Row, given, { ...SLOW, ...training }, towers);

    it(`equals the eager reference over ${STEPS} steps, to 1e-4 in loss and in every weight`, async () => {
      const found = await trainOn(backend, row(), STEPS, UNCHECKED);
      const expected = await trainOn(new Wasm(), row(), STEPS);
      for (const [i, loss] of expected.losses.entries())
        expect(Math.abs(found.losses[i]! - loss), `step ${i}`).toBeLessThan(1e-4 * Math.max(1, Math.abs(loss)));
      const worst = mostDifferentParameter(found.weights, expected.weights, /^$/);
      expect(worst.by, worst.name).toBeLessThan(1e-4);
    });

    it('has the gradients of the eager reference in the first step, to 1e-4', async () => {
      const found = await trainOn(backend, row(), 1, UNCHECKED);
      const expected = await trainOn(new Wasm(), row(), 1);
      expect(gradientsApart(found.state, expected.state)).toBeLessThan(1e-4);
    });
  });

  // Other rows take the same kernels; npm run test:xla has them all.
  describe.each(cases.filter(([tower]) => everyRow || tower === 'ResNet'))(
    '%s, %s',
    (_tower, _name, Row, given, towers) => {
      it('passes the self-check of the first step in bfloat16', async () => {
        const lines: string[] = [];
        const { step, load, start } = createRow(Row, given, SLOW, towers);
        const log = (line: string) => lines.push(line);
        const session = await step.load(backend, step.initialState(start), { precision: 'bfloat16', log });
        await session.step(await load(0));
        await session.dispose();
        const agreed = lines.find((line) => line.includes('agrees with the eager reference'));
        expect(agreed).toBeDefined();
        console.info(`${_tower}, ${_name}, bfloat16: ${agreed}`);
      });
    },
  );

  it('in chunks has the gradient of the whole batch', async () => {
    const [, Row, given] = ROWS[0]!;
    const whole = await trainOn(new Wasm(), createRow(Row, given, { clipNorm: null }), 1);
    const chunks = await trainOn(backend, createRow(Row, given, { clipNorm: null, chunkSize: 2 }), 1, UNCHECKED);
    expect(Math.abs(chunks.losses[0]! - whole.losses[0]!)).toBeLessThan(1e-5 * Math.abs(whole.losses[0]!));
    expect(gradientsApart(chunks.state, whole.state)).toBeLessThan(1e-5);
  });

  it('moves the average of a teacher, and evaluates losses, as the eager reference', async () => {
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
    const folder = mkdtempSync(join(tmpdir(), 'medbench-xla-'));
    afterAll(() => rmSync(folder, { recursive: true }));
    const [, Row, given] = ROWS[0]!;
    const row = createRow(Row, given);
    let whole: Awaited<ReturnType<typeof trainOn>>;
    beforeAll(async () => {
      if (available) whole = await trainOn(backend, row, 8, UNCHECKED);
    });

    it('resumes to the same bits, also from a cached executable', async () => {
      let state = row.step.initialState(row.start);
      const lines: string[] = [];
      for (const [from, to] of [
        [0, 5],
        [5, 8],
      ] as const) {
        const options = { ...UNCHECKED, cache: folder, log: (line: string) => lines.push(line) };
        const session = await row.step.load(backend, state, options);
        for (let i = from; i < to; i++) await session.step(await row.load(i));
        state = await session.readState();
        await session.dispose();
      }
      expect(lines.filter((line) => / loaded in /.test(line))).toHaveLength(1);
      for (const [name, { data }] of Object.entries(whole.state))
        expect(sameBytes(state[name]!.data, data), name).toBe(true);
    });
  });
});
