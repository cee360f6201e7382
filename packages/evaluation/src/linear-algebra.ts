type Floats = Float32Array | Float64Array;

/**
 * Inner products of rows of x `[.., d]` with rows of w `[.., d]`: `out[i, k] = x[xFrom + i] · w[wFrom + k]`.
 *
 * Each product is summed from left to right in 64 bits whatever the tile it falls into, so equal rows give equal bits
 * (ranks with ties rely on this).
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

/** Inner products of many rows with one row at offset `v`, written to `out[start + i * stride]`. */
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

/**
 * Adds rᵀx to `out`: `out[k] += Σ_i r[i, k] · x[xFrom + i]`, with r row-major `[xRows, outRows]` and out `[outRows, d]`.
 */
export function addOuterProducts(
  x: Floats,
  xFrom: number,
  xRows: number,
  r: Float64Array,
  outRows: number,
  d: number,
  out: Float64Array,
): void {
  const fours = xRows - (xRows % 4);
  for (let i = 0; i < fours; i += 4) {
    const a = (xFrom + i) * d;
    const b = a + d;
    const c = b + d;
    const e = c + d;
    const r0 = i * outRows;
    const r1 = r0 + outRows;
    const r2 = r1 + outRows;
    const r3 = r2 + outRows;
    let k = 0;
    for (; k + 1 < outRows; k += 2) {
      const p0 = r[r0 + k]!;
      const p1 = r[r1 + k]!;
      const p2 = r[r2 + k]!;
      const p3 = r[r3 + k]!;
      const q0 = r[r0 + k + 1]!;
      const q1 = r[r1 + k + 1]!;
      const q2 = r[r2 + k + 1]!;
      const q3 = r[r3 + k + 1]!;
      const g = k * d;
      const h = g + d;
      for (let j = 0; j < d; j++) {
        const xa = x[a + j]!;
        const xb = x[b + j]!;
        const xc = x[c + j]!;
        const xe = x[e + j]!;
        out[g + j]! += p0 * xa + p1 * xb + p2 * xc + p3 * xe;
        out[h + j]! += q0 * xa + q1 * xb + q2 * xc + q3 * xe;
      }
    }
    for (; k < outRows; k++) {
      const p0 = r[r0 + k]!;
      const p1 = r[r1 + k]!;
      const p2 = r[r2 + k]!;
      const p3 = r[r3 + k]!;
      const g = k * d;
      for (let j = 0; j < d; j++) out[g + j]! += p0 * x[a + j]! + p1 * x[b + j]! + p2 * x[c + j]! + p3 * x[e + j]!;
    }
  }
  for (let i = fours; i < xRows; i++) {
    const a = (xFrom + i) * d;
    for (let k = 0; k < outRows; k++) {
      const value = r[i * outRows + k]!;
      for (let j = 0; j < d; j++) out[k * d + j]! += value * x[a + j]!;
    }
  }
}

/**
 * Mean of x̃ᵢx̃ᵢᵀ over (at most `limit`, evenly spaced) rows of x `[rows, d]`, where x̃ is the row with a 1 appended.
 *
 * @returns symmetric `[d + 1, d + 1]`.
 */
export function augmentedSecondMoment(x: Float32Array, rows: number, d: number, limit = rows): Float64Array {
  const size = d + 1;
  const moment = new Float64Array(size * size);
  const used = Math.min(rows, limit);
  const a = new Float64Array(size).fill(1);
  const b = new Float64Array(size).fill(1);
  for (let s = 0; s < used; s += 2) {
    a.set(x.subarray(Math.floor((s * rows) / used) * d).subarray(0, d));
    // An odd last row is paired with nothing.
    if (s + 1 < used) b.set(x.subarray(Math.floor(((s + 1) * rows) / used) * d).subarray(0, d));
    else b.fill(0);
    for (let i = 0; i < size; i++) {
      const ai = a[i]!;
      const bi = b[i]!;
      const row = i * size;
      for (let j = 0; j <= i; j++) moment[row + j]! += ai * a[j]! + bi * b[j]!;
    }
  }
  for (let i = 0; i < size; i++) {
    for (let j = 0; j <= i; j++) {
      const value = moment[i * size + j]! / used;
      moment[i * size + j] = value;
      moment[j * size + i] = value;
    }
  }
  return moment;
}

/** Lower Cholesky factor of a symmetric positive definite `[n, n]` matrix, or undefined if it is not one. */
export function cholesky(matrix: Float64Array, n: number): Float64Array | undefined {
  const lower = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = matrix[i * n + j]!;
      const a = i * n;
      const b = j * n;
      for (let k = 0; k < j; k++) sum -= lower[a + k]! * lower[b + k]!;
      if (i !== j) lower[a + j] = sum / lower[b + j]!;
      else if (sum > 0) lower[a + i] = Math.sqrt(sum);
      else return undefined;
    }
  }
  return lower;
}

/** Solves `L Lᵀ x = v` in place, for a lower Cholesky factor `[n, n]`. */
export function solveCholesky(lower: Float64Array, n: number, v: Float64Array): void {
  for (let i = 0; i < n; i++) {
    const row = i * n;
    let sum = v[i]!;
    for (let k = 0; k < i; k++) sum -= lower[row + k]! * v[k]!;
    v[i] = sum / lower[row + i]!;
  }
  for (let i = n - 1; i >= 0; i--) {
    const row = i * n;
    const value = v[i]! / lower[row + i]!;
    v[i] = value;
    for (let k = 0; k < i; k++) v[k]! -= lower[row + k]! * value;
  }
}
