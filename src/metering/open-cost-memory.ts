import type { NanoUsd } from '../domain/money.ts';

/** The largest cost seen of each kind of open call, in this process and since it started. */
export interface OpenCostMemory {
  /** Zero where none was seen. */
  largest(kind: string): NanoUsd;
  note(kind: string, costNanoUsd: NanoUsd): void;
}

/** Kinds remembered; the one not seen for longest is forgotten first, and begins at the floor again. */
const KINDS_AT_MOST = 10_000;

export function createOpenCostMemory(kindsAtMost: number = KINDS_AT_MOST): OpenCostMemory {
  const costs = new Map<string, NanoUsd>();
  return {
    largest: (kind) => costs.get(kind) ?? 0n,
    note(kind, costNanoUsd) {
      const known = costs.get(kind) ?? 0n;
      costs.delete(kind);
      costs.set(kind, costNanoUsd > known ? costNanoUsd : known);
      const [oldest] = costs.keys();
      if (costs.size > kindsAtMost && oldest !== undefined) costs.delete(oldest);
    },
  };
}
