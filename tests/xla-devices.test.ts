import { XlaCpu } from '@medbench/backends-xla';
import type { Encoder, LoadOptions, Matrix, Program } from '@medbench/core';
import { GptDemo } from '@medbench/encoders-gpt';
import { ResNetDemo } from '@medbench/encoders-resnet';
import { VitDemo } from '@medbench/encoders-vit';
import { loadModel } from '@medbench/training';
import { describe, expect, it } from 'vitest';
import { full } from './support/full.js';
import {
  createRow,
  mostDifferentParameter,
  ROWS,
  resnet,
  sameBytes,
  trainingCache,
  trainOn,
} from './support/methods.js';
import { phantomCorpus } from './support/phantom-corpus.js';

const backend = new XlaCpu();
const { available } = await backend.status();

const STEPS = 5;
/**
 * With the study's learning rate, the warm-up of a default run, and more than a few examples for the batch norms of
 * projection heads, so that rounding is not amplified.
 */
const SLOW = { steps: 600, warmup: 50, learningRate: 5e-5, batchSize: 16 };
/** The largest difference of losses, relative to them. */
const lossesApart = (found: readonly number[], expected: readonly number[]): number =>
  Math.max(...expected.map((loss, i) => Math.abs(found[i]! - loss) / Math.abs(loss)));
const UNCHECKED = { selfCheck: false };
const DEVICES = [2, 4];

const rowOf = (wanted: string) => ROWS.find(([name]) => name === wanted)!;
const cases = [
  ...['clip', 'slip', 'coca', 'filip', 'declip'].map((name) => ['ViT', ...rowOf(name), undefined] as const),
  // Batch norms have the statistics of the whole batch.
  ['ResNet', ...rowOf('clip'), resnet] as const,
];

// Each program takes seconds to compile. On every change, the backend has a small test of its own.
describe.skipIf(!available || !full)('training on several devices of XLA, on the CPU (npm run test:full)', () => {
  it.each(cases)(
    '%s, %s: has the losses (relative) and weights of one device, to 1e-6',
    async (tower, name, Row, given, towers) => {
      const row = () => createRow(Row, given, SLOW, towers);
      const one = await trainOn(backend, row(), STEPS, UNCHECKED);
      for (const devices of DEVICES) {
        const several = await trainOn(backend, row(), STEPS, { ...UNCHECKED, devices });
        const apart = lossesApart(several.losses, one.losses);
        const { by } = mostDifferentParameter(several.weights, one.weights, /^$/);
        console.info(
          `${tower}, ${name}, ${devices} devices: losses ${apart.toExponential(1)}, weights ${by.toExponential(1)}`,
        );
        expect.soft(apart).toBeLessThan(1e-6);
        expect.soft(by).toBeLessThan(1e-6);
      }
    },
  );

  it('in chunks, which are divided too, and for an evaluation', async () => {
    const [, Row, given] = rowOf('clip');
    const measure = async (devices: number) => {
      const row = createRow(Row, given, { ...SLOW, chunkSize: 8 });
      const session = await row.step.load(backend, row.step.initialState(row.start), { ...UNCHECKED, devices });
      const losses: number[] = [];
      for (let i = 0; i < STEPS; i++) losses.push((await session.step(await row.load(i))).loss!.data[0]!);
      losses.push(await session.evaluate(await row.load(STEPS)));
      const weights = row.step.parametersOf(await session.readState());
      await session.dispose();
      return { losses, weights };
    };
    const [one, two] = [await measure(1), await measure(2)];
    expect(lossesApart(two.losses, one.losses)).toBeLessThan(1e-6);
    expect(mostDifferentParameter(two.weights, one.weights, /^$/).by).toBeLessThan(1e-6);
  });

  it('resumes to the same bits', async () => {
    const [, Row, given] = rowOf('declip');
    const row = createRow(Row, given, SLOW);
    const whole = await trainOn(backend, row, STEPS, { ...UNCHECKED, devices: 2 });
    let state = row.step.initialState(row.start);
    for (const [from, to] of [
      [0, 2],
      [2, STEPS],
    ] as const) {
      const session = await row.step.load(backend, state, { ...UNCHECKED, devices: 2 });
      for (let i = from; i < to; i++) await session.step(await row.load(i));
      state = await session.readState();
      await session.dispose();
    }
    for (const [name, { data }] of Object.entries(whole.state))
      expect(sameBytes(state[name]!.data, data), name).toBe(true);
  });
});

describe.skipIf(!available)('embedding on several devices of XLA, on the CPU', () => {
  const COUNT = 70;
  const { pairs } = phantomCorpus(COUNT);
  /** Embeds more pairs than a batch has. `loads` are the batch sizes and the devices that were asked for. */
  const embed = async (image: Encoder, devices: number) => {
    const loads: { readonly rows: number; readonly devices: number }[] = [];
    const recording = {
      ...{ id: backend.id, status: () => backend.status() },
      load: (program: Program, state: Parameters<typeof backend.load>[1], options: LoadOptions = {}) => {
        loads.push({ rows: Object.values(program.inputs)[0]!.shape[0]!, devices: options.devices ?? 1 });
        return backend.load(program, state, { ...options, ...UNCHECKED, cache: trainingCache() });
      },
    };
    const model = { embedDim: 32, merges: 0, activation: 'quick-gelu' } as const;
    const request = { image, text: new GptDemo(), model, backend: recording, log: () => {}, devices };
    const loaded = await loadModel(request, { untrainedSeed: 3 });
    const images = { length: COUNT, get: async (i: number) => (await pairs.get(i)).image };
    const texts = await Promise.all(Array.from({ length: COUNT }, async (_, i) => (await pairs.get(i)).caption));
    const found = [
      await loaded.embedImages(images),
      await loaded.imageFeatures(images),
      await loaded.embedTexts(texts),
    ];
    await loaded.dispose();
    return { found, loads };
  };
  /** The largest difference of two matrices, relative to the largest value. */
  const apart = (a: Matrix, b: Matrix): number => {
    let [difference, size] = [0, 0];
    b.data.forEach((value, i) => {
      difference = Math.max(difference, Math.abs(value - a.data[i]!));
      size = Math.max(size, Math.abs(value));
    });
    return difference / size;
  };

  it.each([
    ['ViT', new VitDemo(), full ? [2, 3, 4] : [2]],
    ...(full ? [['ResNet', new ResNetDemo(), [2, 4]] as const] : []),
  ] as const)('%s: has the embeddings of one device, to 1e-5', async (tower, image, counts) => {
    const one = await embed(image, 1);
    expect(one.loads).toEqual([0, 1].map(() => ({ rows: 64, devices: 1 })));
    for (const devices of counts) {
      const several = await embed(image, devices);
      // Batches that the devices divide.
      expect(several.loads).toEqual([0, 1].map(() => ({ rows: devices === 3 ? 66 : 64, devices })));
      const differences = several.found.map((matrix, i) => apart(matrix, one.found[i]!));
      console.info(`${tower}, embeddings on ${devices} devices: ${Math.max(...differences).toExponential(1)}`);
      for (const [i, difference] of differences.entries()) {
        expect(several.found[i]!.rows).toBe(COUNT);
        expect(difference).toBeLessThan(1e-5);
      }
    }
  });
});
