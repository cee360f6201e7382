import type { Matrix } from '@medbench/core';
import { MedbenchError, threadCount } from '@medbench/core';
import type { LowerTriangle } from '../kernels/cholesky-factor.js';
import { LogisticLoss } from '../kernels/logistic-loss.js';
import { augmentedSecondMoment } from '../kernels/second-moment.js';
import { innerProducts } from '../numerics/linear-algebra.js';
import { hessianScaling, momentScaling } from './hessian-scaling.js';
import { type LbfgsOptions, type LbfgsResult, minimize } from './lbfgs.js';

/** Past steps that a large scaled fit keeps. If it separates its classes well, few of them do not converge. */
const HISTORY = 50;
/** Largest number of parameters for which the exact Hessian is worth its cost. */
const MAX_HESSIAN = 1024;
/** Steps after which such a fit computes the Hessian, and then computes it again. */
const ROUND = 40;

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
  readonly moment?: LowerTriangle;
  /** Whether to precondition. Default true. Without, a fit that is stopped early stays closer to its start. */
  readonly precondition?: boolean;
  /** Number of threads that large fits use. The model does not depend on it. Default `threadCount()`. */
  readonly threads?: number;
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

/** Mean of x̃x̃ᵀ, where x̃ is a row with a constant 1 appended, for scaling fits. Large sets are subsampled. */
export function secondMoment(x: Matrix): LowerTriangle {
  return augmentedSecondMoment(x, Math.max(1000, 4 * x.cols));
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
  const summed = new LogisticLoss(x, target, rows, options.threads ?? threadCount());

  const evaluate = (parameters: Float64Array, gradient: Float64Array): number => {
    const loss = summed.evaluate(parameters, gradient);
    let square = 0;
    for (let i = 0; i < gradient.length; i++) gradient[i]! /= n;
    for (let i = 0; i < rows * d; i++) {
      square += parameters[i]! ** 2;
      gradient[i]! += lambda * parameters[i]!;
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
  const maxIterations = options.maxIterations ?? 1000;
  const gradientTolerance = options.tolerance ?? 1e-4;
  const fit = (from: Float64Array, settings: LbfgsOptions): LbfgsResult =>
    minimize(evaluate, from, { gradientTolerance, ...settings });
  let result: LbfgsResult;
  if (options.precondition === false) result = fit(start, { maxIterations });
  else {
    const scaling = momentScaling(options.moment ?? secondMoment(x), priors, lambda);
    const small = start.length <= MAX_HESSIAN;
    result = fit(start, {
      maxIterations: small ? Math.min(ROUND, maxIterations) : maxIterations,
      ...(scaling && { scaling, history: HISTORY }),
    });
    while (small && !result.converged && result.iterations < maxIterations) {
      const { iterations } = result;
      const exact = hessianScaling(x, target, result.x, rows, lambda);
      const round = fit(result.x, {
        maxIterations: Math.min(ROUND, maxIterations - iterations),
        ...(exact && { scaling: exact }),
      });
      result = { ...round, iterations: iterations + round.iterations };
    }
  }
  summed.close();
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
