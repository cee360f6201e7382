import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Compiled } from '@medbench/backends-compiled';
import { Wasm } from '@medbench/backends-wasm';
import {
  type Backend,
  type Encoder,
  type EvaluationModel,
  type HostTensors,
  type LoadedModel,
  MedbenchError,
  type ProtocolContext,
  type RasterImage,
  type TaskResult,
} from '@medbench/core';
import { randomModel } from '@medbench/core/testing';
import { fromArray } from '@medbench/data';
import { GptDemo } from '@medbench/encoders-gpt';
import { resnetModel } from '@medbench/encoders-resnet';
import { vitModel } from '@medbench/encoders-vit';
import { measureVqa, type VqaData, type VqaExample } from '@medbench/evaluation';
import { loadModel } from '@medbench/training';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { selected } from '../../../tests/support/full.js';
import {
  answerModel,
  autoEncoderParameters,
  FINE_TUNED_VQA_SETTINGS,
  type FineTunedVqaSettings,
  measureFineTunedVqa,
  scheduledRate,
} from './index.js';

const wasm = new Wasm();
const vit: Encoder = {
  build: ({ embedDim, activation = 'quick-gelu' }) =>
    vitModel({ id: 'vit', imageSize: 16, patchSize: 8, width: 64, layers: 1, embedDim, activation }),
};
const resnet: Encoder = {
  build: ({ embedDim }) => resnetModel({ id: 'resnet', imageSize: 32, baseWidth: 8, layers: [1, 1, 1, 1], embedDim }),
};

const load = (backend: Backend = wasm, image: Encoder = vit): Promise<LoadedModel> =>
  loadModel(
    {
      ...{ image, text: new GptDemo(), backend, log: () => {} },
      model: { embedDim: 16, merges: 100, activation: 'quick-gelu' },
    },
    { untrainedSeed: 3 },
  );

/** Dark and bright images: "is it bright" and "is it dark" are answered by image and question together. */
const flat = (value: number): RasterImage => ({
  ...{ width: 20, height: 24, channels: 1 as const },
  data: new Uint8Array(480).fill(value),
});
const LEVELS = [20, 230, 35, 215, 10, 245, 28, 222];
const questionsAbout = (images: readonly number[]): VqaExample[] =>
  images.flatMap((image) =>
    (['bright', 'dark'] as const).map((word) => ({
      image,
      question: `Is it ${word}?`,
      answer: (word === 'bright') === LEVELS[image]! > 127 ? 'Yes' : 'No',
      type: 'closed' as const,
    })),
  );
const DATA: VqaData = {
  images: fromArray(LEVELS.map(flat)),
  train: questionsAbout([0, 1, 2, 3, 4, 5]),
  test: questionsAbout([6, 7]),
};

const DEFAULTS = Object.fromEntries(
  Object.entries(FINE_TUNED_VQA_SETTINGS).map(([name, spec]) => [name, spec.default]),
) as FineTunedVqaSettings;
const SMALL: FineTunedVqaSettings = {
  ...DEFAULTS,
  head: 'ban',
  autoEncoder: false,
  epochs: 3,
  batchSize: 4,
  places: 5,
};
type Overrides = Partial<Omit<ProtocolContext, 'settings'>> & { readonly settings?: Partial<FineTunedVqaSettings> };
const measure = (model: EvaluationModel, { settings, ...context }: Overrides = {}, data = DATA) =>
  measureFineTunedVqa(model, data, {
    ...{ seed: 5, split: 'test', backend: wasm, ...context },
    settings: { ...SMALL, ...settings },
  });

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'medbench-tuned-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** The parameters at the end of a training, as the state that a measurement leaves behind for resuming. */
async function finalState(overrides: Overrides, model: EvaluationModel): Promise<HostTensors> {
  const { readSafetensors } = await import('@medbench/nn');
  await measure(model, { ...overrides, resume: { folder, key: 'k' } });
  return (await readSafetensors(join(folder, 'resume.safetensors'))).tensors;
}
const worst = (a: HostTensors, b: HostTensors): number => {
  expect(Object.keys(a).sort()).toEqual(Object.keys(b).sort());
  return Math.max(
    ...Object.entries(a).map(([name, { data }]) =>
      (data as Float32Array).reduce((max, value, i) => Math.max(max, Math.abs(value - b[name]!.data[i]!)), 0),
    ),
  );
};

describe('fine-tuned VQA', () => {
  it('learns answers that need image and question, which the most common answer cannot give', async () => {
    const model = await load();
    const result = await measure(model, { settings: { epochs: 30, dropout: 0, dropoutLate: 0 } });
    expect(result).toMatchObject({ protocol: 'vqa-fine-tuned', metric: 'accuracy', n: 4, perExample: [1, 1, 1, 1] });
    expect(result!.metrics.accuracy_closed!.value).toBe(1);
    expect(result!.notes!.join('\n')).toContain('5 words of a list of 4');
    await model.dispose();
  });

  it('never changes the weights of the row, and gives the same figures again', async () => {
    const model = await load();
    const { weights } = (await model.towers!())!;
    const before = structuredClone(weights);
    const embedded = await model.embedImages(DATA.images);
    const first = await measure(model);
    expect(worst(before, weights)).toBe(0);
    expect((await model.embedImages(fromArray(LEVELS.map(flat)))).data).toEqual(embedded.data);
    expect(await measure(model)).toEqual(first);
    await model.dispose();
  });

  it('answers the questions that the protocol VQA answers, with the same groups', async () => {
    const model = await load();
    const [tuned, frozen] = [await measure(model), await measureVqa(model, DATA, { seed: 5 })];
    const shared = ({ n, groups, metrics }: TaskResult) => ({ n, groups, metrics: Object.keys(metrics) });
    expect(shared(tuned!)).toEqual(shared(frozen!));
    await model.dispose();
  });

  const kinds = [
    ['all, study', 'all', 'study'],
    ['all, tokens', 'all', 'tokens'],
    ['head, study', 'head', 'study'],
  ] as const;
  it.each(selected('interrupted at any step', kinds, ['all, study']))(
    'interrupted at any step and resumed, ends with the same state and figures (%s)',
    async (_, train, words) => {
      const model = await load();
      const settings = { train, words };
      const expected = await measure(model, { settings });
      const whole = await finalState({ settings }, model);
      rmSync(join(folder, 'resume.safetensors'));
      // 3 epochs of 3 steps. The signal comes within an epoch and at its end.
      for (const stopAt of [2, 3, 7]) {
        const controller = new AbortController();
        let steps = 0;
        const counting: Backend = {
          ...wasm,
          id: 'counting',
          status: () => wasm.status(),
          load: async (program, state, options) => {
            const session = await wasm.load(program, state, options);
            if (!program.name.startsWith('answer:') || 'state' in options! || !('learning-rate' in program.inputs)) {
              return session;
            }
            return {
              ...{
                readState: (names?: readonly string[]) => session.readState(names),
                dispose: () => session.dispose(),
              },
              step: async (inputs) => {
                if (++steps === stopAt) controller.abort();
                return session.step(inputs);
              },
            };
          },
        };
        const resume = { folder, key: 'k' };
        await expect(
          measure(model, { settings, backend: counting, signal: controller.signal, resume }),
        ).rejects.toMatchObject({ code: 'interrupted' });
        expect(existsSync(join(folder, 'resume.safetensors'))).toBe(true);
        expect(await measure(model, { settings, resume })).toEqual(expected);
        expect(worst(await finalState({ settings }, model), whole)).toBe(0);
        rmSync(join(folder, 'resume.safetensors'));
      }
      await model.dispose();
    },
  );

  it('does not resume from the state of other figures', async () => {
    const model = await load();
    await measure(model, { seed: 6, resume: { folder, key: 'other' } });
    const expected = await measure(model);
    expect(await measure(model, { resume: { folder, key: 'k' } })).toEqual(expected);
    await model.dispose();
  });

  // With towers, tests/fine-tuned-vqa.test.ts compiles the step, which checks its first against the eager one.
  const parts = selected('trains alike on both backends', [['all'], ['head']] as const, ['head']);
  it.each(parts)('trains alike on the eager and the compiled backend (%s)', async (train) => {
    const settings = { train, epochs: 1 };
    const eager = await load();
    const compiled = new Compiled();
    const expected = await finalState({ settings }, eager);
    rmSync(join(folder, 'resume.safetensors'));
    const model = await load(compiled);
    const state = await finalState({ settings, backend: compiled }, model);
    // Adamax divides a gradient by its size: after three steps at 5e-4, rounding can turn single entries whose gradient is
    // nearly zero, and moves no other.
    expect(worst(state, expected)).toBeLessThan(4e-3);
    const loss = (tensors: HostTensors) => Object.values(tensors).flatMap(({ data }) => [...data].slice(0, 50));
    const far = loss(state).filter((value, i) => Math.abs(value - loss(expected)[i]!) > 1e-4).length;
    expect(far / loss(state).length).toBeLessThan(0.01);
    for (const one of [eager, model]) await one.dispose();
  });

  it('trains the auto-encoder with the rest, from the weights of a file, which it names by their hash', async () => {
    const model = await load();
    const { initialise, readSafetensors, writeSafetensors } = await import('@medbench/nn');
    const file = join(folder, 'auto-encoder.safetensors');
    const weights = initialise(autoEncoderParameters, 9);
    await writeSafetensors(file, weights);
    const data = { ...DATA, train: DATA.train.slice(0, 4) };
    const settings = { autoEncoder: true, autoEncoderWeights: file, epochs: 1, batchSize: 2 };
    const result = await measure(model, { settings, resume: { folder, key: 'k' } }, data);
    expect(result!.notes!.join('\n')).toMatch(/auto-encoder from weights with SHA-256 [0-9a-f]{64}/);
    const { tensors } = await readSafetensors(join(folder, 'resume.safetensors'));
    const sizes = { settings: { ...SMALL, ...settings }, answers: 2, batch: 2, places: 5 };
    const { step } = answerModel({ ...sizes, model: (await model.towers!())!.model(5) });
    const trained = step.parametersOf(tensors);
    // Two steps of Adamax at 5e-4. Those of the decoder are small: clipping brings its gradient, a thousandth of the mean
    // squared error over the batch size, to the size of Adamax's epsilon or less.
    for (const [name, { data }] of Object.entries(weights)) {
      const after = trained[`answer.auto-encoder.${name}`]!.data;
      const distance = Math.max(...data.map((value, i) => Math.abs(value - after[i]!)));
      expect(distance, name).toBeGreaterThan(/^conv[123]/.test(name) ? 1e-4 : 0);
      expect(distance, name).toBeLessThan(1.1e-3);
    }
    await model.dispose();
  });

  it('trains a ResNet, whose running statistics it carries along', async () => {
    const model = await load(wasm, resnet);
    const state = await finalState({ settings: { epochs: 1 } }, model);
    const { weights } = (await model.towers!())!;
    const name = 'visual.bn1.running_mean';
    expect(state[`buffer/${name}`]!.data).not.toEqual(weights[name]!.data);
    await model.dispose();
  });

  it('measures a control without towers with the frozen head, under its own name', async () => {
    const { towers: _, ...control } = { ...randomModel(1), towers: undefined };
    const result = await measure(control);
    const frozen = await measureVqa(control, DATA, { seed: 5 });
    expect(result!.perExample).toEqual(frozen!.perExample);
    expect(result!.protocol).toBe('vqa-fine-tuned');
    expect(result!.notes![0]).toContain('no towers to train');
  });

  it('measures nothing while no head is chosen', async () => {
    expect(await measure(randomModel(1), { settings: { head: 'none' } })).toBeUndefined();
  });

  it('refuses a word list that the token table has no room for, and names the settings', async () => {
    const model = await load();
    const words = Array.from({ length: 614 }, (_, i) => `w${i}`).join(' ');
    const data = { ...DATA, train: [...DATA.train, { ...DATA.train[0]!, question: words }] };
    const error = (await measure(model, {}, data).catch((fault: unknown) => fault)) as MedbenchError;
    expect(error).toBeInstanceOf(MedbenchError);
    expect(error.message).toMatch(/have 618 words and a padding, and the token table of the text tower has 614 rows/);
    expect(error.hint).toContain('evaluation.fineTunedVqa.words=tokens');
    await model.dispose();
  });

  it('refuses a file that is no auto-encoder, and names it', async () => {
    const model = await load();
    const { writeSafetensors } = await import('@medbench/nn');
    const file = join(folder, 'wrong.safetensors');
    await writeSafetensors(file, { x: { shape: [1], dtype: 'float32', data: Float32Array.of(1) } });
    const settings = { autoEncoder: true, autoEncoderWeights: file };
    await expect(measure(model, { settings })).rejects.toThrow('wrong.safetensors has no conv1.weight');
    await expect(
      measure(model, { settings: { ...settings, autoEncoderWeights: join(folder, 'none') } }),
    ).rejects.toThrow(/autoEncoderWeights names .*none, which cannot be read/);
    await model.dispose();
  });
});

it("follows the study's learning rates", () => {
  const rates = Array.from({ length: 20 }, (_, epoch) => scheduledRate(1e-3, epoch) * 1e3);
  const expected = [0.5, 1, 1.5, 2, 2, 2, 2, 2, 2, 2, 1.5, 1.5, 1.125, 1.125, 0.84375, 0.84375];
  for (const [epoch, rate] of expected.entries()) expect(rates[epoch]).toBeCloseTo(rate, 12);
  expect(rates[19]).toBeCloseTo(2 * 0.75 ** 5, 12);
});
