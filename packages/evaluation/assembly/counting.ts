// AssemblyScript (https://www.assemblyscript.org), compiled by scripts/build-kernels.mjs into src/kernels/counting.ts.
//
// Counts the scores of a block that are certainly above the limit of their row or of their column, and marks the rows
// with scores that are too close to a limit to tell. The caller manages the memory.

/**
 * Counts the scores of one block and marks its uncertain rows.
 * @param scores f32 `[rows, stride]`; only the first `cols` entries of each row are valid.
 * @param rowLow f32 `[rows]`: the limit of each row minus the uncertainty. `rowHigh`: the limit plus the uncertainty.
 * `colLow` and `colHigh` are the same for columns, f32 `[cols]`.
 * @param rowCount i32 `[rows]`: receives the counts of rows, added to its values. `colCount` i32 `[cols]`: the same for
 * columns.
 * @param near u8 `[rows]`: 1 if a score of the row lies between low and high of its row or column, else 0.
 */
export function countAbove(
  scores: usize,
  rows: i32,
  cols: i32,
  stride: i32,
  rowLow: usize,
  rowHigh: usize,
  colLow: usize,
  colHigh: usize,
  rowCount: usize,
  colCount: usize,
  near: usize,
): void {
  const vectors = (<usize>(cols & ~3)) << 2;
  const bytes = (<usize>cols) << 2;
  for (let i = 0; i < rows; i++) {
    const row = scores + ((<usize>i * <usize>stride) << 2);
    const at = (<usize>i) << 2;
    const low = load<f32>(rowLow + at);
    const high = load<f32>(rowHigh + at);
    const lows = f32x4.splat(low);
    const highs = f32x4.splat(high);
    let counts = i32x4.splat(0);
    let close = i32x4.splat(0);
    let j: usize = 0;
    for (; j < vectors; j += 16) {
      const score = v128.load(row + j);
      const above = f32x4.gt(score, highs);
      counts = i32x4.sub(counts, above);
      close = v128.or(close, v128.andnot(f32x4.ge(score, lows), above));
      const aboveColumn = f32x4.gt(score, v128.load(colHigh + j));
      v128.store(colCount + j, i32x4.sub(v128.load(colCount + j), aboveColumn));
      close = v128.or(close, v128.andnot(f32x4.ge(score, v128.load(colLow + j)), aboveColumn));
    }
    let count =
      i32x4.extract_lane(counts, 0) +
      i32x4.extract_lane(counts, 1) +
      i32x4.extract_lane(counts, 2) +
      i32x4.extract_lane(counts, 3);
    let marked = v128.any_true(close);
    for (; j < bytes; j += 4) {
      const score = load<f32>(row + j);
      if (score > high) count++;
      else if (score >= low) marked = true;
      if (score > load<f32>(colHigh + j)) store<i32>(colCount + j, load<i32>(colCount + j) + 1);
      else if (score >= load<f32>(colLow + j)) marked = true;
    }
    store<i32>(rowCount + at, load<i32>(rowCount + at) + count);
    store<u8>(near + <usize>i, marked ? 1 : 0);
  }
}
