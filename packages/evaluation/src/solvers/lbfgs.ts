import { dot } from '../numerics/linear-algebra.js';
import type { LinePoint } from './line-search.js';
import { wolfeSearch } from './line-search.js';

export interface LbfgsOptions {
  /** Number of past steps that approximate the Hessian. Default 10. */
  readonly history?: number;
  /** Maximum number of iterations. Default 1000. */
  readonly maxIterations?: number;
  /** Largest absolute gradient entry at which the minimisation stops. Default 1e-4. */
  readonly gradientTolerance?: number;
  /** Scaled parameters to compute in. They change the path to the minimum, not the minimum. */
  readonly scaling?: Scaling;
}

/** Scaled parameters u of a minimisation, from which the parameters are x = S u. */
export interface Scaling {
  /** Turns the gradient by x into that by u, in place: multiplies by Sᵀ. */
  scaleGradient(gradient: Float64Array): void;
  /** Turns a step of u into one of x, in place: multiplies by S. */
  unscaleStep(step: Float64Array): void;
}

export interface LbfgsResult {
  readonly x: Float64Array;
  readonly value: number;
  readonly iterations: number;
  readonly evaluations: number;
  /** Whether the gradient or the decrease of the value fell below its tolerance. */
  readonly converged: boolean;
}

/** Relative decrease of the value below which only rounding remains (as scikit-learn sets it for its L-BFGS). */
const VALUE_TOLERANCE = 64 * Number.EPSILON;

function addScaled(target: Float64Array, scale: number, source: Float64Array): void {
  for (let i = 0; i < target.length; i++) target[i]! += scale * source[i]!;
}

function largest(values: Float64Array): number {
  let max = 0;
  for (let i = 0; i < values.length; i++) {
    const size = Math.abs(values[i]!);
    if (!(size <= max)) max = size;
  }
  return max;
}

/** One past step of the history. */
interface Correction {
  readonly step: Float64Array;
  readonly change: Float64Array;
  readonly rho: number;
  /** Scale of the initial inverse Hessian after this step. */
  readonly scale: number;
}

/** Descent direction, computed by the two-loop recursion (Nocedal and Wright, algorithm 7.4). */
function direction(gradient: Float64Array, corrections: readonly Correction[]): Float64Array {
  const q = gradient.slice();
  for (let i = 0; i < q.length; i++) q[i] = -q[i]!;
  const alphas = new Float64Array(corrections.length);
  for (let i = corrections.length - 1; i >= 0; i--) {
    const { step, change, rho } = corrections[i]!;
    alphas[i] = rho * dot(step, q);
    addScaled(q, -alphas[i]!, change);
  }
  const scale = corrections.at(-1)?.scale ?? 1;
  for (let i = 0; i < q.length; i++) q[i]! *= scale;
  corrections.forEach(({ step, change, rho }, i) => {
    addScaled(q, alphas[i]! - rho * dot(change, q), step);
  });
  return q;
}

/**
 * Minimises a smooth function by limited-memory BFGS (Liu and Nocedal 1989) with a strong-Wolfe line search.
 *
 * @param evaluate returns the value at x and writes the gradient at x. Both arrays are reused.
 * @param start initial x, which is not changed.
 */
export function minimize(
  evaluate: (x: Float64Array, gradient: Float64Array) => number,
  start: Float64Array,
  options: LbfgsOptions = {},
): LbfgsResult {
  const { history = 10, maxIterations = 1000, gradientTolerance = 1e-4, scaling } = options;
  let x = start.slice();
  let gradient = new Float64Array(x.length);
  let value = evaluate(x, gradient);
  let trial = new Float64Array(x.length);
  let trialGradient = new Float64Array(x.length);
  let evaluations = 1;
  let iterations = 0;
  let corrections: Correction[] = [];
  let converged = largest(gradient) <= gradientTolerance;
  // The history holds steps and gradients of the scaled parameters.
  const scale = (values: Float64Array): Float64Array => {
    const scaled = values.slice();
    scaling?.scaleGradient(scaled);
    return scaled;
  };
  let scaledGradient = converged ? gradient : scale(gradient);

  while (!converged && iterations < maxIterations) {
    const scaledStep = direction(scaledGradient, corrections);
    const d = scaling ? scaledStep.slice() : scaledStep;
    scaling?.unscaleStep(d);
    let evaluatedAt = Number.NaN;
    const evaluateStep = (step: number): LinePoint => {
      for (let i = 0; i < x.length; i++) trial[i] = x[i]! + step * d[i]!;
      const trialValue = evaluate(trial, trialGradient);
      evaluations++;
      evaluatedAt = step;
      return { step, value: trialValue, slope: dot(trialGradient, d) };
    };
    const first = corrections.length > 0 || scaling !== undefined ? 1 : Math.min(1, 1 / Math.sqrt(dot(d, d)));
    const slope = dot(gradient, d);
    let accepted = slope < 0 ? wolfeSearch(evaluateStep, { step: 0, value, slope }, first) : undefined;
    if (accepted === undefined) {
      // An outdated history can spoil the direction: try again without it. If that fails too, the minimum is reached.
      if (corrections.length === 0) {
        converged = true;
        break;
      }
      corrections = [];
      continue;
    }
    if (accepted.step !== evaluatedAt) accepted = evaluateStep(accepted.step);
    iterations++;

    const newGradient = scale(trialGradient);
    const step = scaledStep.slice();
    const change = newGradient.slice();
    for (let i = 0; i < step.length; i++) step[i]! *= accepted.step;
    for (let i = 0; i < step.length; i++) change[i]! -= scaledGradient[i]!;
    scaledGradient = newGradient;
    const curvature = dot(step, change);
    if (curvature > 0) {
      corrections.push({ step, change, rho: 1 / curvature, scale: curvature / dot(change, change) });
      if (corrections.length > history) corrections.shift();
    }
    const decrease = value - accepted.value;
    converged =
      largest(trialGradient) <= gradientTolerance ||
      decrease <= VALUE_TOLERANCE * Math.max(Math.abs(value), Math.abs(accepted.value), 1);
    [x, trial] = [trial, x];
    [gradient, trialGradient] = [trialGradient, gradient];
    value = accepted.value;
  }
  return { x, value, iterations, evaluations, converged };
}
