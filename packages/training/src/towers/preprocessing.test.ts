import { Wasm } from '@medbench/backends-wasm';
import type { Encoder, ImagePreprocessing, ImageTextPair, RasterImage } from '@medbench/core';
import { clipTokenizer, evaluationTransform, fromArray, normaliser } from '@medbench/data';
import { gptModel } from '@medbench/encoders-gpt';
import { vitModel } from '@medbench/encoders-vit';
import { describe, expect, it } from 'vitest';
import { batchLoader } from '../loading/loader.js';
import { loadModel } from './embedder.js';
import { buildModel } from './model.js';
import { towerInfo } from './tower.js';

const SIDE = 16;
const HALF = { mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] } as const;
const TIMM: ImagePreprocessing = { ...HALF, interpolation: 'bilinear', resize: 'shortest', crop: 0.8 };
const SQUASH: ImagePreprocessing = { ...HALF, interpolation: 'bicubic', resize: 'squash', crop: 1 };

const image: RasterImage = {
  ...{ width: 40, height: 24, channels: 3 },
  data: Uint8Array.from({ length: 40 * 24 * 3 }, (_, i) => (i * i + 7 * i) % 256),
};
const pairs = fromArray<ImageTextPair>([{ image, caption: 'a case' }]);
/** The image as a preprocessing gives it to a tower. */
function viewed(preprocessing: ImagePreprocessing): Float32Array {
  const values = new Float32Array(SIDE * SIDE * 3);
  normaliser(preprocessing)(evaluationTransform(SIDE, preprocessing)(image), values, 0);
  return values;
}

/** An encoder of tiny towers that declares a preprocessing. */
const towers = (own?: ImagePreprocessing) => {
  const sizes = { width: 64, layers: 1, embedDim: 8 };
  const vision: Encoder = {
    build: () => ({
      ...vitModel({ id: 'v', imageSize: SIDE, patchSize: 8, ...sizes }),
      ...(own ? { preprocessing: own } : {}),
    }),
  };
  const text: Encoder = { build: ({ vocabSize }) => gptModel({ id: 't', contextLength: 8, vocabSize, ...sizes }) };
  const model = { embedDim: 8, merges: 0, activation: 'quick-gelu' } as const;
  return { image: vision, text, model, backend: new Wasm(), log: () => {} };
};

describe('a preprocessing reaches', () => {
  it('the towers that embed: of the settings, else of the image encoder, else that of CLIP', async () => {
    const embed = async (request: Parameters<typeof loadModel>[0]) => {
      const loaded = await loadModel(request, { untrainedSeed: 1 });
      const { data } = await loaded.imageFeatures(fromArray([image]));
      const chosen = (await loaded.towers!())!.preprocessing;
      await loaded.dispose();
      return { data: [...data], chosen };
    };
    const own = towers(TIMM);
    const [clip, declared, asked] = [
      await embed(towers()),
      await embed(own),
      await embed({ ...own, model: { ...own.model, preprocessing: SQUASH } }),
    ];
    expect([declared.chosen, asked.chosen]).toEqual([TIMM, SQUASH]);
    expect(clip.data).not.toEqual(declared.data);
    expect(asked.data).not.toEqual(declared.data);
    expect(asked).toEqual(await embed({ ...towers(), model: { ...own.model, preprocessing: SQUASH } }));
  });

  it('batches: the evaluation view, the normalisation and the levels', async () => {
    const common = { pairs, tokenizer: clipTokenizer({ merges: 0 }), imageSize: SIDE, contextLength: 8, batchSize: 1 };
    const options = { ...common, cropScale: [1, 1] as const, seed: 0, workers: 0, order: () => Int32Array.of(0) };
    for (const preprocessing of [TIMM, SQUASH]) {
      const load = batchLoader({ ...options, crop: { kind: 'whole' }, preprocessing });
      expect((await load(0)).images!.data).toEqual(viewed(preprocessing));
      const bytes = batchLoader({ ...options, crop: { kind: 'whole' }, preprocessing, bytes: true });
      const { data, levels } = (await bytes(0)).images!;
      expect(Float32Array.from(data, (byte, i) => levels![256 * (i % 3) + byte]!)).toEqual(viewed(preprocessing));
    }
    // Crops of training images keep their geometry, and take the kernel.
    const crop = async (preprocessing?: ImagePreprocessing) =>
      (await batchLoader({ ...options, preprocessing })(0)).images!.data;
    const bicubic = { ...TIMM, interpolation: 'bicubic', crop: 1 } as const;
    expect(await crop({ ...bicubic, resize: 'squash' })).toEqual(await crop(bicubic));
    expect(await crop({ ...bicubic, interpolation: 'bilinear' })).not.toEqual(await crop(bicubic));
  });

  it('the description of an exported tower', async () => {
    const { model, ...request } = towers(TIMM);
    const built = await buildModel({ ...request, model });
    expect(towerInfo(built, model, 'image').preprocessing).toMatchObject({
      ...{ resize: 'shorter side to 20', interpolation: 'bilinear, anti-aliased', mean: HALF.mean, std: HALF.std },
    });
    const squashed = await buildModel({ ...request, model: { ...model, preprocessing: SQUASH } });
    expect(towerInfo(squashed, model, 'image').preprocessing).toMatchObject({ resize: 'both sides to imageSize' });
  });
});
