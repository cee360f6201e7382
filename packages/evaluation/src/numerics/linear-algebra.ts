type Floats = Float32Array | Float64Array;

/**
 * Inner product of two vectors of equal length. It uses four sums, because with one sum each addition waits for the
 * last.
 */
export function dot(a: Float64Array, b: Float64Array): number {
  const fours = a.length - (a.length % 4);
  let s0 = 0;
  let s1 = 0;
  let s2 = 0;
  let s3 = 0;
  for (let i = 0; i < fours; i += 4) {
    s0 += a[i]! * b[i]!;
    s1 += a[i + 1]! * b[i + 1]!;
    s2 += a[i + 2]! * b[i + 2]!;
    s3 += a[i + 3]! * b[i + 3]!;
  }
  for (let i = fours; i < a.length; i++) s0 += a[i]! * b[i]!;
  return s0 + s1 + (s2 + s3);
}

/**
 * Inner products of rows of x `[.., d]` with rows of w `[.., d]`: `out[i, k] = x[xFrom + i] · w[wFrom + k]`.
 *
 * Each product is summed from left to right in 64 bits, whichever tile it falls into. Equal rows therefore give equal
 * bits, which ranks with ties rely on.
 *
 * @param out row-major `[xRows, wRows]`.
 */
export function innerProducts(
  x: Floats,
  xFrom: number,
  xRows: number,
  w: Floats,
  wFrom: number,
  wRows: number,
  d: number,
  out: Float64Array,
): void {
  const pairs = xRows - (xRows % 2);
  const fours = wRows - (wRows % 4);
  for (let i = 0; i < pairs; i += 2) {
    const a = (xFrom + i) * d;
    const b = a + d;
    for (let k = 0; k < fours; k += 4) {
      const w0 = (wFrom + k) * d;
      const w1 = w0 + d;
      const w2 = w1 + d;
      const w3 = w2 + d;
      let a0 = 0;
      let a1 = 0;
      let a2 = 0;
      let a3 = 0;
      let b0 = 0;
      let b1 = 0;
      let b2 = 0;
      let b3 = 0;
      for (let j = 0; j < d; j++) {
        const xa = x[a + j]!;
        const xb = x[b + j]!;
        const v0 = w[w0 + j]!;
        const v1 = w[w1 + j]!;
        const v2 = w[w2 + j]!;
        const v3 = w[w3 + j]!;
        a0 += xa * v0;
        a1 += xa * v1;
        a2 += xa * v2;
        a3 += xa * v3;
        b0 += xb * v0;
        b1 += xb * v1;
        b2 += xb * v2;
        b3 += xb * v3;
      }
      const top = i * wRows + k;
      out[top] = a0;
      out[top + 1] = a1;
      out[top + 2] = a2;
      out[top + 3] = a3;
      out[top + wRows] = b0;
      out[top + wRows + 1] = b1;
      out[top + wRows + 2] = b2;
      out[top + wRows + 3] = b3;
    }
  }
  for (let k = fours; k < wRows; k++) columnProducts(x, xFrom, pairs, w, (wFrom + k) * d, d, out, k, wRows);
  for (let i = pairs; i < xRows; i++) columnProducts(w, wFrom, wRows, x, (xFrom + i) * d, d, out, i * wRows, 1);
}

/** Inner products of many rows of x with the row of w at offset `v`, written to `out[start + i * stride]`. */
function columnProducts(
  x: Floats,
  from: number,
  rows: number,
  w: Floats,
  v: number,
  d: number,
  out: Float64Array,
  start: number,
  stride: number,
): void {
  let i = 0;
  for (; i + 3 < rows; i += 4) {
    const x0 = (from + i) * d;
    const x1 = x0 + d;
    const x2 = x1 + d;
    const x3 = x2 + d;
    let s0 = 0;
    let s1 = 0;
    let s2 = 0;
    let s3 = 0;
    for (let j = 0; j < d; j++) {
      const value = w[v + j]!;
      s0 += x[x0 + j]! * value;
      s1 += x[x1 + j]! * value;
      s2 += x[x2 + j]! * value;
      s3 += x[x3 + j]! * value;
    }
    out[start + i * stride] = s0;
    out[start + (i + 1) * stride] = s1;
    out[start + (i + 2) * stride] = s2;
    out[start + (i + 3) * stride] = s3;
  }
  for (; i < rows; i++) {
    const x0 = (from + i) * d;
    let sum = 0;
    for (let j = 0; j < d; j++) sum += x[x0 + j]! * w[v + j]!;
    out[start + i * stride] = sum;
  }
}
