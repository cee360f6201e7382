import {
  CLIP_PREPROCESSING,
  type CropSettings,
  type DrawTools,
  elementCount,
  type HostTensor,
  type HostTensors,
  type ImagePreprocessing,
  type MethodInput,
  NO_PROFILE,
  type PairSource,
  type Profile,
  random,
} from '@medbench/core';
import {
  type BatchJob,
  type BatchParts,
  batchOrder,
  batchWorkers,
  cropSteps,
  defaultWorkers,
  type JobFailure,
  normalisedLevels,
  normaliser,
  restoreError,
  scaledSide,
  type Tokenizer,
  type TrainingCrop,
} from '@medbench/data';
import { DRAWN } from '../step/represent.js';
import { cachedBytes, ImageMemory, isEncoded, type LoadedExample, toJobImage } from './images.js';

/** Images are cached at this multiple of the model's image size, so that crops lose no detail. */
const STORED_SCALE = 1.25;

/** Most bytes that prefetched batches take. One batch is prefetched in any case. */
const AHEAD_BYTES = 1 << 30;

export interface LoaderOptions {
  readonly pairs: PairSource;
  readonly tokenizer: Tokenizer;
  readonly imageSize: number;
  readonly contextLength: number;
  readonly batchSize: number;
  readonly cropScale: readonly [number, number];
  /** Default `resized`. `whole` shows the evaluation view of each image. */
  readonly crop?: CropSettings | { readonly kind: 'whole' } | undefined;
  /**
   * How images are resized and normalised. Its resize mode and crop are those of `whole`; the other crops keep their own
   * geometry. Default: as in OpenAI's CLIP.
   */
  readonly preprocessing?: ImagePreprocessing | undefined;
  readonly seed: number;
  /**
   * The examples of a step, from 0. Default: `batchOrder`, full batches in the order of the source, or one drawn with the
   * seed. A batch may have fewer than `batchSize`.
   */
  readonly order?: ((step: number) => Int32Array) | undefined;
  /** Inputs that the method draws for each example, beside image and text. */
  readonly inputs?: Readonly<Record<string, MethodInput>>;
  /**
   * Threads that decode and augment. 0 makes batches on the main thread. Batches do not depend on the number. Default
   * `defaultWorkers()`.
   */
  readonly workers?: number;
  /**
   * With a `resized` crop, larger images are first shrunk to this multiple of the image size, and cached at that size while there is room.
   * Default 1.25. Infinity takes crops from the images at full size, as PyTorch's loaders do.
   */
  readonly storedScale?: number;
  /**
   * Whether `images` holds bytes with `levels` (`HostTensor`) instead of floats: the same values in a quarter of the memory.
   * Default false.
   */
  readonly bytes?: boolean | undefined;
  /** Cache of decoded images that loaders of one source share. Default: a cache for this loader alone. */
  readonly memory?: ImageMemory;
  /** Receives a line for each input that workers cannot draw. Default: a warning on the console. */
  readonly log?: (line: string) => void;
  /** Records how long the workers take. This time overlaps with the training step as far as possible. */
  readonly profile?: Profile;
}

/** Makes the batch of a step. It depends on the options and the step alone, so training can resume at any step. */
export interface BatchLoader {
  (step: number): Promise<HostTensors>;
  /** Number of batches to prefetch, so that all workers are busy and memory is bounded. */
  readonly ahead: number;
  /** The examples of a step, from 0. */
  order(step: number): Int32Array;
  /** Takes back the memory of a batch for a later one. The batch must not be read afterwards. */
  recycle(batch: HostTensors): void;
  /** Stops the workers. */
  close(): Promise<void>;
}

/**
 * Loads the batches of a source. Workers decode, crop, normalise and augment the images, and draw the inputs that name
 * the function which makes them (`drawnInput`). The main thread reads files, tokenizes captions and draws the other
 * inputs.
 */
export function batchLoader(options: LoaderOptions): BatchLoader {
  const {
    pairs,
    tokenizer,
    imageSize,
    contextLength,
    seed,
    inputs = {},
    profile = NO_PROFILE,
    bytes = false,
    preprocessing = CLIP_PREPROCESSING,
  } = options;
  const levels = bytes ? { levels: normalisedLevels(preprocessing) } : {};
  const { crop, side } = loadedCrop(options);
  const images = (options.memory ?? new ImageMemory()).openSource(pairs, storedForm(crop, side, preprocessing));
  const workers = batchWorkers({ count: options.workers, inputs, log: options.log });
  const order = options.order ?? batchOrder(pairs.length, options.batchSize, seed, pairs.order?.bind(pairs));
  const freeBuffers: ArrayBuffer[] = [];
  const tools: DrawTools = {
    transform: cropSteps(imageSize, crop, side, preprocessing).view,
    normalise: normaliser(preprocessing),
  };

  const make = async (step: number, indices: Int32Array): Promise<{ batchParts: BatchParts; captions: string[] }> => {
    const drawsOnMainThread = (await workers.notDrawn()).size > 0;
    const readers = Array.from(indices, (index) => () => images.get(index));
    for (;;) {
      const examples = await Promise.all(readers.map((read) => read()));
      const keep = drawsOnMainThread || (side < Number.POSITIVE_INFINITY && images.hasRoom());
      const room = freeBuffers.pop();
      const job: BatchJob = {
        examples: examples.map((loaded) => ({ image: toJobImage(loaded), caption: loaded.caption, keep })),
        ...{ side, imageSize, crop, preprocessing, seed, step, bytes, share: workers.threads },
        ...(room ? { room } : {}),
      };
      const buffers = job.examples.flatMap(({ image }) => ('bytes' in image ? [image.bytes.buffer] : []));
      const batchParts = await workers.run(job, room ? [...buffers, room] : buffers);
      profile.beside('making batches', batchParts.milliseconds);
      const captions = examples.map(({ caption }) => caption);
      if (batchParts.failures.length === 0) return { batchParts, captions };
      // The buffers were transferred, so all examples are read again: the broken ones from their replacements.
      for (const failure of batchParts.failures)
        readers[failure.row] = replacementReader(examples[failure.row]!, failure);
    }
  };

  const load = async (step: number): Promise<HostTensors> => {
    const indices = order(step);
    const { batchParts, captions } = await make(step, indices);
    const batchSize = indices.length;
    for (const [row, image] of batchParts.kept.entries()) {
      if (image) images.keep(indices[row]!, { image, caption: captions[row]! });
    }
    const ids = new Int32Array(batchSize * contextLength);
    for (const [row, caption] of captions.entries()) {
      ids.set(tokenizer.encodeBatch([caption], contextLength), row * contextLength);
    }
    const drawn: Record<string, HostTensor> = {};
    for (const [name, input] of Object.entries(inputs)) {
      const { shape, dtype } = input;
      const data = batchParts.inputs[name] ?? drawOnMainThread(name, input, batchParts, captions, seed, step, tools);
      drawn[DRAWN + name] = { shape: [batchSize, ...shape], dtype, data };
    }
    return {
      ...drawn,
      images: { shape: [batchSize, imageSize, imageSize, 3], dtype: 'float32', data: batchParts.images, ...levels },
      ids: { shape: [batchSize, contextLength], dtype: 'int32', data: ids },
    };
  };
  const ahead = batchesAhead(batchBytes(options), workers.count);
  const recycle = ({ images }: HostTensors): void => {
    const buffer = images?.data.buffer;
    if (buffer instanceof ArrayBuffer && buffer.byteLength > 0 && freeBuffers.length <= ahead) freeBuffers.push(buffer);
  };
  return Object.assign(load, { ahead, order, recycle, close: () => workers.close() });
}

/** The crop for this image size, and the shorter side of the images that are cached. */
function loadedCrop({
  imageSize,
  cropScale = [1, 1],
  crop = { kind: 'resized', side: imageSize },
  storedScale = STORED_SCALE,
}: Pick<LoaderOptions, 'imageSize' | 'crop' | 'storedScale'> & Partial<Pick<LoaderOptions, 'cropScale'>>): {
  readonly crop: TrainingCrop;
  readonly side: number;
} {
  if (crop.kind === 'whole') return { crop, side: imageSize };
  if (crop.kind === 'resized') {
    return { crop: { kind: 'resized', scale: cropScale }, side: Math.ceil(imageSize * storedScale) };
  }
  const side = scaledSide(crop.side, imageSize);
  return { crop: { kind: 'fixed', side }, side };
}

/** Names the form in which images are cached. Loaders of one source share the images of one form. */
const storedForm = (crop: TrainingCrop, side: number, { interpolation, resize, crop: share }: ImagePreprocessing) =>
  [crop.kind, side, interpolation, ...(crop.kind === 'whole' ? [resize, share] : [])].join(' ');

type BatchSize = Pick<LoaderOptions, 'batchSize' | 'imageSize' | 'inputs' | 'bytes'>;

const batchBytes = ({ batchSize, imageSize, inputs = {}, bytes = false }: BatchSize): number =>
  batchSize *
  Object.values(inputs).reduce(
    (sum, { shape }) => sum + 4 * elementCount(shape),
    (bytes ? 1 : 4) * imageSize * imageSize * 3,
  );
const batchesAhead = (bytes: number, workers: number): number =>
  Math.max(1, Math.min(workers + 1, Math.floor(AHEAD_BYTES / bytes)));

/** Bytes that `count` cached square images take, for a model of this image size and a crop. */
export const keptImageBytes = (imageSize: number, count: number, crop?: CropSettings | undefined): number =>
  cachedBytes(loadedCrop({ imageSize, crop }).side, count);

/** Bytes of a worker thread with its image decoders, measured on runs of the demo preset. */
const WORKER_BYTES = 60 * 2 ** 20;

/**
 * Bytes that making batches takes: worker threads, prefetched batches and cached images.
 * @param kept number of pairs whose images are cached.
 */
export function loadingBytes(
  options: BatchSize & { readonly crop?: CropSettings | undefined },
  kept = 0,
  workers = defaultWorkers(),
): number {
  const bytes = batchBytes(options);
  const batches = batchesAhead(bytes, workers) + 1;
  return workers * WORKER_BYTES + batches * bytes + keptImageBytes(options.imageSize, kept, options.crop);
}

/** Draws an input that the workers do not draw, `[B, ...]`, from the decoded images that they hand back. */
function drawOnMainThread(
  name: string,
  { shape, dtype, draw, stream = name }: MethodInput,
  { kept }: BatchParts,
  captions: readonly string[],
  seed: number,
  step: number,
  tools: DrawTools,
): Float32Array | Int32Array {
  const size = elementCount(shape);
  const data = dtype === 'int32' ? new Int32Array(kept.length * size) : new Float32Array(kept.length * size);
  for (const [row, image] of kept.entries()) {
    // One random stream per input, as in a worker: the draws of one input do not change those of another.
    const stepRandom = random(seed, 'input', stream, step, row);
    data.set(draw({ image: image!, caption: captions[row]! }, stepRandom, tools), row * size);
  }
  return data;
}

/** Returns a reader of the replacement for a broken example. @throws the example's error if its source has none. */
function replacementReader(example: LoadedExample, failure: JobFailure): () => Promise<LoadedExample> {
  const error = restoreError(failure);
  if (!isEncoded(example) || !example.instead) throw error;
  return async () => example.instead!(error);
}
