/** How many requests of each owner are open in this process. */
export interface CallCounts {
  isFull(owner: string): boolean;
  add(owner: string): void;
  remove(owner: string): void;
}

/** Owners without an open request are forgotten, so that memory is bounded by the requests. */
export function createCallCounts(limit: number): CallCounts {
  const open = new Map<string, number>();
  return {
    isFull: (owner) => (open.get(owner) ?? 0) >= limit,
    add: (owner) => void open.set(owner, (open.get(owner) ?? 0) + 1),
    remove(owner) {
      const left = (open.get(owner) ?? 0) - 1;
      if (left > 0) open.set(owner, left);
      else open.delete(owner);
    },
  };
}
