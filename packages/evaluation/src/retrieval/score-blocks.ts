import type { Backend, HostTensor, Matrix, Program } from '@medbench/core';
import type { Tensor2D } from '@tensorflow/tfjs-core';
import { innerProducts } from '../numerics/linear-algebra.js';

/** Side of a block of scores, which takes 4 MiB. */
const BLOCK = 1024;
/** Number of multiply-adds up to which a backend costs more time than it saves. */
const FEW_OPERATIONS = 1e9;
/** Half a unit in the last place of a 32-bit float at 1. */
const ROUNDING = 2 ** -24;

/** Scores of a range of images (rows) with a range of texts (columns), in 32 bits. */
export interface ScoreBlock {
  readonly images: IndexRange;
  readonly texts: IndexRange;
  /**
   * Scores in row-major order, with `stride` entries per row. Only the first `texts.count` entries of a row are valid.
   */
  readonly scores: Float32Array;
  readonly stride: number;
}

/** Indices `from` to `from + count - 1`. */
export interface IndexRange {
  readonly from: number;
  readonly count: number;
}

/** All scores of images with texts, block by block. */
export interface ScoreBlocks extends AsyncIterable<ScoreBlock> {
  /** Largest difference of a score from its sum in 64 bits. */
  readonly margin: number;
  close(): Promise<void>;
}

type Multiply = (images: IndexRange, texts: IndexRange) => Promise<Float32Array>;

async function program(imageCount: number, textCount: number, width: number): Promise<Program> {
  const tf = await import('@tensorflow/tfjs-core');
  return {
    name: 'scores',
    state: {},
    inputs: {
      images: { shape: [imageCount, width], dtype: 'float32' },
      texts: { shape: [textCount, width], dtype: 'float32' },
    },
    run: (_, { images, texts }) => ({
      outputs: { scores: tf.matMul(images as Tensor2D, texts as Tensor2D, false, true) },
    }),
  };
}

/** Rows of a matrix as a program input of `size` rows. If there are fewer rows, rows of zeros are appended. */
function sliceRows({ data, cols }: Matrix, { from, count }: IndexRange, size: number): HostTensor {
  let rows = data.subarray(from * cols, (from + count) * cols);
  if (count < size) {
    const padded = new Float32Array(size * cols);
    padded.set(rows);
    rows = padded;
  }
  return { shape: [size, cols], dtype: 'float32', data: rows };
}

/** Products of 32-bit rows, computed in 64 bits and rounded to 32 bits. */
function plainMultiply(images: Matrix, texts: Matrix, stride: number): Multiply {
  const sums = new Float64Array(BLOCK * stride);
  return async (rows, cols) => {
    innerProducts(images.data, rows.from, rows.count, texts.data, cols.from, cols.count, images.cols, sums);
    const scores = new Float32Array(rows.count * stride);
    for (let i = 0; i < rows.count; i++) {
      scores.set(sums.subarray(i * cols.count, (i + 1) * cols.count), i * stride);
    }
    return scores;
  };
}

function largestNorm({ rows, cols, data }: Matrix): number {
  let largest = 0;
  for (let i = 0; i < rows; i++) {
    let square = 0;
    for (let j = i * cols; j < (i + 1) * cols; j++) square += data[j]! * data[j]!;
    largest = Math.max(largest, square);
  }
  return Math.sqrt(largest);
}

const splitRange = (length: number): IndexRange[] =>
  Array.from({ length: Math.ceil(length / BLOCK) }, (_, b) => ({
    from: b * BLOCK,
    count: Math.min(BLOCK, length - b * BLOCK),
  }));

/**
 * Margin for the difference of a backend's scores from sums in 64 bits: eight standard deviations of the rounding
 * error, which adds up like a random walk (Higham and Mary 2019). A backend of lower precision, for example
 * TensorFloat-32, shows larger differences in the first block. The margin is then eight times the largest difference
 * seen there.
 */
async function measureMargin(multiply: Multiply, images: Matrix, texts: Matrix, stride: number): Promise<number> {
  const scale = largestNorm(images) * largestNorm(texts);
  const first = { from: 0, count: Math.min(BLOCK, images.rows) };
  const scores = await multiply(first, { from: 0, count: Math.min(BLOCK, texts.rows) });
  const exact = new Float64Array(1);
  let observed = 0;
  for (let probe = 0; probe < 256; probe++) {
    const [i, t] = [(probe * 37) % first.count, (probe * 101) % Math.min(BLOCK, texts.rows)];
    innerProducts(images.data, i, 1, texts.data, t, 1, images.cols, exact);
    observed = Math.max(observed, Math.abs(scores[i * stride + t]! - exact[0]!));
  }
  return Math.max(8 * Math.sqrt(images.cols) * ROUNDING * scale, 8 * observed) + 4 * ROUNDING * scale;
}

/**
 * Computes the scores `images · textsᵀ` in blocks of 1,024 x 1,024, on a backend if there is one and the work is large
 * enough. The next block is computed while the caller handles the last one.
 *
 * @param images `[N, D]`. @param texts `[M, D]`.
 */
export async function scoreBlocks(images: Matrix, texts: Matrix, backend: Backend | undefined): Promise<ScoreBlocks> {
  const [rows, stride] = [Math.min(BLOCK, images.rows), Math.min(BLOCK, texts.rows)];
  const session =
    backend && images.rows * texts.rows * images.cols > FEW_OPERATIONS
      ? await backend.load(await program(rows, stride, images.cols), {})
      : undefined;
  const multiply: Multiply = session
    ? async (imageRange, textRange) => {
        const inputs = { images: sliceRows(images, imageRange, rows), texts: sliceRows(texts, textRange, stride) };
        return (await session.step(inputs)).scores!.data as Float32Array;
      }
    : plainMultiply(images, texts, stride);
  const order = splitRange(images.rows).flatMap((imageRange) =>
    splitRange(texts.rows).map((textRange) => [imageRange, textRange] as const),
  );
  return {
    margin: session
      ? await measureMargin(multiply, images, texts, stride)
      : 4 * ROUNDING * largestNorm(images) * largestNorm(texts),
    async *[Symbol.asyncIterator]() {
      let next = order.length > 0 ? multiply(...order[0]!) : undefined;
      for (const [b, [imageRange, textRange]] of order.entries()) {
        const scores = await next!;
        next = b + 1 < order.length ? multiply(...order[b + 1]!) : undefined;
        yield { images: imageRange, texts: textRange, scores, stride };
      }
    },
    close: async () => session?.dispose(),
  };
}
