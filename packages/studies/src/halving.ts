/** A round of successive halving: so many candidates are trained on to so many steps. */
export interface Rung {
  readonly candidates: number;
  /** Steps from the beginning, not since the last rung. */
  readonly steps: number;
}

/**
 * Successive halving (Jamieson and Talwalkar 2016): all candidates get a small budget, the best in `eta` of them `eta` times
 * as much, until one is left, which is trained to the end. Budgets end at `steps` and fall by `eta` from rung to rung
 * downwards, so the first is what the number of candidates makes it.
 *
 * @returns from the first rung to the last, which has one candidate and all steps.
 */
export function rungsOf(candidates: number, steps: number, eta: number): Rung[] {
  const counts = [candidates];
  while (counts.at(-1)! > 1) counts.push(Math.floor(counts.at(-1)! / eta) || 1);
  const rungs = counts.map((count, i) => ({
    candidates: count,
    steps: Math.max(1, Math.round(steps / eta ** (counts.length - 1 - i))),
  }));
  // Where there are hardly any steps, rungs that add none are none.
  return rungs.filter((rung, i) => i === rungs.length - 1 || rung.steps < rungs[i + 1]!.steps);
}

/** Steps that are trained in all, each candidate going on from the rung before. */
export const costOf = (rungs: readonly Rung[]): number =>
  rungs.reduce((sum, { candidates, steps }, i) => sum + candidates * (steps - (rungs[i - 1]?.steps ?? 0)), 0);

/** A candidate's figure on validation examples, higher is better; NaN where there is none. */
export interface Standing {
  readonly value: number;
  readonly figure: number;
}

/** The best candidates, in their own order; of equals the smaller value, which departs less from what is without it. */
export function survivors(standings: readonly Standing[], count: number): number[] {
  const order = (figure: number): number => (Number.isNaN(figure) ? Number.NEGATIVE_INFINITY : figure);
  const kept = [...standings]
    .sort((a, b) => order(b.figure) - order(a.figure) || a.value - b.value)
    .slice(0, count)
    .map(({ value }) => value);
  return standings.map(({ value }) => value).filter((value) => kept.includes(value));
}
