import { COUNTING_KERNEL } from '../kernels/counting.js';
import { instantiate, type KernelMemory, roundUp } from '../kernels/instantiate.js';
import type { ScoreBlock } from './score-blocks.js';

/** The functions of assembly/counting.ts, which documents them. */
interface Kernel extends KernelMemory {
  countAbove(...values: number[]): void;
}

/** Receives a score that is too close to the limit of its row or column for 32 bits to tell which is larger. */
export type NearScore = (row: number, col: number, nearRow: boolean, nearCol: boolean) => void;

/**
 * Counts the 32-bit scores above the limit of their row and above the limit of their column, block by block. Scores
 * within `margin` of a limit are not counted but passed to a callback.
 */
export class BlockCounter {
  #kernel: { readonly instance: Kernel; readonly rows: number; readonly stride: number } | undefined;

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
    const rows = images.count;
    const cols = texts.count;
    if (!this.#kernel || this.#kernel.rows < rows || this.#kernel.stride < stride) {
      const bytes = roundUp(16, 4 * rows * stride) + 16 * roundUp(16, rows) + 12 * roundUp(16, stride);
      this.#kernel = { instance: instantiate<Kernel>(COUNTING_KERNEL, bytes), rows, stride };
    }
    const kernel = this.#kernel.instance;
    const { buffer } = kernel.memory;
    let end = 0;
    const area = (bytes: number): number => {
      const start = end;
      end += roundUp(16, bytes);
      return start;
    };
    const scoresAt = area(4 * rows * stride);
    const [rowLow, rowHigh, rowCount, marks] = [area(4 * rows), area(4 * rows), area(4 * rows), area(rows)];
    const [colLow, colHigh, colCount] = [area(4 * cols), area(4 * cols), area(4 * cols)];
    new Float32Array(buffer, scoresAt).set(scores.subarray(0, rows * stride));
    const limits = (from: number, count: number, values: Float64Array, low: number, high: number): void => {
      const lows = new Float32Array(buffer, low, count);
      const highs = new Float32Array(buffer, high, count);
      for (let i = 0; i < count; i++) {
        lows[i] = values[from + i]! - margin;
        highs[i] = values[from + i]! + margin;
      }
    };
    limits(images.from, rows, rowLimits, rowLow, rowHigh);
    limits(texts.from, cols, colLimits, colLow, colHigh);
    const rowsAbove = new Int32Array(buffer, rowCount, rows).fill(0);
    const colsAbove = new Int32Array(buffer, colCount, cols).fill(0);
    kernel.countAbove(scoresAt, rows, cols, stride, ...[rowLow, rowHigh, colLow, colHigh, rowCount, colCount, marks]);
    for (let i = 0; i < rows; i++) rowCounts[images.from + i]! += rowsAbove[i]!;
    for (let t = 0; t < cols; t++) colCounts[texts.from + t]! += colsAbove[t]!;

    const marked = new Uint8Array(buffer, marks, rows);
    // The limits rounded to 32 bits, as the kernel used them, so that no score is counted twice or missed.
    const lowOfCol = new Float32Array(buffer, colLow, cols);
    const highOfCol = new Float32Array(buffer, colHigh, cols);
    for (let i = 0; i < rows; i++) {
      if (marked[i] === 0) continue;
      const low = new Float32Array(buffer, rowLow, rows)[i]!;
      const high = new Float32Array(buffer, rowHigh, rows)[i]!;
      const row = i * stride;
      for (let t = 0; t < cols; t++) {
        const score = scores[row + t]!;
        const nearRow = score >= low && score <= high;
        const nearCol = score >= lowOfCol[t]! && score <= highOfCol[t]!;
        if (nearRow || nearCol) near(images.from + i, texts.from + t, nearRow, nearCol);
      }
    }
  }
}
