// AssemblyScript (https://www.assemblyscript.org), compiled by scripts/build-kernels.mjs into src/kernels/resample.ts.
//
// The two passes of Pillow's 8-bit resampling (`Resample.c`) on 128-bit vectors. A 22-bit fixed-point weight is split
// into weight = high * 2^15 + low, 0 <= low < 2^15, so that both halves fit 16 bits and one instruction adds two
// products. Sums equal Pillow's modulo 2^32, and so do the bytes. The caller owns the memory and leaves room for one
// vector behind every area, because loads and stores reach a little beyond an area's end.

const PRECISION_BITS: i32 = 22;
const LOW_BITS: i32 = 15;

function finish(low: v128, high: v128): v128 {
  const sum = i32x4.add(i32x4.shl(high, LOW_BITS), low);
  return i32x4.shr_s(i32x4.add(sum, i32x4.splat(1 << (PRECISION_BITS - 1))), PRECISION_BITS);
}

/**
 * Resamples rows of RGB. `firsts` and `pairs` hold one i32 per output column: the first source column, and the number
 * of pairs of columns. `weights` holds `size` pairs per output column, each of 4 i16: low, low, high, high.
 */
export function rowsOfThree(
  source: usize,
  sourceStride: usize,
  rows: i32,
  target: usize,
  targetStride: usize,
  width: i32,
  firsts: usize,
  pairs: usize,
  weights: usize,
  size: usize,
): void {
  // R R G G B B of two pixels, each byte widened to 16 bits.
  const spread = i8x16(0, -1, 3, -1, 1, -1, 4, -1, 2, -1, 5, -1, -1, -1, -1, -1);
  for (let y = 0; y < rows; y += 2) {
    const from = source + <usize>y * sourceStride;
    const below = y + 1 < rows ? sourceStride : 0;
    const to = target + <usize>y * targetStride;
    const toBelow = y + 1 < rows ? targetStride : 0;
    for (let x = 0; x < width; x++) {
      let address = from + <usize>load<i32>(firsts + ((<usize>x) << 2)) * 3;
      let weight = weights + <usize>x * (size << 3);
      const end = weight + ((<usize>load<i32>(pairs + ((<usize>x) << 2))) << 3);
      let low = i32x4.splat(0);
      let high = i32x4.splat(0);
      let lowBelow = i32x4.splat(0);
      let highBelow = i32x4.splat(0);
      for (; weight < end; weight += 8, address += 6) {
        const lows = v128.load32_splat(weight);
        const highs = v128.load32_splat(weight, 4);
        const a = i8x16.swizzle(v128.load64_zero(address), spread);
        const b = i8x16.swizzle(v128.load64_zero(address + below), spread);
        low = i32x4.add(low, i32x4.dot_i16x8_s(a, lows));
        high = i32x4.add(high, i32x4.dot_i16x8_s(a, highs));
        lowBelow = i32x4.add(lowBelow, i32x4.dot_i16x8_s(b, lows));
        highBelow = i32x4.add(highBelow, i32x4.dot_i16x8_s(b, highs));
      }
      const words = i16x8.narrow_i32x4_s(finish(low, high), finish(lowBelow, highBelow));
      const bytes = i8x16.narrow_i16x8_u(words, words);
      v128.store32_lane(to + <usize>x * 3, bytes, 0);
      if (toBelow) v128.store32_lane(to + toBelow + <usize>x * 3, bytes, 1);
    }
  }
}

/**
 * Resamples rows of grey. `groups` counts groups of 8 columns. `weights` holds `size` groups per output column, each of
 * 8 low and 8 high i16.
 */
export function rowsOfOne(
  source: usize,
  sourceStride: usize,
  rows: i32,
  target: usize,
  targetStride: usize,
  width: i32,
  firsts: usize,
  groups: usize,
  weights: usize,
  size: usize,
): void {
  for (let y = 0; y < rows; y++) {
    const from = source + <usize>y * sourceStride;
    const to = target + <usize>y * targetStride;
    for (let x = 0; x < width; x++) {
      let address = from + <usize>load<i32>(firsts + ((<usize>x) << 2));
      let weight = weights + <usize>x * (size << 5);
      const end = weight + ((<usize>load<i32>(groups + ((<usize>x) << 2))) << 5);
      let low = i32x4.splat(0);
      let high = i32x4.splat(0);
      for (; weight < end; weight += 32, address += 8) {
        const values = v128.load8x8_u(address);
        low = i32x4.add(low, i32x4.dot_i16x8_s(values, v128.load(weight)));
        high = i32x4.add(high, i32x4.dot_i16x8_s(values, v128.load(weight, 16)));
      }
      const sums = i32x4.add(i32x4.shl(high, LOW_BITS), low);
      const sum =
        i32x4.extract_lane(sums, 0) +
        i32x4.extract_lane(sums, 1) +
        i32x4.extract_lane(sums, 2) +
        i32x4.extract_lane(sums, 3) +
        (1 << (PRECISION_BITS - 1));
      const value = sum >> PRECISION_BITS;
      store<u8>(to + <usize>x, <u8>max(0, min(255, value)));
    }
  }
}

/**
 * Resamples columns of any number of channels. Output rows of `lanes` bytes are written without gaps. `weights` is laid
 * out as in `rowsOfThree`, for each output row; `firsts` and `pairs` count rows.
 */
export function columns(
  source: usize,
  sourceStride: usize,
  lanes: usize,
  target: usize,
  height: i32,
  firsts: usize,
  pairs: usize,
  weights: usize,
  size: usize,
): void {
  for (let y = 0; y < height; y++) {
    const from = source + <usize>load<i32>(firsts + ((<usize>y) << 2)) * sourceStride;
    const start = weights + <usize>y * (size << 3);
    const end = start + ((<usize>load<i32>(pairs + ((<usize>y) << 2))) << 3);
    const to = target + <usize>y * lanes;
    for (let lane: usize = 0; lane < lanes; lane += 16) {
      let low0 = i32x4.splat(0);
      let low1 = i32x4.splat(0);
      let low2 = i32x4.splat(0);
      let low3 = i32x4.splat(0);
      let high0 = i32x4.splat(0);
      let high1 = i32x4.splat(0);
      let high2 = i32x4.splat(0);
      let high3 = i32x4.splat(0);
      let address = from + lane;
      for (let weight = start; weight < end; weight += 8, address += sourceStride << 1) {
        const lows = v128.load32_splat(weight);
        const highs = v128.load32_splat(weight, 4);
        const a = v128.load(address);
        const b = v128.load(address + sourceStride);
        const left = i8x16.shuffle(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
        const right = i8x16.shuffle(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
        const v0 = i16x8.extend_low_i8x16_u(left);
        const v1 = i16x8.extend_high_i8x16_u(left);
        const v2 = i16x8.extend_low_i8x16_u(right);
        const v3 = i16x8.extend_high_i8x16_u(right);
        low0 = i32x4.add(low0, i32x4.dot_i16x8_s(v0, lows));
        low1 = i32x4.add(low1, i32x4.dot_i16x8_s(v1, lows));
        low2 = i32x4.add(low2, i32x4.dot_i16x8_s(v2, lows));
        low3 = i32x4.add(low3, i32x4.dot_i16x8_s(v3, lows));
        high0 = i32x4.add(high0, i32x4.dot_i16x8_s(v0, highs));
        high1 = i32x4.add(high1, i32x4.dot_i16x8_s(v1, highs));
        high2 = i32x4.add(high2, i32x4.dot_i16x8_s(v2, highs));
        high3 = i32x4.add(high3, i32x4.dot_i16x8_s(v3, highs));
      }
      const words0 = i16x8.narrow_i32x4_s(finish(low0, high0), finish(low1, high1));
      const words1 = i16x8.narrow_i32x4_s(finish(low2, high2), finish(low3, high3));
      v128.store(to + lane, i8x16.narrow_i16x8_u(words0, words1));
    }
  }
}
