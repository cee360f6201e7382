import { COUNTING_KERNEL } from '../kernels/counting.js';
import { instantiate, type KernelMemory, roundUp } from '../kernels/instantiate.js';
import type { ScoreBlock } from './score-blocks.js';

/** The functions of assembly/counting.ts, which documents them. */
interface Kernel extends KernelMemory {
  countAbove(...values: number[]): number;
}

/** Receives a score that is too close to the limit of its row or column for 32 bits to tell which is larger. */
export type NearScore = (row: number, col: number, nearRow: boolean, nearCol: boolean) => void;

/**
 * Counts the 32-bit scores above the limit of their row and above the limit of their column, block by block. Scores
 * within `margin` of a limit are not counted but passed to a callback.
 */
export class BlockCounter {
  #kernel: { readonly instance: Kernel; readonly bytes: number } | undefined;

  /**
   * @param rowLimits limit of each row, `[N]`. @param colLimits limit of each column, `[M]`. Limits are 64-bit scores;
   * a limit of +Infinity counts nothing.
   * @param margin largest error of a 32-bit score.
   */
  constructor(
    private readonly rowLimits: Float64Array,
    private readonly colLimits: Float64Array,
    private readonly margin: number,
  ) {}

  /**
   * Adds the number of scores of a block that are certainly above their limits to the counts of its rows and columns.
   * @param rowCounts counts of all rows, `[N]`. @param colCounts counts of all columns, `[M]`.
   * @param near called for each score within `margin` of a limit.
   */
  count({ images, texts, scores, stride }: ScoreBlock, rowCounts: Int32Array, colCounts: Int32Array, near: NearScore) {
    const { rowLimits, colLimits, margin } = this;
    // The kernel counts pairs of rows and groups of eight columns. Scores of -Infinity complete them.
    const [rows, cols] = [roundUp(2, images.count), roundUp(8, texts.count)];
    let end = 0;
    const area = (entries: number): number => {
      const start = end;
      end += roundUp(16, 4 * entries);
      return start;
    };
    const scoresAt = area(rows * cols);
    const [rowLow, rowHigh, rowCount] = [area(rows), area(rows), area(rows)];
    const [colLow, colHigh, colCount] = [area(cols), area(cols), area(cols)];
    const nearAt = area((rows * cols) / 16);
    if (!this.#kernel || this.#kernel.bytes < end) {
      this.#kernel = { instance: instantiate<Kernel>(COUNTING_KERNEL, end), bytes: end };
    }
    const kernel = this.#kernel.instance;
    const { buffer } = kernel.memory;
    const block = new Float32Array(buffer, scoresAt, rows * cols);
    if (stride === cols && rows === images.count && cols === texts.count) block.set(scores.subarray(0, rows * cols));
    else {
      block.fill(Number.NEGATIVE_INFINITY);
      for (let i = 0; i < images.count; i++) {
        block.set(scores.subarray(i * stride, i * stride + texts.count), i * cols);
      }
    }
    const limits = (from: number, count: number, values: Float64Array, low: number, high: number): void => {
      // Rows and columns that complete a group have limits of +Infinity.
      const padded = roundUp(values === rowLimits ? 2 : 8, count);
      const lows = new Float32Array(buffer, low, padded).fill(Number.POSITIVE_INFINITY);
      const highs = new Float32Array(buffer, high, padded).fill(Number.POSITIVE_INFINITY);
      for (let i = 0; i < count; i++) {
        lows[i] = values[from + i]! - margin;
        highs[i] = values[from + i]! + margin;
      }
    };
    limits(images.from, images.count, rowLimits, rowLow, rowHigh);
    limits(texts.from, texts.count, colLimits, colLow, colHigh);
    const rowsAbove = new Int32Array(buffer, rowCount, rows).fill(0);
    const colsAbove = new Int32Array(buffer, colCount, cols).fill(0);
    const groups = kernel.countAbove(
      ...[scoresAt, rows, cols, rowLow, rowHigh, colLow, colHigh, rowCount, colCount, nearAt],
    );
    for (let i = 0; i < images.count; i++) rowCounts[images.from + i]! += rowsAbove[i]!;
    for (let t = 0; t < texts.count; t++) colCounts[texts.from + t]! += colsAbove[t]!;

    // The limits rounded to 32 bits, as the kernel used them, so that no score is counted twice or missed.
    const [lowOfRow, highOfRow] = [new Float32Array(buffer, rowLow, rows), new Float32Array(buffer, rowHigh, rows)];
    const [lowOfCol, highOfCol] = [new Float32Array(buffer, colLow, cols), new Float32Array(buffer, colHigh, cols)];
    for (const first of new Int32Array(buffer, nearAt, groups)) {
      const from = Math.floor(first / cols);
      for (let i = from; i < from + 2; i++) {
        for (let t = first - from * cols; t < first - from * cols + 8; t++) {
          const score = block[i * cols + t]!;
          const nearRow = score >= lowOfRow[i]! && score <= highOfRow[i]!;
          const nearCol = score >= lowOfCol[t]! && score <= highOfCol[t]!;
          if (nearRow || nearCol) near(images.from + i, texts.from + t, nearRow, nearCol);
        }
      }
    }
  }
}
