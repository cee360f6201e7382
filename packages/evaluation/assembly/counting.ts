// AssemblyScript (https://www.assemblyscript.org), compiled by scripts/build-kernels.mjs into src/kernels/counting.ts.
//
// Counts the scores of a block that are certainly above the limit of their row or of their column, and lists the places
// with scores that are too close to a limit to tell. The caller manages the memory.

/** 1 in the lanes with scores between their low and high limits; `above` holds the lanes above the high limit. */
// @ts-expect-error: decorator
function between(score: v128, low: v128, above: v128): v128 {
  return v128.andnot(f32x4.ge(score, low), above);
}

// @ts-expect-error: decorator
function total(counts: v128): i32 {
  return (
    i32x4.extract_lane(counts, 0) +
    i32x4.extract_lane(counts, 1) +
    i32x4.extract_lane(counts, 2) +
    i32x4.extract_lane(counts, 3)
  );
}

/**
 * Counts the scores of one block and lists its uncertain places: groups of two rows and eight columns.
 * @param scores f32 `[rows, cols]`; rows is a multiple of 2, cols of 8.
 * @param rowLow f32 `[rows]`: the limit of each row minus the uncertainty. `rowHigh`: the limit plus the uncertainty.
 * `colLow` and `colHigh` are the same for columns, f32 `[cols]`.
 * @param rowCount i32 `[rows]`: receives the counts of rows, added to its values. `colCount` i32 `[cols]`: the same for
 * columns.
 * @param near i32 `[rows * cols / 16]`: receives the index in `scores` of the first entry of each group in which a score
 * lies between low and high of its row or column.
 * @returns the number of such groups.
 */
export function countAbove(
  scores: usize,
  rows: i32,
  cols: i32,
  rowLow: usize,
  rowHigh: usize,
  colLow: usize,
  colHigh: usize,
  rowCount: usize,
  colCount: usize,
  near: usize,
): i32 {
  const bytes = (<usize>cols) << 2;
  let found: usize = 0;
  for (let i = 0; i < rows; i += 2) {
    const row = scores + <usize>i * bytes;
    const at = (<usize>i) << 2;
    const lowA = v128.load32_splat(rowLow + at);
    const highA = v128.load32_splat(rowHigh + at);
    const lowB = v128.load32_splat(rowLow + at, 4);
    const highB = v128.load32_splat(rowHigh + at, 4);
    let countsA = i32x4.splat(0);
    let countsB = i32x4.splat(0);
    for (let j: usize = 0; j < bytes; j += 32) {
      let close = i32x4.splat(0);
      for (let half: usize = 0; half < 32; half += 16) {
        const place = j + half;
        const a = v128.load(row + place);
        const b = v128.load(row + bytes + place);
        const aboveA = f32x4.gt(a, highA);
        const aboveB = f32x4.gt(b, highB);
        countsA = i32x4.sub(countsA, aboveA);
        countsB = i32x4.sub(countsB, aboveB);
        const high = v128.load(colHigh + place);
        const low = v128.load(colLow + place);
        const aboveColA = f32x4.gt(a, high);
        const aboveColB = f32x4.gt(b, high);
        const counts = v128.load(colCount + place);
        v128.store(colCount + place, i32x4.sub(i32x4.sub(counts, aboveColA), aboveColB));
        close = v128.or(close, v128.or(between(a, lowA, aboveA), between(b, lowB, aboveB)));
        close = v128.or(close, v128.or(between(a, low, aboveColA), between(b, low, aboveColB)));
      }
      if (v128.any_true(close)) {
        store<i32>(near + found, <i32>((row - scores + j) >> 2));
        found += 4;
      }
    }
    store<i32>(rowCount + at, load<i32>(rowCount + at) + total(countsA));
    store<i32>(rowCount + at, load<i32>(rowCount + at, 4) + total(countsB), 4);
  }
  return <i32>(found >> 2);
}
