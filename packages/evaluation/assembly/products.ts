// AssemblyScript (https://www.assemblyscript.org), compiled by scripts/build-kernels.mjs into src/kernels/products.ts.
//
// Computes the products of a linear layer and its gradients on vectors of two 64-bit floats. Probes spend most of
// their time here. Sums over even and over odd positions are accumulated separately and then added, in an order that
// depends on the sizes alone. The caller manages the memory. Every row of x begins at a multiple of 8 bytes and has an
// even number of entries (a 0 pads an odd number).

export { binomial, multinomial } from './logistic';

function pair(at: usize): v128 {
  return f64x2.promote_low_f32x4(v128.load64_zero(at));
}

function total(sums: v128): f64 {
  return f64x2.extract_lane(sums, 0) + f64x2.extract_lane(sums, 1);
}

function fma(sum: v128, a: v128, b: v128): v128 {
  return f64x2.add(sum, f64x2.mul(a, b));
}

/** `z[i, k] = x[i] · w[k]`; x f32 `[rows, d]`, w f64 `[outputs, d]`, z f64 `[rows, outputs]`; rows and d are even. */
export function forward(x: usize, rows: i32, w: usize, outputs: i32, d: i32, z: usize): void {
  const xRow = (<usize>d) << 2;
  const wRow = (<usize>d) << 3;
  const zRow = (<usize>outputs) << 3;
  for (let i = 0; i < rows; i += 2) {
    const first = x + <usize>i * xRow;
    const to = z + <usize>i * zRow;
    let k = 0;
    for (; k + 3 < outputs; k += 4) {
      let a = first;
      const end = first + xRow;
      let b = w + <usize>k * wRow;
      let p0 = f64x2.splat(0);
      let p1 = f64x2.splat(0);
      let p2 = f64x2.splat(0);
      let p3 = f64x2.splat(0);
      let q0 = f64x2.splat(0);
      let q1 = f64x2.splat(0);
      let q2 = f64x2.splat(0);
      let q3 = f64x2.splat(0);
      const b2 = 2 * wRow;
      const b3 = 3 * wRow;
      for (; a < end; a += 8, b += 16) {
        const p = pair(a);
        const q = pair(a + xRow);
        const w0 = v128.load(b);
        const w1 = v128.load(b + wRow);
        const w2 = v128.load(b + b2);
        const w3 = v128.load(b + b3);
        p0 = fma(p0, p, w0);
        p1 = fma(p1, p, w1);
        p2 = fma(p2, p, w2);
        p3 = fma(p3, p, w3);
        q0 = fma(q0, q, w0);
        q1 = fma(q1, q, w1);
        q2 = fma(q2, q, w2);
        q3 = fma(q3, q, w3);
      }
      const at = to + ((<usize>k) << 3);
      store<f64>(at, total(p0));
      store<f64>(at, total(p1), 8);
      store<f64>(at, total(p2), 16);
      store<f64>(at, total(p3), 24);
      store<f64>(at + zRow, total(q0));
      store<f64>(at + zRow, total(q1), 8);
      store<f64>(at + zRow, total(q2), 16);
      store<f64>(at + zRow, total(q3), 24);
    }
    for (; k < outputs; k++) {
      let a = first;
      const end = first + xRow;
      let b = w + <usize>k * wRow;
      let p0 = f64x2.splat(0);
      let q0 = f64x2.splat(0);
      for (; a < end; a += 8, b += 16) {
        const w0 = v128.load(b);
        p0 = fma(p0, pair(a), w0);
        q0 = fma(q0, pair(a + xRow), w0);
      }
      const at = to + ((<usize>k) << 3);
      store<f64>(at, total(p0));
      store<f64>(at + zRow, total(q0));
    }
  }
}

/**
 * `g[k] += Σ_i r[i, k] · x[i]`; x f32 `[rows, d]`, r f64 `[rows, outputs]`, g f64 `[outputs, d]`; d is a multiple of 4.
 */
export function backward(x: usize, rows: i32, r: usize, outputs: i32, d: i32, g: usize): void {
  const xRow = (<usize>d) << 2;
  const gRow = (<usize>d) << 3;
  const rRow = (<usize>outputs) << 3;
  const end = r + <usize>rows * rRow;
  let k = 0;
  for (; k + 3 < outputs; k += 4) {
    const column = (<usize>k) << 3;
    for (let j = 0; j < d; j += 4) {
      let at = x + ((<usize>j) << 2);
      const to = g + <usize>k * gRow + ((<usize>j) << 3);
      let p0 = v128.load(to);
      let q0 = v128.load(to, 16);
      let p1 = v128.load(to + gRow);
      let q1 = v128.load(to + gRow, 16);
      let p2 = v128.load(to + 2 * gRow);
      let q2 = v128.load(to + 2 * gRow, 16);
      let p3 = v128.load(to + 3 * gRow);
      let q3 = v128.load(to + 3 * gRow, 16);
      for (let row = r + column; row < end; row += rRow, at += xRow) {
        const p = pair(at);
        const q = pair(at + 8);
        const r0 = v128.load64_splat(row);
        const r1 = v128.load64_splat(row, 8);
        const r2 = v128.load64_splat(row, 16);
        const r3 = v128.load64_splat(row, 24);
        p0 = fma(p0, p, r0);
        q0 = fma(q0, q, r0);
        p1 = fma(p1, p, r1);
        q1 = fma(q1, q, r1);
        p2 = fma(p2, p, r2);
        q2 = fma(q2, q, r2);
        p3 = fma(p3, p, r3);
        q3 = fma(q3, q, r3);
      }
      v128.store(to, p0);
      v128.store(to, q0, 16);
      v128.store(to + gRow, p1);
      v128.store(to + gRow, q1, 16);
      v128.store(to + 2 * gRow, p2);
      v128.store(to + 2 * gRow, q2, 16);
      v128.store(to + 3 * gRow, p3);
      v128.store(to + 3 * gRow, q3, 16);
    }
  }
  for (; k < outputs; k++) {
    const column = (<usize>k) << 3;
    for (let j = 0; j < d; j += 4) {
      let at = x + ((<usize>j) << 2);
      const to = g + <usize>k * gRow + ((<usize>j) << 3);
      let p0 = v128.load(to);
      let q0 = v128.load(to, 16);
      for (let row = r + column; row < end; row += rRow, at += xRow) {
        const r0 = v128.load64_splat(row);
        p0 = fma(p0, pair(at), r0);
        q0 = fma(q0, pair(at + 8), r0);
      }
      v128.store(to, p0);
      v128.store(to, q0, 16);
    }
  }
}

/**
 * `out[i] = Σ_k r[i, k] · w[k]`; r f64 `[rows, outputs]`, w f64 `[outputs, d]`, out f64 `[rows, d]`; d is a multiple of
 * 4, rows even.
 */
export function combine(r: usize, rows: i32, outputs: i32, w: usize, d: i32, out: usize): void {
  const wRow = (<usize>d) << 3;
  const rRow = (<usize>outputs) << 3;
  for (let i = 0; i < rows; i += 2) {
    const first = r + <usize>i * rRow;
    const end = first + rRow;
    for (let j = 0; j < d; j += 4) {
      let at = w + ((<usize>j) << 3);
      let p0 = f64x2.splat(0);
      let p1 = f64x2.splat(0);
      let q0 = f64x2.splat(0);
      let q1 = f64x2.splat(0);
      for (let k = first; k < end; k += 8, at += wRow) {
        const w0 = v128.load(at);
        const w1 = v128.load(at, 16);
        const p = v128.load64_splat(k);
        const q = v128.load64_splat(k + rRow);
        p0 = fma(p0, w0, p);
        p1 = fma(p1, w1, p);
        q0 = fma(q0, w0, q);
        q1 = fma(q1, w1, q);
      }
      const to = out + <usize>i * wRow + ((<usize>j) << 3);
      v128.store(to, p0);
      v128.store(to, p1, 16);
      v128.store(to + wRow, q0);
      v128.store(to + wRow, q1, 16);
    }
  }
}

/**
 * `g[k, j] += Σ_i x[i, k] · x[i, j]` for the lower triangle (and up to three entries to its right); x f32 `[rows, d]`,
 * g f64 `[d, d]`; d is a multiple of 4.
 */
export function addSecondMoment(x: usize, rows: i32, d: i32, g: usize): void {
  const xRow = (<usize>d) << 2;
  const gRow = (<usize>d) << 3;
  const size = <usize>rows * xRow;
  for (let k: usize = 0; k < xRow; k += 16) {
    for (let j: usize = 0; j <= k; j += 16) {
      const to = g + (k >> 2) * gRow + 2 * j;
      let p0 = v128.load(to);
      let q0 = v128.load(to, 16);
      let p1 = v128.load(to + gRow);
      let q1 = v128.load(to + gRow, 16);
      let p2 = v128.load(to + 2 * gRow);
      let q2 = v128.load(to + 2 * gRow, 16);
      let p3 = v128.load(to + 3 * gRow);
      let q3 = v128.load(to + 3 * gRow, 16);
      for (let at = x; at < x + size; at += xRow) {
        const p = pair(at + j);
        const q = pair(at + j + 8);
        const r0 = f64x2.promote_low_f32x4(v128.load32_splat(at + k));
        const r1 = f64x2.promote_low_f32x4(v128.load32_splat(at + k, 4));
        const r2 = f64x2.promote_low_f32x4(v128.load32_splat(at + k, 8));
        const r3 = f64x2.promote_low_f32x4(v128.load32_splat(at + k, 12));
        p0 = fma(p0, p, r0);
        q0 = fma(q0, q, r0);
        p1 = fma(p1, p, r1);
        q1 = fma(q1, q, r1);
        p2 = fma(p2, p, r2);
        q2 = fma(q2, q, r2);
        p3 = fma(p3, p, r3);
        q3 = fma(q3, q, r3);
      }
      v128.store(to, p0);
      v128.store(to, q0, 16);
      v128.store(to + gRow, p1);
      v128.store(to + gRow, q1, 16);
      v128.store(to + 2 * gRow, p2);
      v128.store(to + 2 * gRow, q2, 16);
      v128.store(to + 3 * gRow, p3);
      v128.store(to + 3 * gRow, q3, 16);
    }
  }
}

/**
 * Adds each row's part of the Hessian of the summed loss of logistic regression: block (k, l) of h receives
 * `Σ_i p[i, k] · (δ_kl - p[i, l]) · x[i] x[i]ᵀ` for l ≤ k, of which only the lower triangle (and up to three entries to its
 * right) is written.
 * @param x f32 `[rows, d]`; d is a multiple of 4. @param z f64 `[rows, outputs]`: residuals. @param labels i32 `[rows]`.
 * @param weights f64 `[rows]`: scratch. @param h f64 `[outputs * d, outputs * d]`.
 */
export function addHessian(
  x: usize,
  rows: i32,
  d: i32,
  z: usize,
  outputs: i32,
  labels: usize,
  weights: usize,
  h: usize,
): void {
  const xRow = (<usize>d) << 2;
  const zRow = (<usize>outputs) << 3;
  const gRow = (<usize>d * <usize>outputs) << 3;
  for (let k = 0; k < outputs; k++) {
    for (let l = 0; l <= k; l++) {
      for (let i = 0; i < rows; i++) {
        const label = load<i32>(labels + ((<usize>i) << 2));
        const row = z + <usize>i * zRow;
        // With one output, the residual is that of class 1.
        const first = load<f64>(row + ((<usize>k) << 3)) + (label === (outputs === 1 ? 1 : k) ? 1 : 0);
        const second = load<f64>(row + ((<usize>l) << 3)) + (label === (outputs === 1 ? 1 : l) ? 1 : 0);
        store<f64>(weights + ((<usize>i) << 3), k === l ? first * (1 - first) : -first * second);
      }
      const g = h + <usize>k * <usize>d * gRow + ((<usize>l * <usize>d) << 3);
      for (let a: usize = 0; a < xRow; a += 16) {
        for (let j: usize = 0; j <= a; j += 16) addWeightedTile(x, rows, xRow, weights, a, j, g, gRow);
      }
    }
  }
}

/** Adds `Σ_i w[i] · x[i, k] · x[i, j]` to the 4 x 4 tile of g at byte offsets 4k and 4j of a row of x. */
// @ts-expect-error: decorator
function addWeightedTile(
  x: usize,
  rows: i32,
  xRow: usize,
  weights: usize,
  k: usize,
  j: usize,
  g: usize,
  gRow: usize,
): void {
  const to = g + (k >> 2) * gRow + 2 * j;
  let p0 = v128.load(to);
  let q0 = v128.load(to, 16);
  let p1 = v128.load(to + gRow);
  let q1 = v128.load(to + gRow, 16);
  let p2 = v128.load(to + 2 * gRow);
  let q2 = v128.load(to + 2 * gRow, 16);
  let p3 = v128.load(to + 3 * gRow);
  let q3 = v128.load(to + 3 * gRow, 16);
  const end = weights + ((<usize>rows) << 3);
  let at = x;
  for (let w = weights; w < end; w += 8, at += xRow) {
    const weight = v128.load64_splat(w);
    const p = f64x2.mul(weight, pair(at + j));
    const q = f64x2.mul(weight, pair(at + j + 8));
    const r0 = f64x2.promote_low_f32x4(v128.load32_splat(at + k));
    const r1 = f64x2.promote_low_f32x4(v128.load32_splat(at + k, 4));
    const r2 = f64x2.promote_low_f32x4(v128.load32_splat(at + k, 8));
    const r3 = f64x2.promote_low_f32x4(v128.load32_splat(at + k, 12));
    p0 = fma(p0, p, r0);
    q0 = fma(q0, q, r0);
    p1 = fma(p1, p, r1);
    q1 = fma(q1, q, r1);
    p2 = fma(p2, p, r2);
    q2 = fma(q2, q, r2);
    p3 = fma(p3, p, r3);
    q3 = fma(q3, q, r3);
  }
  v128.store(to, p0);
  v128.store(to, q0, 16);
  v128.store(to + gRow, p1);
  v128.store(to + gRow, q1, 16);
  v128.store(to + 2 * gRow, p2);
  v128.store(to + 2 * gRow, q2, 16);
  v128.store(to + 3 * gRow, p3);
  v128.store(to + 3 * gRow, q3, 16);
}
