/**
 * The most that each of several owners may have, so that together they have no more than `budget` and none is cut for
 * the sake of one that has more (max-min fairness): owners below the level get all they ask for.
 * @param demands what each asked for, one number per owner.
 * @returns the level; above the largest demand where there is enough for all.
 */
export function findFairLevel(demands: Iterable<number>, budget: number): number {
  const sorted = [...demands].toSorted((one, other) => one - other);
  let left = budget;
  for (const [index, demand] of sorted.entries()) {
    const share = left / (sorted.length - index);
    if (demand >= share) return share;
    left -= demand;
  }
  return (sorted.at(-1) ?? 0) + left;
}
