import {
  type EncodedPair,
  elementCount,
  errorMessage,
  type ImageTextPair,
  isMedbenchError,
  type MethodInput,
  type RasterImage,
  random,
} from '@medbench/core';
import { decodeOptions } from '../grey-window.js';
import { decodeImage } from '../image.js';
import { cropSteps, normaliser, type TrainingCrop } from '../transform.js';

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
  readonly seed: number;
  readonly step: number;
  /**
   * A buffer that nobody needs any longer, reused for the images: allocating fresh memory costs more than filling it.
   */
  readonly room?: ArrayBuffer;
  /** Copy kept images into memory that all threads can read. */
  readonly share: boolean;
}

/** The fault of an example, as plain values that can be sent between threads. */
export interface JobFailure {
  readonly row: number;
  readonly code: string | undefined;
  readonly message: string;
  readonly hint: string | undefined;
}

/** The result of a job. */
export interface BatchParts {
  /** `[B, imageSize, imageSize, 3]`, normalised. */
  readonly images: Float32Array<ArrayBuffer>;
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
  const { examples, imageSize, seed, step } = job;
  const batch = examples.length;
  const area = imageSize * imageSize * 3;
  const bytes = batch * area * 4;
  const images = new Float32Array(job.room?.byteLength === bytes ? job.room : new ArrayBuffer(bytes));
  const { stored, view } = cropSteps(imageSize, job.crop, job.side);
  const write = normaliser();
  const inputs = Object.entries(drawn).map(([name, { shape, dtype, draw, stream = name }]) => {
    const size = elementCount(shape);
    const data = dtype === 'int32' ? new Int32Array(batch * size) : new Float32Array(batch * size);
    const fill = (row: number, example: ImageTextPair): void =>
      data.set(draw(example, random(seed, 'input', stream, step, row), { transform: view }), row * size);
    return { name, data, fill };
  });
  const kept: (RasterImage | undefined)[] = new Array(batch).fill(undefined);
  const failures: JobFailure[] = [];
  const make = async (row: number): Promise<void> => {
    const { image: input, caption, keep } = examples[row]!;
    try {
      const image = stored('bytes' in input ? await decodeImage(input.bytes, input.name, decodeOptions(input)) : input);
      write(view(image, random(seed, 'augmentation', step, row)), images, row * area);
      for (const { fill } of inputs) fill(row, { image, caption });
      if (keep) kept[row] = job.share ? copyToShared(image) : image;
    } catch (error) {
      const medbench = isMedbenchError(error) ? error : undefined;
      failures.push({ row, code: medbench?.code, message: errorMessage(error), hint: medbench?.hint });
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
