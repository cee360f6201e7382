import type { Matrix } from '@medbench/core';
import { MedbenchError } from '@medbench/core';
import { LayerProducts } from '../kernels/layer-products.js';
import { augmentedSecondMoment, cholesky, innerProducts, solveCholesky } from '../numerics/linear-algebra.js';
import { minimize } from './lbfgs.js';

/** Settings of a fit. */
export interface LogisticOptions {
  /** Inverse of the regularisation strength, as in scikit-learn. */
  readonly C: number;
  /** Maximum number of iterations. Default 1000. */
  readonly maxIterations?: number;
  /** Largest gradient entry of the mean loss at which to stop. Default 1e-4, as in scikit-learn. */
  readonly tolerance?: number;
  /** Initial model, with the same classes and features. Default: weights of 0 and the class priors as intercepts. */
  readonly start?: LogisticModel;
  /** Result of `secondMoment(x)`, if fits on the same rows share it. */
  readonly moment?: Float64Array;
  /** Whether to precondition. Default true. Without, a fit that is stopped early stays closer to its start. */
  readonly precondition?: boolean;
}

/** A fitted logistic regression. */
export interface LogisticModel {
  /** Number of classes of the problem, including those that training did not see. */
  readonly classes: number;
  readonly features: number;
  /** Classes seen in training, ascending. */
  readonly seen: Int32Array;
  /**
   * Weights with one row per seen class, `[S, features]`. If two classes were seen, there is a single row, for the
   * higher class. If one was seen, there is none.
   */
  readonly weights: Float64Array;
  /** One entry per row of `weights`. */
  readonly intercepts: Float64Array;
  /** Final value of `C · Σ loss + ½‖weights‖²`. */
  readonly objective: number;
  readonly iterations: number;
  readonly converged: boolean;
}

/** Turns logits `[rows, K]` into residuals (probability minus truth) in place and returns the summed loss. */
function multinomialResiduals(z: Float64Array, rows: number, K: number, y: Int32Array, from: number): number {
  let loss = 0;
  for (let i = 0; i < rows; i++) {
    const row = i * K;
    const truth = row + y[from + i]!;
    let max = Number.NEGATIVE_INFINITY;
    for (let k = 0; k < K; k++) max = Math.max(max, z[row + k]!);
    const target = z[truth]! - max;
    let sum = 0;
    for (let k = 0; k < K; k++) {
      const e = Math.exp(z[row + k]! - max);
      z[row + k] = e;
      sum += e;
    }
    for (let k = 0; k < K; k++) z[row + k]! /= sum;
    z[truth]! -= 1;
    loss += Math.log(sum) - target;
  }
  return loss;
}

/** `multinomialResiduals` for two classes, with one logit per row: that of class 1. */
function binomialResiduals(z: Float64Array, rows: number, y: Int32Array, from: number): number {
  let loss = 0;
  for (let i = 0; i < rows; i++) {
    const logit = z[i]!;
    const small = Math.exp(-Math.abs(logit));
    loss += Math.log1p(small) + Math.max(logit, 0) - y[from + i]! * logit;
    z[i] = (logit >= 0 ? 1 : small) / (1 + small) - y[from + i]!;
  }
  return loss;
}

/** Mean of x̃x̃ᵀ, where x̃ is a row with a constant 1 appended, for preconditioning fits. Large sets are subsampled. */
export function secondMoment(x: Matrix): Float64Array {
  return augmentedSecondMoment(x.data, x.rows, x.cols, Math.max(1000, 4 * x.cols));
}

/**
 * Makes a preconditioner that multiplies each row of parameters by the inverse of its estimated Hessian p(1 - p)·x̃x̃ᵀ
 * + λI, where p is the class prior (compare Böhning 1992). It changes the path to the minimum, not the minimum: with
 * correlated or badly scaled features or rare classes, a fit takes tens of steps instead of hundreds. Rows whose p(1 -
 * p) differ by at most a factor of two from a common value share one factorisation.
 * @returns undefined if an estimate is not positive definite.
 */
function preconditioner(moment: Float64Array, d: number, priors: Float64Array, lambda: number) {
  const size = d + 1;
  const rows = priors.length;
  const factors = new Map<number, Float64Array>();
  const factorize = (prior: number): Float64Array | undefined => {
    const spread = 4 ** Math.round(Math.log2(prior * (1 - prior)) / 2);
    const cached = factors.get(spread);
    if (cached !== undefined) return cached;
    const hessian = moment.map((value) => value * spread);
    let trace = 0;
    for (let j = 0; j < size; j++) trace += hessian[j * size + j]!;
    for (let j = 0; j < size; j++) hessian[j * size + j]! += (j < d ? lambda : 0) + (1e-10 * trace) / size;
    const lower = cholesky(hessian, size);
    if (lower !== undefined) factors.set(spread, lower);
    return lower;
  };
  const lowers = Array.from(priors, factorize);
  if (lowers.includes(undefined)) return undefined;
  const column = new Float64Array(size);
  return (v: Float64Array): void => {
    for (let k = 0; k < rows; k++) {
      column.set(v.subarray(k * d, (k + 1) * d));
      column[d] = v[rows * d + k]!;
      solveCholesky(lowers[k]!, size, column);
      v.set(column.subarray(0, d), k * d);
      v[rows * d + k] = column[d]!;
    }
  };
}

/** Shifts multinomial intercepts, which are determined only up to a constant, to mean 0, as scikit-learn does. */
function centre(intercepts: Float64Array): Float64Array {
  if (intercepts.length === 1) return intercepts;
  const mean = intercepts.reduce((sum, value) => sum + value, 0) / intercepts.length;
  return intercepts.map((value) => value - mean);
}

/**
 * Fits a logistic regression with an L2 penalty on the weights but not on the intercepts. It minimises
 * `C · Σ loss + ½‖w‖²` by L-BFGS, the objective of scikit-learn's `LogisticRegression(solver='lbfgs', C=C)`. Three or
 * more classes are multinomial; two classes share one weight vector. Deterministic.
 *
 * @param x features `[N, d]`.
 * @param y labels in 0..classes-1. Classes without an example get probability 0.
 * @throws MedbenchError if the numbers of rows and labels differ or there is no row.
 */
export function fitLogisticRegression(
  x: Matrix,
  y: Int32Array,
  classes: number,
  options: LogisticOptions,
): LogisticModel {
  const n = x.rows;
  const d = x.cols;
  if (n === 0 || y.length !== n) {
    throw new MedbenchError('evaluation', `cannot fit a classifier to ${n} rows with ${y.length} labels`);
  }
  const counts = new Int32Array(classes);
  for (const label of y) counts[label]!++;
  const seen = Int32Array.from(counts.keys()).filter((k) => counts[k]! > 0);
  const S = seen.length;
  const rows = S === 1 ? 0 : S === 2 ? 1 : S;
  const common = { classes, features: d, seen };
  if (rows === 0) {
    const none = new Float64Array(0);
    return { ...common, weights: none, intercepts: none, objective: 0, iterations: 0, converged: true };
  }
  const position = new Int32Array(classes);
  seen.forEach((label, s) => {
    position[label] = s;
  });
  const target = y.map((label) => position[label]!);
  const lambda = 1 / (options.C * n);
  const products = new LayerProducts(d, rows);
  products.cacheFeatures(x.data);

  const evaluate = (parameters: Float64Array, gradient: Float64Array): number => {
    const weights = parameters.subarray(0, rows * d);
    const intercepts = parameters.subarray(rows * d);
    const interceptGradient = gradient.subarray(rows * d).fill(0);
    let loss = 0;
    products.sweep(x.data, weights, gradient.subarray(0, rows * d), (z, from, size) => {
      for (let i = 0; i < size; i++) for (let k = 0; k < rows; k++) z[i * rows + k]! += intercepts[k]!;
      loss += rows === 1 ? binomialResiduals(z, size, target, from) : multinomialResiduals(z, size, rows, target, from);
      for (let i = 0; i < size; i++) for (let k = 0; k < rows; k++) interceptGradient[k]! += z[i * rows + k]!;
    });
    let square = 0;
    for (let i = 0; i < gradient.length; i++) gradient[i]! /= n;
    for (let i = 0; i < rows * d; i++) {
      square += weights[i]! ** 2;
      gradient[i]! += lambda * weights[i]!;
    }
    return loss / n + 0.5 * lambda * square;
  };

  const priors = Float64Array.from(rows === 1 ? seen.subarray(1) : seen, (label) => counts[label]! / n);
  const start = new Float64Array(rows * (d + 1));
  if (options.start?.weights.length === rows * d) {
    start.set(options.start.weights);
    start.set(options.start.intercepts, rows * d);
  } else {
    // If all weights are 0, the class priors are the best intercepts.
    const logits = priors.map((prior) => Math.log(rows === 1 ? prior / (1 - prior) : prior));
    start.set(centre(logits), rows * d);
  }
  const precondition =
    options.precondition === false ? undefined : preconditioner(options.moment ?? secondMoment(x), d, priors, lambda);
  const result = minimize(evaluate, start, {
    maxIterations: options.maxIterations ?? 1000,
    gradientTolerance: options.tolerance ?? 1e-4,
    ...(precondition && { precondition }),
  });
  return {
    ...common,
    weights: result.x.slice(0, rows * d),
    intercepts: centre(result.x.slice(rows * d)),
    objective: result.value * options.C * n,
    iterations: result.iterations,
    converged: result.converged,
  };
}

/** Logits `[N, classes]`, whose softmax is the model's probability. Classes without training examples get -Infinity. */
export function logisticLogits(model: LogisticModel, x: Matrix): Float64Array {
  const { classes, features, seen, weights, intercepts } = model;
  const rows = intercepts.length;
  const z = new Float64Array(x.rows * rows);
  innerProducts(x.data, 0, x.rows, weights, 0, rows, features, z);
  const logits = new Float64Array(x.rows * classes).fill(Number.NEGATIVE_INFINITY);
  for (let i = 0; i < x.rows; i++) {
    if (rows <= 1) logits[i * classes + seen[0]!] = 0;
    for (let k = 0; k < rows; k++) {
      logits[i * classes + seen[rows === 1 ? 1 : k]!] = z[i * rows + k]! + intercepts[k]!;
    }
  }
  return logits;
}
