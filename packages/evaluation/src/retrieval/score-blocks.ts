import type { Backend, HostTensor, Matrix, Program, Session } from '@medbench/core';
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

/** The product of a block of images with a block of texts, whose columns are texts. The texts are the state. */
async function program(imageCount: number, textCount: number, width: number): Promise<Program> {
  const tf = await import('@tensorflow/tfjs-core');
  return {
    name: 'scores',
    state: { texts: { shape: [width, textCount], dtype: 'float32' } },
    inputs: { images: { shape: [imageCount, width], dtype: 'float32' } },
    run: ({ texts }, { images }) => ({
      outputs: { scores: tf.matMul(images as Tensor2D, texts as Tensor2D) },
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

/** Rows of a matrix as `size` columns. Columns of zeros complete them. */
function sliceColumns({ data, cols }: Matrix, { from, count }: IndexRange, size: number): HostTensor {
  const columns = new Float32Array(cols * size);
  // Sixteen entries of a row share a line of the processor's cache.
  for (let start = 0; start < cols; start += 16) {
    const stop = Math.min(cols, start + 16);
    for (let i = 0; i < count; i++) {
      for (let j = start; j < stop; j++) columns[j * size + i] = data[(from + i) * cols + j]!;
    }
  }
  return { shape: [cols, size], dtype: 'float32', data: columns };
}

/**
 * Products on a backend. A block of texts is loaded with its program and used for all images, so that the backend can
 * prepare it once.
 */
class BackendMultiply {
  #loaded: { readonly from: number; readonly session: Session } | undefined;

  constructor(
    private readonly backend: Backend,
    private readonly program: Program,
    private readonly images: Matrix,
    private readonly texts: Matrix,
  ) {}

  async multiply(imageRange: IndexRange, textRange: IndexRange): Promise<Float32Array> {
    const { images, texts } = this;
    const [rows] = this.program.inputs.images!.shape as [number, number];
    const [, stride] = this.program.state.texts!.shape as [number, number];
    if (this.#loaded?.from !== textRange.from) {
      await this.close();
      const state = { texts: sliceColumns(texts, textRange, stride) };
      const session = await this.backend.load(this.program, state, { fixed: true });
      this.#loaded = { from: textRange.from, session };
    }
    const outputs = await this.#loaded!.session.step({ images: sliceRows(images, imageRange, rows) });
    return outputs.scores!.data as Float32Array;
  }

  async close(): Promise<void> {
    const loaded = this.#loaded;
    this.#loaded = undefined;
    await loaded?.session.dispose();
  }
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
  const onBackend =
    backend && images.rows * texts.rows * images.cols > FEW_OPERATIONS
      ? new BackendMultiply(backend, await program(rows, stride, images.cols), images, texts)
      : undefined;
  const multiply: Multiply = onBackend
    ? (imageRange, textRange) => onBackend.multiply(imageRange, textRange)
    : plainMultiply(images, texts, stride);
  const order = splitRange(texts.rows).flatMap((textRange) =>
    splitRange(images.rows).map((imageRange) => [imageRange, textRange] as const),
  );
  return {
    margin: onBackend
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
    close: async () => onBackend?.close(),
  };
}
