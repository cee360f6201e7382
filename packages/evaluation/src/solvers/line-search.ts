/** Value and slope of a function at a step along a direction. */
export interface LinePoint {
  readonly step: number;
  readonly value: number;
  readonly slope: number;
}

const SUFFICIENT_DECREASE = 1e-4;
const CURVATURE = 0.9;
const MAX_EVALUATIONS = 25;

/**
 * Minimiser of the cubic that matches the values and slopes of two points (Nocedal and Wright, eq. 3.59), kept between
 * the points.
 */
function cubicMinimiser(a: LinePoint, b: LinePoint): number {
  const d1 = a.slope + b.slope - (3 * (a.value - b.value)) / (a.step - b.step);
  const square = d1 * d1 - a.slope * b.slope;
  const low = Math.min(a.step, b.step);
  const high = Math.max(a.step, b.step);
  const middle = (low + high) / 2;
  if (!(square >= 0)) return middle;
  const d2 = Math.sign(b.step - a.step) * Math.sqrt(square);
  const step = b.step - ((b.step - a.step) * (b.slope + d2 - d1)) / (b.slope - a.slope + 2 * d2);
  const margin = 0.1 * (high - low);
  return step > low + margin && step < high - margin ? step : middle;
}

/**
 * Searches a step that meets the strong Wolfe conditions with c1 = 1e-4, c2 = 0.9 (Nocedal and Wright, algorithms 3.5
 * and 3.6).
 *
 * @param evaluateStep evaluates the function at a step. A value that is not finite counts as too high.
 * @param start point at step 0, with a negative slope. @param first first step to try.
 * @returns the accepted point, or undefined if rounding prevents any decrease.
 */
export function wolfeSearch(
  evaluateStep: (step: number) => LinePoint,
  start: LinePoint,
  first: number,
): LinePoint | undefined {
  let evaluations = 0;
  const evaluate = (step: number): LinePoint => {
    evaluations++;
    return evaluateStep(step);
  };
  const tooHigh = (p: LinePoint): boolean =>
    !Number.isFinite(p.value) || p.value > start.value + SUFFICIENT_DECREASE * p.step * start.slope;
  const flat = (p: LinePoint): boolean => Math.abs(p.slope) <= -CURVATURE * start.slope;

  const zoom = (from: LinePoint, to: LinePoint): LinePoint | undefined => {
    let low = from;
    let high = to;
    while (evaluations < MAX_EVALUATIONS) {
      const step = Number.isFinite(high.value) ? cubicMinimiser(low, high) : (low.step + high.step) / 2;
      const p = evaluate(step);
      if (tooHigh(p) || p.value >= low.value) high = p;
      else {
        if (flat(p)) return p;
        if (p.slope * (high.step - low.step) >= 0) high = low;
        low = p;
      }
      if (Math.abs(high.step - low.step) <= 1e-12 * Math.max(1, low.step)) break;
    }
    return low.step > 0 ? low : undefined;
  };

  let previous = start;
  let step = first;
  while (evaluations < MAX_EVALUATIONS) {
    const p = evaluate(step);
    if (tooHigh(p) || (previous.step > 0 && p.value >= previous.value)) return zoom(previous, p);
    if (flat(p)) return p;
    if (p.slope >= 0) return zoom(p, previous);
    previous = p;
    step *= 2;
  }
  return previous.step > 0 ? previous : undefined;
}
