import {
  type HostTensor,
  type HostTensors,
  type MethodInput,
  type Pair,
  type Random,
  random,
  type Source,
} from '@medbench/core';
import {
  batchIndices,
  CLIP_MEAN,
  CLIP_STD,
  normaliseInto,
  resizeShorterSide,
  type Tokenizer,
  trainingTransform,
} from '@medbench/data';
import { DRAWN } from './represent.js';

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
  /** What the method wants of each example besides. */
  readonly inputs?: Readonly<Record<string, MethodInput>>;
}

/** Decoded, shrunk pairs of each source, kept for all rows of a run: they train on the same pictures. */
const shrunkPairs = new WeakMap<Source<Pair>, Map<string, Pair>>();

/** Reads pairs with their pictures shrunk to a shorter side of `side`, keeping what fits into the budget. */
function shrinking(pairs: Source<Pair>, side: number): (index: number) => Promise<Pair> {
  const cache = shrunkPairs.get(pairs) ?? new Map<string, Pair>();
  shrunkPairs.set(pairs, cache);
  let bytes = 0;
  return async (index) => {
    const key = `${side}/${index}`;
    const known = cache.get(key);
    if (known) return known;
    const { image, caption } = await pairs.get(index);
    const pair = {
      caption,
      image: Math.min(image.width, image.height) > side ? resizeShorterSide(image, side) : image,
    };
    bytes += pair.image.data.byteLength;
    if (bytes <= CACHE_BYTES) cache.set(key, pair);
    return pair;
  };
}

/** Makes the batch of any step; it depends on nothing but the options and the step, so training can go on anywhere. */
export function batchLoader(options: LoaderOptions): (step: number) => Promise<HostTensors> {
  const { pairs, tokenizer, imageSize, contextLength, batchSize, seed, inputs = {} } = options;
  const load = shrinking(pairs, Math.ceil(imageSize * STORED_SCALE));
  const transform = trainingTransform(imageSize, { scale: options.cropScale });
  return async (step) => {
    const indices = batchIndices(pairs.length, batchSize, seed, step);
    const images = new Float32Array(batchSize * imageSize * imageSize * 3);
    const ids = new Int32Array(batchSize * contextLength);
    const drawn = Object.entries(inputs).map(([name, { shape, dtype, draw }]) => {
      const size = shape.reduce((product, side) => product * side, 1);
      const data = dtype === 'int32' ? new Int32Array(batchSize * size) : new Float32Array(batchSize * size);
      const tensor: HostTensor = { shape: [batchSize, ...shape], dtype, data };
      // A stream for each input: what one draws changes nothing for the others.
      const fill = (row: number, example: Pair): void =>
        data.set(draw(example, random(seed, 'input', name, step, row)), row * size);
      return { name: DRAWN + name, tensor, fill };
    });
    // All at once: decoding runs on other threads.
    const examples = await Promise.all(Array.from(indices, load));
    for (const [row, example] of examples.entries()) {
      const augmentation: Random = random(seed, 'augmentation', step, row);
      const view = transform(example.image, augmentation);
      normaliseInto(view, images, row * imageSize * imageSize * 3, { mean: CLIP_MEAN, std: CLIP_STD });
      ids.set(tokenizer.encodeBatch([example.caption], contextLength), row * contextLength);
      for (const { fill } of drawn) fill(row, example);
    }
    return {
      ...Object.fromEntries(drawn.map(({ name, tensor }) => [name, tensor])),
      images: { shape: [batchSize, imageSize, imageSize, 3], dtype: 'float32', data: images },
      ids: { shape: [batchSize, contextLength], dtype: 'int32', data: ids },
    };
  };
}
