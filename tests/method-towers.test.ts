import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Wasm } from '@medbench/backends-wasm';
import type { AnyMethod, HostTensors, TrainRequest } from '@medbench/core';
import { fromArray } from '@medbench/data';
import { GptDemo } from '@medbench/encoders-gpt';
import { VitDemo } from '@medbench/encoders-vit';
import { Coca } from '@medbench/methods-coca';
import { Filip } from '@medbench/methods-filip';
import { dualEncoder, initialise, readSafetensors, writeSafetensors } from '@medbench/nn';
import { buildModel, loadModel, train } from '@medbench/training';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { composed, rowSettings, TRAINING } from './support/methods.js';
import { phantomCorpus } from './support/phantom-corpus.js';

const folder = mkdtempSync(join(tmpdir(), 'medbench-towers-'));
afterAll(() => rmSync(folder, { recursive: true }));

const backend = new Wasm();
const log = (): void => {};
const run = {
  image: new VitDemo(),
  text: new GptDemo(),
  model: { embedDim: 32, merges: 0, activation: 'quick-gelu' },
  backend,
  log,
} as const;
const generalWeights = join(folder, 'general.safetensors');
let general: HostTensors;
beforeAll(async () => {
  const { model } = await buildModel(run);
  general = initialise(model.parameters, 99);
  await writeSafetensors(generalWeights, general);
});

const request = (row: string, method: AnyMethod, given: Readonly<Record<string, string | number>>): TrainRequest => ({
  ...run,
  row,
  method: composed(method),
  settings: rowSettings(method, given),
  start: 'general',
  generalWeights,
  seed: 7,
  corpus: phantomCorpus(32),
  // At a learning rate of 0 a step leaves all weights as they start.
  training: { ...TRAINING, steps: 1, warmup: 0, learningRate: 0, weightDecay: 0 },
  folder: join(folder, row),
  key: 'key',
  progress: () => {},
  event: () => {},
  signal: new AbortController().signal,
});

it('a precision that the backend does not have is refused', async () => {
  const asked = request('precision', new Coca(), {});
  await expect(train({ ...asked, training: { ...asked.training, precision: 'bfloat16' } })).rejects.toMatchObject({
    code: 'config',
    message: 'training.precision is bfloat16, which the backend wasm does not have',
  });
});

const image = (level: number) => ({
  width: 48,
  height: 48,
  channels: 1 as const,
  data: Uint8Array.from({ length: 48 * 48 }, (_, i) => (i * level) % 256),
});
const images = fromArray([image(3), image(7), image(11)]);

describe.each([
  [
    'coca',
    new Coca(),
    { variant: 'study', queries: 4 },
    /^visual\.(attn_pool|pool_)|^cls_emb$/,
    /^visual\.(proj|ln_post)/,
  ],
  ['filip', new Filip(), { variant: 'study' }, /^visual\.token_proj$/, /^visual\.proj$/],
] as const)('a method that changes the towers, %s of the study,', (id, method, given, added, dropped) => {
  const job = request(id, method, given);
  let outcome: Awaited<ReturnType<typeof train>>;
  let weights: HostTensors;
  beforeAll(async () => {
    outcome = await train(job);
    weights = (await readSafetensors(outcome.weights)).tensors;
  }, 300_000);

  it('starts from general-domain weights, but for its new parameters, which are drawn for the seed', async () => {
    const { model } = await buildModel(run);
    const drawn = initialise(job.method.towers(model, job.settings).parameters, 7);
    expect(Object.keys(weights).sort()).toEqual(Object.keys(drawn).sort());
    const isNew = (name: string): boolean => added.test(name);
    for (const [name, { data }] of Object.entries(weights)) {
      expect(data, name).toEqual((isNew(name) ? drawn : general)[name]!.data);
    }
    expect(Object.keys(weights).some(isNew)).toBe(true);
    expect(
      Object.keys(general)
        .filter((name) => !weights[name])
        .every((name) => dropped.test(name)),
    ).toBe(true);
    const count = Object.entries(weights).reduce((sum, [name, { data }]) => sum + (isNew(name) ? data.length : 0), 0);
    expect(outcome.record.setup!.newInTowers).toBe(count);
  });

  it('is evaluated with the same towers', async () => {
    const towers = (model: ReturnType<typeof dualEncoder>) => job.method.towers(model, job.settings);
    const loaded = await loadModel({ ...run, towers }, { file: outcome.weights });
    const [embedded, texts] = [
      await loaded.embedImages(images),
      await loaded.embedTexts(['a lung', 'no cells at all']),
    ];
    await loaded.dispose();
    const changed = towers((await buildModel(run)).model);
    expect([embedded.rows, embedded.cols, texts.rows, texts.cols]).toEqual([3, 32, 2, 32]);
    // Other values of the new image parameters give other embeddings.
    const other = { ...weights };
    for (const [name, value] of Object.entries(initialise(changed.parameters, 8))) {
      if (added.test(name)) other[name] = value;
    }
    const file = join(folder, `${id}-other.safetensors`);
    await writeSafetensors(file, other);
    const second = await loadModel({ ...run, towers }, { file });
    expect([...(await second.embedImages(images)).data]).not.toEqual([...embedded.data]);
    await second.dispose();
  }, 300_000);

  it('has weights that do not fit the towers of the run', async () => {
    await expect(loadModel(run, { file: outcome.weights })).rejects.toThrow('does not fit the model');
  });
});

it('a method whose towers keep a name for another shape is named', async () => {
  class Wider {
    readonly start = 'general';
    towers(model: ReturnType<typeof dualEncoder>) {
      const widen = <T extends { readonly name: string; readonly shape: readonly number[] }>(spec: T): T =>
        spec.name === 'proj' ? { ...spec, shape: [spec.shape[0]!, 8] } : spec;
      return dualEncoder({ ...model.image, parameters: model.image.parameters.map(widen) }, model.text);
    }
    objectives() {
      return [{ objective: 'clip', weight: 1, settings: {} }];
    }
  }
  // The pairs are not embedded: the fault is found before the first step.
  await expect(train({ ...request('wider', new Wider(), {}), settings: {} })).rejects.toThrow(
    'Class Wider: towers() gives "visual.proj" the shape [64, 8], and the towers of the run give it [64, 32]',
  );
});
