/**
 * The maximal runs of methods in order of rank whose first and last differ by less than the critical difference, as pairs
 * of places: what a critical-difference diagram connects (Demšar 2006, section 3.2.2). A method that differs from all
 * others is in none.
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
