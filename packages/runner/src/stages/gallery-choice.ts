/**
 * Chooses examples that show how rows differ. Half are those on which rows disagree most. The rest are, in turn, one
 * that most rows get wrong and one that most rows get right, so that both kinds are shown wherever both occur. Ties go
 * to the earlier example.
 *
 * @param right for each row, whether it is right on each candidate; all rows have the same candidates.
 * @returns indices of candidates, in ascending order; all candidates if there are at most `count`.
 */
export function chooseExamples(right: readonly (readonly boolean[])[], count: number): number[] {
  const candidates = right[0]?.length ?? 0;
  const hits = Array.from({ length: candidates }, (_, i) => right.filter((row) => row[i]).length);
  const remaining = new Set(hits.keys());
  /** Removes and returns the remaining candidate with the highest score; never one with score 0. */
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
