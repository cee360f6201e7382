import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CLIP_PREPROCESSING, type ImagePreprocessing } from '@medbench/core';
import type { Catalogue } from '@medbench/core/catalogue';
import { DEFAULTS, type Plan } from '@medbench/runner';
import { afterAll, expect, it } from 'vitest';
import { choosePreprocessing, withPreprocessing } from './preprocessing.js';

const root = mkdtempSync(join(tmpdir(), 'medbench-preprocessing-'));
afterAll(() => rmSync(root, { recursive: true }));
const weightsWith = (name: string, preprocess_cfg: object): string => {
  const folder = join(root, name);
  mkdirSync(folder);
  writeFileSync(join(folder, 'open_clip_config.json'), JSON.stringify({ model_cfg: {}, preprocess_cfg }));
  return folder;
};
const siglip = weightsWith('siglip', { mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5], resize_mode: 'squash' });
const clip = weightsWith('clip', { mean: CLIP_PREPROCESSING.mean });

const IMAGENET: ImagePreprocessing = {
  ...{ mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] },
  ...{ interpolation: 'bicubic', resize: 'shortest', crop: 0.9 },
};
const catalogue = {
  entries: [
    { kind: 'encoder', id: 'vit-demo', info: { id: 'vit-demo' } },
    { kind: 'encoder', id: 'imagenet', info: { id: 'imagenet', preprocessing: IMAGENET } },
  ],
} as unknown as Catalogue;
const configured = (weights: string | null, image = 'vit-demo', own: ImagePreprocessing | null = null) => ({
  ...DEFAULTS,
  encoders: { image, text: 'gpt-demo' },
  model: { ...DEFAULTS.model, preprocessing: own as typeof DEFAULTS.model.preprocessing },
  general: { ...DEFAULTS.general, weights },
});
const offline = { fetch: false };
const chosen = (...given: Parameters<typeof configured>) =>
  choosePreprocessing(configured(...given), catalogue, offline);
const stored = async (...given: Parameters<typeof configured>) => {
  const plan = await withPreprocessing({ config: configured(...given) } as unknown as Plan, catalogue, offline);
  return plan.config.model.preprocessing;
};

it('the preprocessing is that of the settings, else of the weights, else of the encoder, else that of CLIP', async () => {
  expect(await chosen(null)).toEqual({ preprocessing: CLIP_PREPROCESSING, from: 'clip' });
  expect(await chosen(null, 'imagenet')).toEqual({ preprocessing: IMAGENET, from: 'encoder' });
  expect(await chosen(siglip, 'imagenet')).toMatchObject({ preprocessing: { resize: 'squash' }, from: 'weights' });
  const own = { ...IMAGENET, crop: 1 };
  expect(await chosen(siglip, 'imagenet', own)).toEqual({ preprocessing: own, from: 'settings' });
  const laidOver = configured(clip, 'vit-demo');
  const general = { ...laidOver.general, image: siglip };
  expect(await choosePreprocessing({ ...laidOver, general }, catalogue, offline)).toMatchObject({
    preprocessing: { resize: 'squash' },
  });
  // Weights that are not here say nothing; the training says that they are not here.
  expect(await chosen(join(root, 'nowhere'), 'imagenet')).toMatchObject({ from: 'encoder' });
});

it("a run's settings hold it, unless it is CLIP's and the encoder declares no other", async () => {
  expect(await stored(null)).toBeNull();
  expect(await stored(clip)).toBeNull();
  expect(await stored(siglip)).toMatchObject({ mean: [0.5, 0.5, 0.5], resize: 'squash' });
  expect(await stored(null, 'imagenet')).toEqual(IMAGENET);
  // Null would mean the encoder's own here.
  expect(await stored(clip, 'imagenet')).toEqual(CLIP_PREPROCESSING);
});

it('weights whose preprocessing medbench does not have stop a run that does not say its own', async () => {
  const odd = weightsWith('odd', { resize_mode: 'longest' });
  await expect(stored(odd)).rejects.toThrow('asks for the resize mode longest');
  expect(await stored(odd, 'vit-demo', IMAGENET)).toEqual(IMAGENET);
});
