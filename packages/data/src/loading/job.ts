import {
  elementCount,
  errorMessage,
  type ImageTextPair,
  isMedbenchError,
  type MethodInput,
  type RasterImage,
  random,
} from '@medbench/core';
import { decodeImage } from '../image.js';
import { normaliser, resizeShorterSide, trainingTransform } from '../transform.js';

/** Images decoded ahead of the one that is being worked on; decoding runs on threads of its own. */
const AHEAD = 6;

/** An image to decode, or one that is decoded, and its caption for inputs that look at it. */
export interface JobExample {
  readonly image: { readonly bytes: Uint8Array<ArrayBuffer>; readonly name: string } | RasterImage;
  readonly caption: string;
  /** Whether the image, decoded and shrunk, is wanted back. */
  readonly keep: boolean;
}

/** All that the images of a batch depend on: plain values that can be sent to another thread. */
export interface BatchJob {
  readonly examples: readonly JobExample[];
  /** Larger images are shrunk to this shorter side before anything else. Infinity for none. */
  readonly side: number;
  readonly imageSize: number;
  readonly cropScale: readonly [number, number];
  readonly seed: number;
  readonly step: number;
  /** Memory for the images of the batch that nobody needs any longer: fresh memory costs more than what is put there. */
  readonly room?: ArrayBuffer;
  /** Put kept images where all threads can read them. */
  readonly share: boolean;
}

/** What went wrong with an example, in a form that survives the way between threads. */
export interface JobFailure {
  readonly row: number;
  readonly code: string | undefined;
  readonly message: string;
  readonly hint: string | undefined;
}

export interface BatchParts {
  /** `[B, imageSize, imageSize, 3]`, normalised. */
  readonly images: Float32Array<ArrayBuffer>;
  /** What was drawn, by the input's name, each `[B, ...]`. */
  readonly inputs: Readonly<Record<string, Float32Array<ArrayBuffer> | Int32Array<ArrayBuffer>>>;
  /** The images that were to be kept, decoded and shrunk, by row. */
  readonly kept: readonly (RasterImage | undefined)[];
  /** Rows that could not be made, ascending; of these the other parts hold nothing. */
  readonly failures: readonly JobFailure[];
  /** How long it took. */
  readonly milliseconds: number;
}

/**
 * Makes the images of a batch: decodes, shrinks, crops, normalises, and draws the inputs. The result depends on the job
 * and the inputs alone, on whatever thread it runs and in whatever order decoding ends.
 */
export async function makeBatch(job: BatchJob, drawn: Readonly<Record<string, MethodInput>>): Promise<BatchParts> {
  const began = performance.now();
  const { examples, imageSize, seed, step } = job;
  const batch = examples.length;
  const area = imageSize * imageSize * 3;
  const bytes = batch * area * 4;
  const images = new Float32Array(job.room?.byteLength === bytes ? job.room : new ArrayBuffer(bytes));
  const transform = trainingTransform(imageSize, { scale: job.cropScale });
  const write = normaliser();
  const inputs = Object.entries(drawn).map(([name, { shape, dtype, draw, stream = name }]) => {
    const size = elementCount(shape);
    const data = dtype === 'int32' ? new Int32Array(batch * size) : new Float32Array(batch * size);
    const fill = (row: number, example: ImageTextPair): void =>
      data.set(draw(example, random(seed, 'input', stream, step, row)), row * size);
    return { name, data, fill };
  });
  const kept: (RasterImage | undefined)[] = new Array(batch).fill(undefined);
  const failures: JobFailure[] = [];
  const make = async (row: number): Promise<void> => {
    const { image: given, caption, keep } = examples[row]!;
    try {
      const image = shrunk('bytes' in given ? await decodeImage(given.bytes, given.name) : given, job.side);
      write(transform(image, random(seed, 'augmentation', step, row)), images, row * area);
      for (const { fill } of inputs) fill(row, { image, caption });
      if (keep) kept[row] = job.share ? shared(image) : image;
    } catch (error) {
      const medbench = isMedbenchError(error) ? error : undefined;
      failures.push({ row, code: medbench?.code, message: errorMessage(error), hint: medbench?.hint });
    }
  };
  let next = 0;
  const work = async (): Promise<void> => {
    while (next < batch) await make(next++);
  };
  await Promise.all(Array.from({ length: AHEAD }, work));
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

const shrunk = (image: RasterImage, side: number): RasterImage =>
  Math.min(image.width, image.height) > side ? resizeShorterSide(image, side) : image;

function shared(image: RasterImage): RasterImage {
  if (image.data.buffer instanceof SharedArrayBuffer) return image;
  const data = new Uint8Array(new SharedArrayBuffer(image.data.length));
  data.set(image.data);
  return { ...image, data };
}
