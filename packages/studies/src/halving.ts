/** A round of successive halving: so many candidates are trained on to so many steps. */
export interface Rung {
  readonly candidates: number;
  /** Steps from the beginning, not since the last rung. */
  readonly steps: number;
}

/** Share of the grid's steps that a search may take. */
export const SHARE = 0.4;

/**
 * Successive halving (Jamieson and Talwalkar 2016): all candidates are trained for a while, the best in `eta` of them longer,
 * until one is left, which is trained to the end. Budgets rise by the same factor from rung to rung, and the first is as
 * long as `share` of the grid's steps allows: what is judged early is judged by noise. Where that share does not even
 * hold the last candidate, they rise by `eta`.
 *
 * @returns from the first rung to the last, which has one candidate and all steps.
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
  // Where there are hardly any steps, rungs that add none are none.
  return rungs.filter((rung, i) => i === last || rung.steps < rungs[i + 1]!.steps);
}

/** Steps that are trained in all, each candidate going on from the rung before. */
export const halvingSteps = (rungs: readonly Rung[]): number =>
  rungs.reduce((sum, { candidates, steps }, i) => sum + candidates * (steps - (rungs[i - 1]?.steps ?? 0)), 0);

/** A candidate's figure on validation examples, higher is better; NaN where there is none. */
export interface SearchStanding {
  readonly value: number;
  readonly figure: number;
}

/** The best candidates, in their own order; of equals the smaller value, which departs less from what is without it. */
export function survivors(standings: readonly SearchStanding[], count: number): number[] {
  const order = (figure: number): number => (Number.isNaN(figure) ? Number.NEGATIVE_INFINITY : figure);
  const kept = [...standings]
    .sort((a, b) => order(b.figure) - order(a.figure) || a.value - b.value)
    .slice(0, count)
    .map(({ value }) => value);
  return standings.map(({ value }) => value).filter((value) => kept.includes(value));
}
