import { type HostTensors, type Pair, type Random, type RasterImage, random, type Source } from '@medbench/core';
import {
  batchIndices,
  CLIP_MEAN,
  CLIP_STD,
  normaliseInto,
  resizeShorterSide,
  type Tokenizer,
  trainingTransform,
} from '@medbench/data';

/** Pictures are kept in memory at this multiple of the model's image size, so that crops lose no detail. */
const STORED_SCALE = 1.25;

/** Decoded, shrunk pictures up to this many bytes are kept; the others are decoded again when needed. */
const CACHE_BYTES = 1 << 30;

export interface LoaderOptions {
  readonly pairs: Source<Pair>;
  readonly tokenizer: Tokenizer;
  readonly imageSize: number;
  readonly contextLength: number;
  readonly batchSize: number;
  readonly cropScale: readonly [number, number];
  readonly seed: number;
}

interface Example {
  readonly image: RasterImage;
  readonly ids: Int32Array;
}

/** Makes the batch of any step; it depends on nothing but the options and the step, so training can go on anywhere. */
export function batchLoader(options: LoaderOptions): (step: number) => Promise<HostTensors> {
  const { pairs, tokenizer, imageSize, contextLength, batchSize, seed } = options;
  const cache = new Map<number, Example>();
  let cachedBytes = 0;
  const stored = Math.ceil(imageSize * STORED_SCALE);
  const load = async (index: number): Promise<Example> => {
    const known = cache.get(index);
    if (known) return known;
    const { image, caption } = await pairs.get(index);
    const shrunk = Math.min(image.width, image.height) > stored ? resizeShorterSide(image, stored) : image;
    const example = { image: shrunk, ids: tokenizer.encodeBatch([caption], contextLength) };
    if (cachedBytes < CACHE_BYTES) {
      cachedBytes += shrunk.data.byteLength;
      cache.set(index, example);
    }
    return example;
  };
  const transform = trainingTransform(imageSize, { scale: options.cropScale });
  return async (step) => {
    const indices = batchIndices(pairs.length, batchSize, seed, step);
    const images = new Float32Array(batchSize * imageSize * imageSize * 3);
    const ids = new Int32Array(batchSize * contextLength);
    for (const [row, index] of indices.entries()) {
      const example = await load(index);
      const augmentation: Random = random(seed, 'augmentation', step, row);
      const view = transform(example.image, augmentation);
      normaliseInto(view, images, row * imageSize * imageSize * 3, { mean: CLIP_MEAN, std: CLIP_STD });
      ids.set(example.ids, row * contextLength);
    }
    return {
      images: { shape: [batchSize, imageSize, imageSize, 3], dtype: 'float32', data: images },
      ids: { shape: [batchSize, contextLength], dtype: 'int32', data: ids },
    };
  };
}
