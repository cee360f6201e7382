/**
 * Chooses examples that tell rows apart: half of them where rows disagree most, the rest alternately where most are wrong
 * and where most are right, so that both are seen wherever both occur. Among equals the earlier one.
 *
 * @param right Of each row, whether it is right on each candidate; every row has all of them.
 * @returns places among the candidates, rising; all of them if there are no more than `count`.
 */
export function chooseExamples(right: readonly (readonly boolean[])[], count: number): number[] {
  const candidates = right[0]?.length ?? 0;
  const hits = Array.from({ length: candidates }, (_, i) => right.filter((row) => row[i]).length);
  const remaining = new Set(hits.keys());
  /** Moves the candidate with the highest score; those of score 0 are not taken. */
  const take = (score: (hit: number) => number): number[] => {
    const best = [...remaining].reduce<number | undefined>(
      (leader, i) => (score(hits[i]!) > (leader === undefined ? 0 : score(hits[leader]!)) ? i : leader),
      undefined,
    );
    if (best === undefined) return [];
    remaining.delete(best);
    return [best];
  };
  const disagree = (hit: number): number => Math.min(hit, right.length - hit);
  const wrong = (hit: number): number => right.length - hit;
  const chosen: number[] = [];
  while (chosen.length < Math.ceil(count / 2)) {
    const next = take(disagree);
    if (next.length === 0) break;
    chosen.push(...next);
  }
  while (chosen.length < count && remaining.size > 0) {
    chosen.push(...take(wrong));
    if (chosen.length < count) chosen.push(...take((hit) => hit));
  }
  return chosen.sort((a, b) => a - b);
}
