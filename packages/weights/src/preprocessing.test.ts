import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CLIP_PREPROCESSING, type ImagePreprocessing } from '@medbench/core';
import { gptModel } from '@medbench/encoders-gpt';
import { vitModel } from '@medbench/encoders-vit';
import { dualEncoder, initialise } from '@medbench/nn';
import { afterAll, describe, expect, it } from 'vitest';
import { exportWeights, findPreprocessing, readPreprocessing } from './index.js';

const root = mkdtempSync(join(tmpdir(), 'medbench-preprocessing-'));
afterAll(() => rmSync(root, { recursive: true }));

let count = 0;
/** Makes a folder of files; an object is written as JSON. */
function folderOf(files: Readonly<Record<string, unknown>>): string {
  const folder = join(root, String(count++));
  mkdirSync(folder);
  for (const [name, content] of Object.entries(files)) {
    writeFileSync(join(folder, name), typeof content === 'string' ? content : JSON.stringify(content));
  }
  return folder;
}
const HALF = { mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] };

// The configurations are those of the libraries, cut down to what concerns images.
describe('the preprocessing of weights', () => {
  it("is open_clip's preprocess_cfg, whose gaps are CLIP's", () => {
    const siglip = { ...HALF, interpolation: 'bicubic', resize_mode: 'squash', fill_color: 0 };
    expect(readPreprocessing(folderOf({ 'open_clip_config.json': { model_cfg: {}, preprocess_cfg: siglip } }))).toEqual(
      {
        ...{ ...HALF, interpolation: 'bicubic', resize: 'squash', crop: 1 },
      },
    );
    const gaps = { model_cfg: {}, preprocess_cfg: { mean: null, interpolation: 'bilinear' } };
    expect(readPreprocessing(folderOf({ 'open_clip_config.json': gaps }))).toEqual({
      ...{ ...CLIP_PREPROCESSING, interpolation: 'bilinear' },
    });
    expect(readPreprocessing(folderOf({ 'open_clip_config.json': { model_cfg: {} } }))).toEqual(CLIP_PREPROCESSING);
  });

  it("is timm's pretrained_cfg, with timm's defaults", () => {
    const config = { pretrained_cfg: { ...HALF, crop_pct: 0.9, interpolation: 'bicubic', input_size: [3, 224, 224] } };
    const expected = { ...HALF, interpolation: 'bicubic', resize: 'shortest', crop: 0.9 };
    expect(readPreprocessing(folderOf({ 'config.json': config }), 'model.safetensors')).toEqual(expected);
    const squash = { pretrained_cfg: { crop_mode: 'squash', crop_pct: null } };
    expect(readPreprocessing(folderOf({ 'config.json': squash }))).toEqual({
      ...{ mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] },
      ...{ interpolation: 'bicubic', resize: 'squash', crop: 0.875 },
    });
  });

  it.each([
    [
      "CLIP's",
      { size: { shortest_edge: 224 }, crop_size: { height: 224, width: 224 }, do_center_crop: true },
      'shortest',
      224,
    ],
    ["CLIP's of old", { size: 224, crop_size: 224 }, 'shortest', 224],
    ["ConvNeXt's", { size: { shortest_edge: 256 }, crop_size: 224, do_center_crop: true }, 'shortest', 256],
    ["another's", { size: 248, crop_size: 224, do_center_crop: true }, 'shortest', 248],
    ["SigLIP's", { size: { height: 224, width: 224 } }, 'squash', 224],
  ] as const)('is %s preprocessor_config.json of Hugging Face', (_, size, resize, side) => {
    const config = { ...{ image_mean: HALF.mean, image_std: HALF.std, resample: 3, rescale_factor: 1 / 255 }, ...size };
    const found = readPreprocessing(folderOf({ 'preprocessor_config.json': config }))!;
    expect(found).toMatchObject({ ...HALF, interpolation: 'bicubic', resize });
    expect(Math.floor(224 / found.crop)).toBe(side);
  });

  it('is unknown without a configuration that speaks of images, or without weights', async () => {
    expect(readPreprocessing(folderOf({ 'config.json': { model_type: 'clip' } }))).toBeUndefined();
    expect(await findPreprocessing(join(root, 'nowhere'))).toBeUndefined();
    expect(await findPreprocessing(folderOf({}))).toBeUndefined();
  });

  it("is Hugging Face's beside its weights, else open_clip's", async () => {
    const files = {
      'open_clip_config.json': { model_cfg: {} },
      'preprocessor_config.json': {
        image_mean: HALF.mean,
        image_std: HALF.std,
        resample: 2,
        size: 224,
        crop_size: 224,
      },
    };
    const found = async (weights: string) =>
      (await findPreprocessing(folderOf({ ...files, [weights]: '' })))!.interpolation;
    expect(await found('model.safetensors')).toBe('bilinear');
    expect(await found('open_clip_model.safetensors')).toBe('bicubic');
    const file = join(folderOf({ ...files, 'other.safetensors': '' }), 'other.safetensors');
    expect((await findPreprocessing(file))!.interpolation).toBe('bicubic');
  });

  it.each([
    ['open_clip_config.json', { preprocess_cfg: { resize_mode: 'longest' } }, 'the resize mode longest'],
    ['open_clip_config.json', { preprocess_cfg: { interpolation: 'random' } }, 'the interpolation random'],
    ['config.json', { pretrained_cfg: { crop_mode: 'border' } }, 'the crop mode border'],
    ['preprocessor_config.json', { ...{ resample: 1, size: 224, crop_size: 224 } }, 'the interpolation lanczos'],
    ['preprocessor_config.json', { ...{ resample: 3, size: 224, do_rescale: false } }, 'not divided by 255'],
    ['preprocessor_config.json', { ...{ resample: 3, size: { shortest_edge: 224 } } }, 'not cut to a square'],
    ['preprocessor_config.json', { size: 224, crop_size: 224 }, 'does not say with which kernel'],
    ['preprocessor_config.json', { resample: 3, size: -1 }, 'holds no preprocessing that can be read: size'],
    ['config.json', '{', 'cannot be read as JSON'],
  ])('of %s is refused with the way out: %j', (name, config, message) => {
    const both = name === 'preprocessor_config.json' ? { image_mean: HALF.mean, image_std: HALF.std } : {};
    const folder = folderOf({ [name]: typeof config === 'string' ? config : { ...both, ...config } });
    const hint = 'Set model.preprocessing to the nearest that medbench has.';
    expect(() => readPreprocessing(folder)).toThrow(expect.objectContaining({ code: 'weights', hint }));
    expect(() => readPreprocessing(folder)).toThrow(message);
    expect(() => readPreprocessing(folder)).toThrow(join(folder, name));
  });
});

it('an export for open_clip carries the preprocessing, the crop of a part included', async () => {
  const sizes = { width: 64, layers: 1, embedDim: 8 };
  const model = dualEncoder(
    vitModel({ id: 'v', imageSize: 16, patchSize: 8, ...sizes }),
    gptModel({ id: 't', contextLength: 8, vocabSize: 16, ...sizes }),
  );
  const weights = initialise(model.parameters, 1);
  const exported = async (preprocessing?: ImagePreprocessing) => {
    const folder = folderOf({});
    await exportWeights(folder, weights, { layout: 'open_clip', activation: 'gelu', preprocessing });
    const { preprocess_cfg: stored } = JSON.parse(readFileSync(join(folder, 'open_clip_config.json'), 'utf8'));
    return [stored, readPreprocessing(folder)];
  };
  const { mean, std } = CLIP_PREPROCESSING;
  const plain = { mean, std, interpolation: 'bicubic', resize_mode: 'shortest' };
  expect(await exported()).toEqual([plain, CLIP_PREPROCESSING]);
  const own: ImagePreprocessing = { ...CLIP_PREPROCESSING, resize: 'squash', interpolation: 'bilinear', crop: 0.9 };
  const squashed = { ...plain, interpolation: 'bilinear', resize_mode: 'squash', crop_pct: 0.9 };
  expect(await exported(own)).toEqual([squashed, own]);
});
