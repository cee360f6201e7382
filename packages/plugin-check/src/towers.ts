import type { DualEncoderModel, ImageEncoderModel, ImageTextPair, RasterImage, TextEncoderModel } from '@medbench/core';
import { random } from '@medbench/core';
import { clipTokenizer, fromArray, type Tokenizer } from '@medbench/data';
import { gptModel } from '@medbench/encoders-gpt';
import { vitModel } from '@medbench/encoders-vit';
import { dualEncoder } from '@medbench/nn';

/** D, the width of the joint space. */
export const EMBED_DIM = 32;
const SIDE = 24;

/** Makes a tokenizer without merges: every letter is a token, so the vocabulary is small. */
export const tokenizer = (): Tokenizer => clipTokenizer({ merges: 0 });

/** Makes an image tower of two blocks on 16 patches. */
export const tinyImageTower = (): ImageEncoderModel =>
  vitModel({ id: 'tiny-vit', imageSize: 16, patchSize: 4, width: 64, layers: 2, embedDim: EMBED_DIM });

/** Makes a text tower of two blocks on 12 tokens. */
export const tinyTextTower = (): TextEncoderModel =>
  gptModel({
    ...{ id: 'tiny-gpt', contextLength: 12, width: 64, layers: 2, embedDim: EMBED_DIM },
    vocabSize: tokenizer().vocabSize,
  });

/** Makes a dual encoder of the two tiny towers. */
export const tinyTowers = (): DualEncoderModel => dualEncoder(tinyImageTower(), tinyTextTower());

/** Makes an image of noise. */
function noise(seed: number): RasterImage {
  const stream = random(seed, 'plugin-check');
  const data = Uint8Array.from({ length: SIDE * SIDE * 3 }, () => stream.integer(256));
  return { width: SIDE, height: SIDE, channels: 3, data };
}

/** Makes pairs of a noise image and a caption. */
export const noisePairs = (count: number) =>
  fromArray<ImageTextPair>(
    Array.from({ length: count }, (_, i) => ({ image: noise(i), caption: `no ${i * 7919} seen` })),
  );

/** Makes a classification data set of noise images with two classes and a training split. */
export function noiseData() {
  const split = (from: number, length: number) => ({
    images: fromArray(Array.from({ length }, (_, i) => noise(from + i))),
    labels: Int32Array.from({ length }, (_, i) => i % 2),
  });
  const classes = ['one', 'other'];
  return { train: split(0, 24), test: split(100, 12), classes, prompts: ['an image of {}.'] };
}
