// AssemblyScript (https://www.assemblyscript.org), compiled by scripts/build-kernels.mjs into src/kernels/triangular.ts.
//
// Cholesky factors and solutions of triangular systems in 64-bit floats. Matrices are row-major; every row begins at a
// multiple of 16 bytes and has `stride` entries.

function dot(a: usize, b: usize, bytes: usize): f64 {
  let s = f64x2.splat(0);
  for (let j: usize = 0; j < bytes; j += 16) s = f64x2.add(s, f64x2.mul(v128.load(a + j), v128.load(b + j)));
  return f64x2.extract_lane(s, 0) + f64x2.extract_lane(s, 1);
}

/**
 * Replaces the lower triangle of a symmetric `[n, stride]` matrix by its Cholesky factor. The upper triangle is not
 * read.
 * @returns 1; 0 if the matrix is not positive definite.
 */
export function cholesky(matrix: usize, n: i32, stride: i32): i32 {
  const rowBytes = (<usize>stride) << 3;
  for (let i = 0; i < n; i++) {
    const row = matrix + <usize>i * rowBytes;
    for (let from = 0; from <= i; from += 4) {
      const done = (<usize>from) << 3;
      const other = matrix + <usize>from * rowBytes;
      const to = row + done;
      if (from + 4 <= i) {
        let s0 = f64x2.splat(0);
        let s1 = f64x2.splat(0);
        let s2 = f64x2.splat(0);
        let s3 = f64x2.splat(0);
        let b = other;
        for (let a = row; a < to; a += 16, b += 16) {
          const value = v128.load(a);
          s0 = f64x2.add(s0, f64x2.mul(value, v128.load(b)));
          s1 = f64x2.add(s1, f64x2.mul(value, v128.load(b + rowBytes)));
          s2 = f64x2.add(s2, f64x2.mul(value, v128.load(b + 2 * rowBytes)));
          s3 = f64x2.add(s3, f64x2.mul(value, v128.load(b + 3 * rowBytes)));
        }
        store<f64>(to, load<f64>(to) - (f64x2.extract_lane(s0, 0) + f64x2.extract_lane(s0, 1)));
        store<f64>(to, load<f64>(to, 8) - (f64x2.extract_lane(s1, 0) + f64x2.extract_lane(s1, 1)), 8);
        store<f64>(to, load<f64>(to, 16) - (f64x2.extract_lane(s2, 0) + f64x2.extract_lane(s2, 1)), 16);
        store<f64>(to, load<f64>(to, 24) - (f64x2.extract_lane(s3, 0) + f64x2.extract_lane(s3, 1)), 24);
      } else {
        for (let j = from; j <= i; j++) {
          const at = row + ((<usize>j) << 3);
          store<f64>(at, load<f64>(at) - dot(row, matrix + <usize>j * rowBytes, done));
        }
      }
      const last = from + 4 <= i ? from + 3 : i;
      for (let j = from; j <= last; j++) {
        const lower = matrix + <usize>j * rowBytes;
        let sum = load<f64>(row + ((<usize>j) << 3));
        for (let k = (<usize>from) << 3; k < (<usize>j) << 3; k += 8) sum -= load<f64>(row + k) * load<f64>(lower + k);
        if (j < i) store<f64>(row + ((<usize>j) << 3), sum / load<f64>(lower + ((<usize>j) << 3)));
        else if (sum > 0) store<f64>(row + ((<usize>j) << 3), Math.sqrt(sum));
        else return 0;
      }
    }
  }
  return 1;
}

/** `to -= factor * from` for `bytes` bytes, a multiple of 16. */
// @ts-expect-error: decorator
function subtract(to: usize, from: usize, factor: v128, bytes: usize): void {
  for (let j: usize = 0; j < bytes; j += 16) {
    v128.store(to + j, f64x2.sub(v128.load(to + j), f64x2.mul(factor, v128.load(from + j))));
  }
}

// @ts-expect-error: decorator
function divide(row: usize, by: f64, bytes: usize): void {
  const divisor = f64x2.splat(by);
  for (let j: usize = 0; j < bytes; j += 16) v128.store(row + j, f64x2.div(v128.load(row + j), divisor));
}

/** Solves `L X = V` in place of V `[n, columns]`, whose rows hold an even number of columns; L is `[n, stride]`. */
export function solveLower(lower: usize, n: i32, stride: i32, v: usize, columns: i32): void {
  const rowBytes = (<usize>stride) << 3;
  const bytes = (<usize>columns) << 3;
  for (let i = 0; i < n; i++) {
    const factors = lower + <usize>i * rowBytes;
    const to = v + <usize>i * bytes;
    for (let from: usize = 0; from < bytes; from += 64) {
      const part = min<usize>(64, bytes - from);
      let at = v + from;
      let s0 = f64x2.splat(0);
      let s1 = f64x2.splat(0);
      let s2 = f64x2.splat(0);
      let s3 = f64x2.splat(0);
      const end = factors + ((<usize>i) << 3);
      if (part === 64) {
        for (let k = factors; k < end; k += 8, at += bytes) {
          const factor = v128.load64_splat(k);
          s0 = f64x2.add(s0, f64x2.mul(factor, v128.load(at)));
          s1 = f64x2.add(s1, f64x2.mul(factor, v128.load(at, 16)));
          s2 = f64x2.add(s2, f64x2.mul(factor, v128.load(at, 32)));
          s3 = f64x2.add(s3, f64x2.mul(factor, v128.load(at, 48)));
        }
        v128.store(to + from, f64x2.sub(v128.load(to + from), s0));
        v128.store(to + from, f64x2.sub(v128.load(to + from, 16), s1), 16);
        v128.store(to + from, f64x2.sub(v128.load(to + from, 32), s2), 32);
        v128.store(to + from, f64x2.sub(v128.load(to + from, 48), s3), 48);
      } else {
        for (let q = from; q < bytes; q += 16) {
          at = v + q;
          let even = f64x2.splat(0);
          let odd = f64x2.splat(0);
          let k = factors;
          for (; k + 8 < end; k += 16, at += 2 * bytes) {
            even = f64x2.add(even, f64x2.mul(v128.load64_splat(k), v128.load(at)));
            odd = f64x2.add(odd, f64x2.mul(v128.load64_splat(k, 8), v128.load(at + bytes)));
          }
          if (k < end) even = f64x2.add(even, f64x2.mul(v128.load64_splat(k), v128.load(at)));
          v128.store(to + q, f64x2.sub(v128.load(to + q), f64x2.add(even, odd)));
        }
      }
    }
    divide(to, load<f64>(factors + ((<usize>i) << 3)), bytes);
  }
}

/** Solves `Lᵀ X = V` in place of V, with the layout of `solveLower`. */
export function solveUpper(lower: usize, n: i32, stride: i32, v: usize, columns: i32): void {
  const rowBytes = (<usize>stride) << 3;
  const bytes = (<usize>columns) << 3;
  for (let i = n - 1; i >= 0; i--) {
    const factors = lower + <usize>i * rowBytes;
    const row = v + <usize>i * bytes;
    divide(row, load<f64>(factors + ((<usize>i) << 3)), bytes);
    for (let k = 0; k < i; k++) {
      subtract(v + <usize>k * bytes, row, v128.load64_splat(factors + ((<usize>k) << 3)), bytes);
    }
  }
}
