/**
 * Numbers the groups of examples by their first appearance: 0, 1, 2 and so on. Statistics depend on which examples share
 * a group and not on its number, so groups that are numbered in this way are equal if they are the same.
 */
export function renumberGroups(groups: readonly number[]): number[] {
  const numbers = new Map<number, number>();
  return groups.map((group) => {
    if (!numbers.has(group)) numbers.set(group, numbers.size);
    return numbers.get(group)!;
  });
}
