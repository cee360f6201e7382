import {
  CLIP_PREPROCESSING,
  type EncodedPair,
  elementCount,
  type ImagePreprocessing,
  type ImageTextPair,
  type MethodInput,
  type Random,
  type RasterImage,
  random,
} from '@medbench/core';
import { decodeView } from '../decode-view.js';
import { decodeOptions } from '../grey-window.js';
import { decodeImage } from '../image.js';
import { normaliser, writeBytes } from '../normalise.js';
import { cropSteps, type TrainingCrop } from '../transform.js';
import { describeFailure, type Failure } from './failure.js';

/**
 * Images in progress at a time. Decoding runs on its own threads, so other images are decoded while one is transformed.
 */
const CONCURRENT_DECODES = 6;

/** An image, encoded or decoded, and its caption for the inputs that use it. */
export interface JobExample {
  readonly image: Pick<EncodedPair, 'bytes' | 'name' | 'window'> | RasterImage;
  readonly caption: string;
  /** Whether to return the image in the form in which it is cached. */
  readonly keep: boolean;
}

/** Everything that the images of a batch depend on, as plain values that can be sent to another thread. */
export interface BatchJob {
  readonly examples: readonly JobExample[];
  /** A `resized` crop first shrinks larger images to this shorter side. Infinity shrinks none. */
  readonly side: number;
  readonly imageSize: number;
  readonly crop: TrainingCrop;
  /** Default: that of OpenAI's CLIP. */
  readonly preprocessing?: ImagePreprocessing;
  readonly seed: number;
  readonly step: number;
  /**
   * A buffer that nobody needs any longer, reused for the images: allocating fresh memory costs more than filling it.
   */
  readonly room?: ArrayBuffer;
  /** Return the images as bytes that are not normalised. Default false. */
  readonly bytes?: boolean;
  /** Copy kept images into memory that all threads can read. */
  readonly share: boolean;
}

/** The fault of an example. */
export interface JobFailure extends Failure {
  readonly row: number;
}

/** The result of a job. */
export interface BatchParts {
  /** `[B, imageSize, imageSize, 3]`, normalised unless the job asks for bytes. */
  readonly images: Float32Array<ArrayBuffer> | Uint8Array<ArrayBuffer>;
  /** The drawn inputs by name, each `[B, ...]`. */
  readonly inputs: Readonly<Record<string, Float32Array<ArrayBuffer> | Int32Array<ArrayBuffer>>>;
  /** The images that `keep` asked for, in the form in which they are cached, by row. */
  readonly kept: readonly (RasterImage | undefined)[];
  /** Rows that could not be made, ascending. The other fields hold nothing for these rows. */
  readonly failures: readonly JobFailure[];
  /** Duration of the job. */
  readonly milliseconds: number;
}

/**
 * Makes a batch: decodes, resizes, crops and normalises the images, and draws the inputs. The result depends only on
 * the job and the inputs, not on the thread or on the order in which decoding ends.
 */
export async function makeBatch(job: BatchJob, drawn: Readonly<Record<string, MethodInput>>): Promise<BatchParts> {
  const began = performance.now();
  const { examples, imageSize, preprocessing = CLIP_PREPROCESSING, seed, step } = job;
  const batch = examples.length;
  const area = imageSize * imageSize * 3;
  const room = job.bytes ? batch * area : batch * area * 4;
  const buffer = job.room?.byteLength === room ? job.room : new ArrayBuffer(room);
  const images = job.bytes ? new Uint8Array(buffer) : new Float32Array(buffer);
  const steps = cropSteps(imageSize, job.crop, job.side, preprocessing);
  const { stored, view } = steps;
  const normalise = normaliser(preprocessing);
  const write = (image: RasterImage, row: number): void =>
    images instanceof Uint8Array ? writeBytes(image, images, row * area) : normalise(image, images, row * area);
  const inputs = Object.entries(drawn).map(([name, { shape, dtype, draw, stream = name }]) => {
    const size = elementCount(shape);
    const data = dtype === 'int32' ? new Int32Array(batch * size) : new Float32Array(batch * size);
    const fill = (row: number, example: ImageTextPair): void =>
      data.set(draw(example, random(seed, 'input', stream, step, row), { transform: view, normalise }), row * size);
    return { name, data, fill };
  });
  const kept: (RasterImage | undefined)[] = new Array(batch).fill(undefined);
  const failures: JobFailure[] = [];
  const make = async (row: number): Promise<void> => {
    const { image: input, caption, keep } = examples[row]!;
    try {
      const stream = (): Random => random(seed, 'augmentation', step, row);
      if ('bytes' in input && !keep && inputs.length === 0) {
        write(await decodeView(input, steps, stream), row);
        return;
      }
      const image = stored('bytes' in input ? await decodeImage(input.bytes, input.name, decodeOptions(input)) : input);
      write(view(image, stream()), row);
      for (const { fill } of inputs) fill(row, { image, caption });
      if (keep) kept[row] = job.share ? copyToShared(image) : image;
    } catch (error) {
      failures.push({ row, ...describeFailure(error) });
    }
  };
  let next = 0;
  const work = async (): Promise<void> => {
    while (next < batch) await make(next++);
  };
  await Promise.all(Array.from({ length: CONCURRENT_DECODES }, work));
  failures.sort((a, b) => a.row - b.row);
  const milliseconds = performance.now() - began;
  return {
    images,
    inputs: Object.fromEntries(inputs.map(({ name, data }) => [name, data])),
    kept,
    failures,
    milliseconds,
  };
}

function copyToShared(image: RasterImage): RasterImage {
  if (image.data.buffer instanceof SharedArrayBuffer) return image;
  const data = new Uint8Array(new SharedArrayBuffer(image.data.length));
  data.set(image.data);
  return { ...image, data };
}
