import {
  type ErrorCode,
  elementCount,
  type HostTensor,
  type HostTensors,
  MedbenchError,
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
  defaultWorkers,
  type JobFailure,
  type Tokenizer,
} from '@medbench/data';
import { DRAWN } from '../step/represent.js';
import { cachedBytes, ImageMemory, isEncoded, type LoadedExample, toJobImage } from './images.js';

/** Images are kept in memory at this multiple of the model's image size, so that crops lose no detail. */
const STORED_SCALE = 1.25;

/** Batches made ahead of their use take no more than this, but for the one that comes next. */
const AHEAD_BYTES = 1 << 30;

export interface LoaderOptions {
  readonly pairs: PairSource;
  readonly tokenizer: Tokenizer;
  readonly imageSize: number;
  readonly contextLength: number;
  readonly batchSize: number;
  readonly cropScale: readonly [number, number];
  readonly seed: number;
  /** What the method wants of each example besides. */
  readonly inputs?: Readonly<Record<string, MethodInput>>;
  /** Threads that decode and augment, 0 for none. Batches do not depend on it. Default `defaultWorkers()`. */
  readonly workers?: number;
  /**
   * Larger images are first shrunk to this multiple of the image size, and kept so while there is room. Default 1.25.
   * Infinity takes crops from the images as they are, as PyTorch's loaders do.
   */
  readonly storedScale?: number;
  /** Decoded images that loaders of one source share. Default: kept for this loader alone. */
  readonly memory?: ImageMemory;
  /** Takes a line for each input that workers cannot draw. Default: a warning on the console. */
  readonly log?: (line: string) => void;
  /** Hears how long the workers take, which the training step hides as far as it can. */
  readonly profile?: Profile;
}

/** Makes the batch of any step; it depends on nothing but the options and the step, so training can go on anywhere. */
export interface BatchLoader {
  (step: number): Promise<HostTensors>;
  /** How many batches to make ahead, so that all workers are busy and memory is bounded. */
  readonly ahead: number;
  /** Takes the memory of a batch back that nobody needs any longer; the batch is empty then. */
  recycle(batch: HostTensors): void;
  /** Ends the workers. */
  close(): Promise<void>;
}

/**
 * Batches of a source, of which workers decode, crop, normalise and augment the images, and draw the inputs that name
 * their maker (`drawnInput`). This thread reads files, encodes captions and draws the other inputs.
 */
export function batchLoader(options: LoaderOptions): BatchLoader {
  const { pairs, tokenizer, imageSize, contextLength, batchSize, seed, inputs = {}, profile = NO_PROFILE } = options;
  const side = Math.ceil(imageSize * (options.storedScale ?? STORED_SCALE));
  const images = (options.memory ?? new ImageMemory()).openSource(pairs, side);
  const workers = batchWorkers({ count: options.workers, inputs, log: options.log });
  const order = batchOrder(pairs.length, batchSize, seed);
  const freeBuffers: ArrayBuffer[] = [];

  const make = async (step: number, indices: Int32Array): Promise<{ batchParts: BatchParts; captions: string[] }> => {
    const drawsOnMainThread = (await workers.notDrawn()).size > 0;
    const readers = Array.from(indices, (index) => () => images.get(index));
    for (;;) {
      const examples = await Promise.all(readers.map((read) => read()));
      const keep = drawsOnMainThread || (side < Number.POSITIVE_INFINITY && images.hasRoom());
      const room = freeBuffers.pop();
      const job: BatchJob = {
        examples: examples.map((loaded) => ({ image: toJobImage(loaded), caption: loaded.caption, keep })),
        ...{ side, imageSize, cropScale: options.cropScale, seed, step, share: workers.threads },
        ...(room ? { room } : {}),
      };
      const buffers = job.examples.flatMap(({ image }) => ('bytes' in image ? [image.bytes.buffer] : []));
      const batchParts = await workers.run(job, room ? [...buffers, room] : buffers);
      profile.beside('making batches', batchParts.milliseconds);
      const captions = examples.map(({ caption }) => caption);
      if (batchParts.failures.length === 0) return { batchParts, captions };
      // The buffers are gone: what takes the place of the broken ones is read, and the others once more.
      for (const failure of batchParts.failures)
        readers[failure.row] = replacementReader(examples[failure.row]!, failure);
    }
  };

  const load = async (step: number): Promise<HostTensors> => {
    const indices = order(step);
    const { batchParts, captions } = await make(step, indices);
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
      const data = batchParts.inputs[name] ?? drawOnMainThread(name, input, batchParts, captions, seed, step);
      drawn[DRAWN + name] = { shape: [batchSize, ...shape], dtype, data };
    }
    return {
      ...drawn,
      images: { shape: [batchSize, imageSize, imageSize, 3], dtype: 'float32', data: batchParts.images },
      ids: { shape: [batchSize, contextLength], dtype: 'int32', data: ids },
    };
  };
  const ahead = batchesAhead(batchBytes(options), workers.count);
  const recycle = ({ images }: HostTensors): void => {
    const buffer = images?.data.buffer;
    if (buffer instanceof ArrayBuffer && buffer.byteLength > 0 && freeBuffers.length <= ahead) freeBuffers.push(buffer);
  };
  return Object.assign(load, { ahead, recycle, close: () => workers.close() });
}

const batchBytes = ({ batchSize, imageSize, inputs = {} }: Pick<LoaderOptions, 'batchSize' | 'imageSize' | 'inputs'>) =>
  4 *
  batchSize *
  Object.values(inputs).reduce((sum, { shape }) => sum + elementCount(shape), imageSize * imageSize * 3);
const batchesAhead = (bytes: number, workers: number): number =>
  Math.max(1, Math.min(workers + 1, Math.floor(AHEAD_BYTES / bytes)));

/** What so many square images take that are kept for a model of this image size, in bytes. */
export const keptImageBytes = (imageSize: number, count: number): number =>
  cachedBytes(Math.ceil(imageSize * STORED_SCALE), count);

/** A thread with its image decoders, as measured on runs of the demo preset. */
const WORKER_BYTES = 60 * 2 ** 20;

/** What making batches takes, in bytes: threads, and batches on their way. `kept`: the images of so many pairs besides. */
export function loadingBytes(
  options: Pick<LoaderOptions, 'batchSize' | 'imageSize' | 'inputs'>,
  kept = 0,
  workers = defaultWorkers(),
): number {
  const bytes = batchBytes(options);
  const batches = batchesAhead(bytes, workers) + 1;
  return workers * WORKER_BYTES + batches * bytes + keptImageBytes(options.imageSize, kept);
}

/** An input that the workers do not draw, `[B, ...]`, from the images that they kept. */
function drawOnMainThread(
  name: string,
  { shape, dtype, draw, stream = name }: MethodInput,
  { kept }: BatchParts,
  captions: readonly string[],
  seed: number,
  step: number,
): Float32Array | Int32Array {
  const size = elementCount(shape);
  const data = dtype === 'int32' ? new Int32Array(kept.length * size) : new Float32Array(kept.length * size);
  for (const [row, image] of kept.entries()) {
    // A stream for each input, as in a worker: what one draws changes nothing for the others.
    data.set(draw({ image: image!, caption: captions[row]! }, random(seed, 'input', stream, step, row)), row * size);
  }
  return data;
}

/** Reads what its source would have in the place of a broken example. @throws the example's error if that is nothing. */
function replacementReader(example: LoadedExample, failure: JobFailure): () => Promise<LoadedExample> {
  const error = restoreError(failure);
  if (!isEncoded(example) || !example.instead) throw error;
  return async () => example.instead!(error);
}

/** The error of an example as it was thrown where its image was made. */
function restoreError({ code, message, hint }: JobFailure): Error {
  if (code === undefined) return new Error(message);
  return new MedbenchError(code as ErrorCode, message, hint === undefined ? {} : { hint });
}
