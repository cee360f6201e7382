/**
 * The groups of methods that a critical-difference diagram connects (Demšar 2006, section 3.2.2): maximal stretches, in
 * order of rank, whose first and last rank differ by less than the critical difference. Each is a pair of indices. A
 * method that differs from all others is in no group.
 *
 * @param ranks average ranks in ascending order.
 */
export function findCliques(ranks: readonly number[], criticalDifference: number): [first: number, last: number][] {
  const cliques: [number, number][] = [];
  for (let first = 0; first < ranks.length; first++) {
    let last = first;
    while (last + 1 < ranks.length && ranks[last + 1]! - ranks[first]! < criticalDifference) last++;
    if (last > first && last > (cliques.at(-1)?.[1] ?? -1)) cliques.push([first, last]);
  }
  return cliques;
}
