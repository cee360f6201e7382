// AssemblyScript (https://www.assemblyscript.org), compiled by scripts/build-kernels.mjs into src/kernels/products.ts
// together with products.ts, which exports these functions.
//
// Loss and residuals of logistic regression from logits, on vectors of two 64-bit floats.

const LOG2_E: f64 = Math.LOG2E;
const LN2_HIGH: f64 = 0.6931471803691238;
const LN2_LOW: f64 = 1.9082149292705877e-10;
/** Adding 1.5 · 2^52 leaves the rounded integer in the low bits. */
const ROUNDER: f64 = 6755399441055744.0;

/** e^x for x ≤ 0, within one unit in the last place (the approximation of fdlibm's exp); 0 below -708. */
// @ts-expect-error: decorator
function exponential(x: v128): v128 {
  const shifted = f64x2.add(f64x2.mul(x, f64x2.splat(LOG2_E)), f64x2.splat(ROUNDER));
  const k = f64x2.sub(shifted, f64x2.splat(ROUNDER));
  const high = f64x2.sub(x, f64x2.mul(k, f64x2.splat(LN2_HIGH)));
  const low = f64x2.mul(k, f64x2.splat(LN2_LOW));
  const r = f64x2.sub(high, low);
  const t = f64x2.mul(r, r);
  let p = f64x2.splat(4.1381367970572385e-8);
  p = f64x2.add(f64x2.mul(p, t), f64x2.splat(-1.6533902205465252e-6));
  p = f64x2.add(f64x2.mul(p, t), f64x2.splat(6.613756321437934e-5));
  p = f64x2.add(f64x2.mul(p, t), f64x2.splat(-0.0027777777777015593));
  p = f64x2.add(f64x2.mul(p, t), f64x2.splat(0.16666666666666602));
  const c = f64x2.sub(r, f64x2.mul(t, p));
  const quotient = f64x2.div(f64x2.mul(r, c), f64x2.sub(f64x2.splat(2), c));
  const y = f64x2.sub(f64x2.splat(1), f64x2.sub(f64x2.sub(low, quotient), high));
  // Adding k to the exponent's bits multiplies by 2^k.
  const scaled = i64x2.add(y, i64x2.shl(shifted, 52));
  return v128.and(scaled, f64x2.ge(x, f64x2.splat(-708)));
}

/**
 * Adds intercepts to logits and turns them into residuals: the probability of each class minus 1 for the true class.
 * @param z f64 `[rows, outputs]`: logits without intercepts, which become residuals.
 * @param intercepts f64 `[outputs]`. @param labels i32 `[rows]`. @param sums f64 `[outputs]`: the residuals of each
 * class are added.
 * @param loss f64 `[2]`: receives Π s and Σ t, where s is the sum of a row's exponentials relative to its largest one
 * and t is the true class's logit minus the largest one. The loss is ln Π s - Σ t.
 */
export function multinomial(
  z: usize,
  rows: i32,
  outputs: i32,
  intercepts: usize,
  labels: usize,
  sums: usize,
  loss: usize,
): void {
  const bytes = (<usize>outputs) << 3;
  const pairs = (<usize>(outputs & ~1)) << 3;
  let product: f64 = 1;
  let truths: f64 = 0;
  for (let i = 0; i < rows; i++) {
    const row = z + <usize>i * bytes;
    let max = -Infinity;
    for (let j: usize = 0; j < bytes; j += 8) {
      const logit = load<f64>(row + j) + load<f64>(intercepts + j);
      store<f64>(row + j, logit);
      if (logit > max) max = logit;
    }
    const truth = row + ((<usize>load<i32>(labels + ((<usize>i) << 2))) << 3);
    truths += load<f64>(truth) - max;
    const maxima = f64x2.splat(max);
    let totals = f64x2.splat(0);
    let j: usize = 0;
    for (; j < pairs; j += 16) {
      const e = exponential(f64x2.sub(v128.load(row + j), maxima));
      v128.store(row + j, e);
      totals = f64x2.add(totals, e);
    }
    let total = f64x2.extract_lane(totals, 0) + f64x2.extract_lane(totals, 1);
    if (j < bytes) {
      const e = f64x2.extract_lane(exponential(f64x2.sub(v128.load64_splat(row + j), maxima)), 0);
      store<f64>(row + j, e);
      total += e;
    }
    product *= total;
    const scale = 1 / total;
    const scales = f64x2.splat(scale);
    for (j = 0; j < pairs; j += 16) v128.store(row + j, f64x2.mul(v128.load(row + j), scales));
    if (j < bytes) store<f64>(row + j, load<f64>(row + j) * scale);
    store<f64>(truth, load<f64>(truth) - 1);
    for (j = 0; j < pairs; j += 16) v128.store(sums + j, f64x2.add(v128.load(sums + j), v128.load(row + j)));
    if (j < bytes) store<f64>(sums + j, load<f64>(sums + j) + load<f64>(row + j));
  }
  store<f64>(loss, product);
  store<f64>(loss, truths, 8);
}

/**
 * `multinomial` for two classes with one logit per row, that of class 1. Its memory may hold one row more than `rows`.
 * @param loss f64 `[2]`: the loss is ln of the first minus the second.
 */
export function binomial(z: usize, rows: i32, intercepts: usize, labels: usize, sums: usize, loss: usize): void {
  const intercept = load<f64>(intercepts);
  let product: f64 = 1;
  let truths: f64 = 0;
  let sum = load<f64>(sums);
  for (let i = 0; i < rows; i += 2) {
    const at = z + ((<usize>i) << 3);
    const logits = f64x2.add(v128.load(at), f64x2.splat(intercept));
    const small = exponential(f64x2.neg(f64x2.abs(logits)));
    const total = f64x2.add(small, f64x2.splat(1));
    const positive = f64x2.ge(logits, f64x2.splat(0));
    const probability = f64x2.div(v128.bitselect(f64x2.splat(1), small, positive), total);
    const above = f64x2.max(logits, f64x2.splat(0));
    for (let lane = 0; lane < 2 && i + lane < rows; lane++) {
      const label = <f64>load<i32>(labels + ((<usize>(i + lane)) << 2));
      const logit = lane === 0 ? f64x2.extract_lane(logits, 0) : f64x2.extract_lane(logits, 1);
      const residual = (lane === 0 ? f64x2.extract_lane(probability, 0) : f64x2.extract_lane(probability, 1)) - label;
      product *= lane === 0 ? f64x2.extract_lane(total, 0) : f64x2.extract_lane(total, 1);
      truths += label * logit - (lane === 0 ? f64x2.extract_lane(above, 0) : f64x2.extract_lane(above, 1));
      store<f64>(at + ((<usize>lane) << 3), residual);
      sum += residual;
    }
  }
  store<f64>(sums, sum);
  store<f64>(loss, product);
  store<f64>(loss, truths, 8);
}
