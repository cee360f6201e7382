// The measured cases: sizes and families of models, the study's eight methods, one training schedule.
import { methodSettings, pluginMetadata } from '@medbench/core';
import { ConvNextTiny } from '@medbench/encoders-convnext';
import { gptModel } from '@medbench/encoders-gpt';
import { SwinTiny } from '@medbench/encoders-swin';
import { vitModel } from '@medbench/encoders-vit';
import { dualEncoder } from '@medbench/nn';
import { trainingStep } from '@medbench/training';
import { createMethod } from '../methods.mjs';

/** A small text tower, so that the image tower takes nearly all of a step. */
const SMALL_TEXT = { contextLength: 77, vocabSize: 8192, width: 128, layers: 4 };
/** `gib`: the most memory that training takes. `timm`: the name of a tower that is no vision transformer. */
export const CASES = {
  a: {
    image: { imageSize: 32, patchSize: 8, width: 64, layers: 4 },
    text: { contextLength: 32, vocabSize: 1000, width: 64, layers: 2 },
    ...{ embedDim: 128, batch: 32, gib: 1 },
  },
  b: {
    image: { imageSize: 64, patchSize: 8, width: 192, layers: 6 },
    text: { contextLength: 77, vocabSize: 8192, width: 128, layers: 4 },
    ...{ embedDim: 128, batch: 32, gib: 2.5 },
  },
  c: {
    image: { imageSize: 224, patchSize: 16, width: 768, layers: 12 },
    text: { contextLength: 77, vocabSize: 49408, width: 512, layers: 12 },
    ...{ embedDim: 512, batch: 8, gib: 6.5 },
  },
  d: {
    image: { imageSize: 224, timm: 'convnext_tiny' },
    text: SMALL_TEXT,
    ...{ embedDim: 512, batch: 8, gib: 6 },
  },
  e: {
    image: { imageSize: 224, timm: 'swin_tiny_patch4_window7_224' },
    text: SMALL_TEXT,
    ...{ embedDim: 512, batch: 8, gib: 6 },
  },
};
const TIMM_TOWERS = { convnext_tiny: ConvNextTiny, swin_tiny_patch4_window7_224: SwinTiny };
/** Cases that eager backends without native code take minutes for. */
export const LARGE_CASES = Object.keys(CASES).filter((key) => CASES[key].image.imageSize === 224);
export const CASE_TITLES = {
  a: 'image 32², patch 8, width 64, 4 blocks; text 32 ids, vocabulary 1000, width 64, 2 blocks; batch 32',
  b: 'image 64², patch 8, width 192, 6 blocks; text 77 ids, vocabulary 8192, width 128, 4 blocks; batch 32',
  c: 'ViT-B/16 at 224² and GPT/77 (width 512, 12 blocks, vocabulary 49408), embedding of 512; batch 8',
  d: 'ConvNeXt-Tiny at 224² and the text tower of (b), embedding of 512; batch 8',
  e: 'Swin-Tiny at 224² and the text tower of (b), embedding of 512; batch 8',
};
/** Number of batches. The steps cycle through them. */
export const BATCHES = Number(process.env.MEDBENCH_BENCH_BATCHES ?? 4);
export const SEED = 0;

/** Each method's class. The imports are written out, so that a bundle has them. */
const CLASSES = {
  clip: async () => (await import('@medbench/methods-clip')).Clip,
  'clip-locked': async () => (await import('@medbench/methods-clip-locked')).ClipLocked,
  'clip-partial': async () => (await import('@medbench/methods-clip-partial')).ClipPartial,
  slip: async () => (await import('@medbench/methods-slip')).Slip,
  'masked-cl': async () => (await import('@medbench/methods-masked-cl')).MaskedCl,
  flip: async () => (await import('@medbench/methods-flip')).Flip,
  coca: async () => (await import('@medbench/methods-coca')).Coca,
  filip: async () => (await import('@medbench/methods-filip')).Filip,
};
export const METHODS = Object.keys(CLASSES);

/** The schedule has many more steps than are measured, so that the learning rate is near its maximum. */
const TRAINING = {
  ...{ steps: 1000, chunkSize: null, learningRate: 5e-4, warmup: 50, weightDecay: 0.2, beta1: 0.9, beta2: 0.98 },
  ...{ epsilon: 1e-6, clipNorm: 1, cropScale: [0.9, 1], checkpointEvery: 1e9, logEvery: 1e9 },
  validation: { share: 0, batches: 8, every: 50, patience: null, keep: 'best' },
};
export const trainingSettings = (key) => ({ ...TRAINING, batchSize: CASES[key].batch });

/** Creates the two towers of a case. */
export function createTowers(key) {
  const { image, text, embedDim } = CASES[key];
  const Tower = TIMM_TOWERS[image.timm];
  return {
    image: Tower ? new Tower().build({ embedDim }) : vitModel({ id: `image-${key}`, ...image, embedDim }),
    text: gptModel({ id: `text-${key}`, ...text, embedDim }),
  };
}

/** Sets up a method on a case with its default settings, as a run would. */
export async function setUpCase(key, id) {
  const Class = await CLASSES[id]();
  const method = createMethod(Class);
  const { image, text } = createTowers(key);
  const model = dualEncoder(image, text);
  const defaults = methodSettings(pluginMetadata(Class).info, {});
  // FLIP ends with a short phase on all patches. The first phase is measured.
  const settings = method.phases(defaults)[0].settings;
  const parameters = [...model.parameters, ...method.parameters(model, settings)];
  const step = trainingStep({
    name: `bench:${id}`,
    model,
    method,
    settings,
    parameters,
    training: trainingSettings(key),
  });
  return { method, model, settings, parameters, step };
}
