import type { Backend, HostTensor, Matrix, Program } from '@medbench/core';
import type { Tensor2D } from '@tensorflow/tfjs-core';
import { innerProducts } from '../numerics/linear-algebra.js';

/** Largest number of images or texts of a block. The scores of such a block take 4 MiB. */
export const BLOCK = 1024;
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

/** Computes scores of images with texts, block by block. */
export interface ScoreBlocks {
  /** Largest difference of a score from its sum in 64 bits. */
  readonly margin: number;
  /** Yields the scores of a range of images with all texts. */
  blocks(images: IndexRange): AsyncIterable<ScoreBlock>;
  close(): Promise<void>;
}

/** Options of `scoreBlocks`. */
export interface ScoreBlocksOptions {
  /** Default: plain JavaScript. */
  readonly backend?: Backend | undefined;
  /** Number of threads of the backend's session. Default: the backend's. */
  readonly threads?: number | undefined;
  /** Number of images and of texts of a block. Default 1,024. */
  readonly side?: number;
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

/**
 * Rows of a matrix as a program input of `size` rows. If there are fewer rows, rows of zeros are appended. Rows in shared
 * memory are copied, because a backend need not take such memory.
 */
function sliceRows({ data, cols }: Matrix, { from, count }: IndexRange, size: number): HostTensor {
  let rows = data.subarray(from * cols, (from + count) * cols);
  if (count < size || rows.buffer instanceof SharedArrayBuffer) {
    const padded = new Float32Array(size * cols);
    padded.set(rows);
    rows = padded;
  }
  return { shape: [size, cols], dtype: 'float32', data: rows };
}

/** Products of 32-bit rows, computed in 64 bits and rounded to 32 bits. */
function plainMultiply(images: Matrix, texts: Matrix, size: number, stride: number): Multiply {
  const sums = new Float64Array(size * stride);
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

/** Splits a range into parts of `side` indices; the last may have fewer. */
export const splitRange = ({ from, count }: IndexRange, side: number): IndexRange[] =>
  Array.from({ length: Math.ceil(count / side) }, (_, b) => ({
    from: from + b * side,
    count: Math.min(side, count - b * side),
  }));

/**
 * Margin for the difference of a backend's scores from sums in 64 bits: eight standard deviations of the rounding
 * error, which adds up like a random walk (Higham and Mary 2019). A backend of lower precision, for example
 * TensorFloat-32, shows larger differences in the first block. The margin is then eight times the largest difference
 * seen there.
 */
async function measureMargin(multiply: Multiply, images: Matrix, texts: Matrix, side: number): Promise<number> {
  const scale = largestNorm(images) * largestNorm(texts);
  const [rows, cols] = [Math.min(side, images.rows), Math.min(side, texts.rows)];
  const scores = await multiply({ from: 0, count: rows }, { from: 0, count: cols });
  const exact = new Float64Array(1);
  let observed = 0;
  for (let probe = 0; probe < 256; probe++) {
    const [i, t] = [(probe * 37) % rows, (probe * 101) % cols];
    innerProducts(images.data, i, 1, texts.data, t, 1, images.cols, exact);
    observed = Math.max(observed, Math.abs(scores[i * cols + t]! - exact[0]!));
  }
  return Math.max(8 * Math.sqrt(images.cols) * ROUNDING * scale, 8 * observed) + 4 * ROUNDING * scale;
}

/**
 * Computes the scores `images · textsᵀ` in blocks, on a backend if there is one and the work is large enough. The next
 * block is computed while the caller handles the last one.
 *
 * @param images `[N, D]`. @param texts `[M, D]`.
 */
export async function scoreBlocks(
  images: Matrix,
  texts: Matrix,
  { backend, threads, side = BLOCK }: ScoreBlocksOptions = {},
): Promise<ScoreBlocks> {
  const [rows, stride] = [Math.min(side, images.rows), Math.min(side, texts.rows)];
  const session =
    backend && images.rows * texts.rows * images.cols > FEW_OPERATIONS
      ? await backend.load(await program(rows, stride, images.cols), {}, threads === undefined ? {} : { threads })
      : undefined;
  // Both slices serve several blocks in a row.
  const imageSlices = new Map<number, HostTensor>();
  let textSlice: { readonly from: number; readonly tensor: HostTensor } | undefined;
  const multiply: Multiply = session
    ? async (imageRange, textRange) => {
        if (!imageSlices.has(imageRange.from)) imageSlices.set(imageRange.from, sliceRows(images, imageRange, rows));
        if (textSlice?.from !== textRange.from) {
          textSlice = { from: textRange.from, tensor: sliceRows(texts, textRange, stride) };
        }
        const inputs = { images: imageSlices.get(imageRange.from)!, texts: textSlice.tensor };
        return (await session.step(inputs)).scores!.data as Float32Array;
      }
    : plainMultiply(images, texts, rows, stride);
  return {
    margin: session
      ? await measureMargin(multiply, images, texts, side)
      : 4 * ROUNDING * largestNorm(images) * largestNorm(texts),
    async *blocks(range) {
      imageSlices.clear();
      const order = splitRange({ from: 0, count: texts.rows }, side).flatMap((textRange) =>
        splitRange(range, side).map((imageRange) => [imageRange, textRange] as const),
      );
      let next = order.length > 0 ? multiply(...order[0]!) : undefined;
      try {
        for (const [b, [imageRange, textRange]] of order.entries()) {
          const scores = await next!;
          next = b + 1 < order.length ? multiply(...order[b + 1]!) : undefined;
          yield { images: imageRange, texts: textRange, scores, stride };
        }
      } finally {
        // If the caller leaves early, a block is being computed: the session must not be closed before it is done.
        await next?.catch(() => undefined);
      }
    },
    close: async () => session?.dispose(),
  };
}
