import { hashJson, NO_PROFILE, type Pretraining } from '@medbench/core';
import type { Registry } from '@medbench/core/services';
import { expect, it } from 'vitest';
import { DEFAULTS } from '../config/index.js';
import type { Plan } from '../plan/index.js';
import type { ChosenBackend } from '../services.js';
import type { RunStore } from '../store/index.js';
import { Towers } from './towers.js';

const registry = { catalogue: { entries: [] }, get: async () => ({}) } as unknown as Registry;
const backend = { id: 'wasm' } as ChosenBackend;
const keyOf = async (model: Plan['config']['model'], content?: string): Promise<string> => {
  const plan = { config: { ...DEFAULTS, model } } as unknown as Plan;
  const pretraining = { identifyVocabulary: async () => content } as unknown as Pretraining;
  return hashJson(await new Towers(plan, registry, {} as RunStore, backend, NO_PROFILE, pretraining).key());
};

it('the settings of a run of before there were others leave the keys of weights as they were', async () => {
  const { encoders, threads, model } = DEFAULTS;
  const { preprocessing: _, vocabulary: __, contextLength: ___, ...sizes } = model;
  const before = hashJson({ encoders, model: sizes, plugins: [], backend: 'wasm', threads });
  expect(await keyOf(model)).toBe(before);
  expect(await keyOf(sizes as typeof model)).toBe(before);
});

it('another preprocessing is part of the keys of weights', async () => {
  const own = { mean: [0, 0, 0], std: [1, 1, 1], interpolation: 'bicubic', resize: 'shortest', crop: 1 };
  const keys = [own, { ...own, crop: 0.9 }, { ...own, resize: 'squash' }].map((preprocessing) =>
    keyOf({ ...DEFAULTS.model, preprocessing } as typeof DEFAULTS.model),
  );
  expect(new Set(await Promise.all([keyOf(DEFAULTS.model), ...keys])).size).toBe(4);
});

it('a vocabulary is part of the keys of weights by its content, not by its name, and so is another context', async () => {
  const { model } = DEFAULTS;
  const plain = await keyOf(model);
  const small = await keyOf(model, 'small');
  expect(await keyOf({ ...model, vocabulary: './one' }, 'small')).toBe(small);
  const keys = [plain, small, keyOf(model, 'other'), keyOf({ ...model, contextLength: 32 })];
  expect(new Set(await Promise.all(keys)).size).toBe(4);
});
