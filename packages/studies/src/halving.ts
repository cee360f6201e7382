/** A round of successive halving: the number of candidates, and the step that they are trained to. */
export interface Rung {
  readonly candidates: number;
  /** Steps since the beginning of training, not since the last rung. */
  readonly steps: number;
}

/** Largest share of the grid's steps that a search may take. */
export const SHARE = 0.4;

/**
 * Plans successive halving (Jamieson and Talwalkar 2016): all candidates are trained for some steps, the best one in
 * `eta` for more steps, and so on until one candidate is trained to the end. The steps grow by the same factor from
 * rung to rung. The first rung is as long as `share` of the grid's steps allows, because early figures are noisy. If
 * the share does not even suffice for the last candidate, the steps grow by the factor `eta`.
 *
 * @returns the rungs in order; the last has one candidate and all steps.
 */
export function planRungs(candidates: number, steps: number, eta: number, share = SHARE): Rung[] {
  const counts = [candidates];
  while (counts.at(-1)! > 1) counts.push(Math.floor(counts.at(-1)! / eta) || 1);
  const last = counts.length - 1;
  const rungsFrom = (first: number): Rung[] =>
    counts.map((count, i) => ({
      candidates: count,
      steps: i === last ? steps : Math.max(1, Math.floor(first * (steps / first) ** (i / last))),
    }));
  const affordable = (first: number): boolean => halvingSteps(rungsFrom(first)) <= share * candidates * steps;
  let first = steps / eta ** last;
  if (affordable(1)) {
    let [low, high] = [1, steps];
    while (high - low > 1e-3) {
      const middle = (low + high) / 2;
      if (affordable(middle)) low = middle;
      else high = middle;
    }
    first = low;
  }
  const rungs = rungsFrom(first);
  // With very few steps, some rungs add no step: drop them.
  return rungs.filter((rung, i) => i === last || rung.steps < rungs[i + 1]!.steps);
}

/** Returns the total number of steps of a search, in which each candidate resumes from the previous rung. */
export const halvingSteps = (rungs: readonly Rung[]): number =>
  rungs.reduce((sum, { candidates, steps }, i) => sum + candidates * (steps - (rungs[i - 1]?.steps ?? 0)), 0);

/** A candidate and its figure on validation examples; higher is better, NaN if there is none. */
export interface SearchStanding {
  readonly value: number;
  readonly figure: number;
}

/**
 * Returns the best candidates in their original order. Among equals the smaller value is kept, since it departs less
 * from the method without the setting.
 */
export function survivors(standings: readonly SearchStanding[], count: number): number[] {
  const order = (figure: number): number => (Number.isNaN(figure) ? Number.NEGATIVE_INFINITY : figure);
  const kept = [...standings]
    .sort((a, b) => order(b.figure) - order(a.figure) || a.value - b.value)
    .slice(0, count)
    .map(({ value }) => value);
  return standings.map(({ value }) => value).filter((value) => kept.includes(value));
}
