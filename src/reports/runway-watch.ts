import type { Ledger } from '../ledger/ledger.ts';
import { readBurn } from './read-burn.ts';
import type { ReportStore } from './report-store.ts';
import { findRunway } from './runway.ts';

/** When credit ends, of accounts that were looked at lately, for whoever cannot wait for a store. */
export interface RunwayWatch {
  /** Looks, unless that was done within some minutes. The sums must be folded. */
  look(accountId: string): Promise<void>;
  /** Undefined: not known, or not within ten years. */
  findEndMs(accountId: string): number | undefined;
}

const LOOK_EVERY_MS = 5 * 60_000;
/** What was found longer ago says little. */
const STALE_AFTER_MS = 60 * 60_000;
const ACCOUNTS_AT_MOST = 10_000;

export function createRunwayWatch(parts: {
  ledger: Pick<Ledger, 'readGrants'>;
  store: Pick<ReportStore, 'readDays'>;
  nowMs: () => number;
}): RunwayWatch {
  // Latest last.
  const known = new Map<string, { atMs: number; endsAtMs: number | undefined }>();
  return {
    async look(accountId) {
      const nowMs = parts.nowMs();
      const present = known.get(accountId);
      if (present !== undefined && nowMs - present.atMs < LOOK_EVERY_MS) return;
      const [grants, burn] = await Promise.all([
        parts.ledger.readGrants(accountId),
        readBurn(parts.store, accountId, nowMs),
      ]);
      const { endsAtMs } = findRunway(grants, burn.perDayNanoUsd, nowMs);
      known.delete(accountId);
      known.set(accountId, { atMs: nowMs, endsAtMs });
      const [oldest] = known.keys();
      if (known.size > ACCOUNTS_AT_MOST && oldest !== undefined) known.delete(oldest);
    },
    findEndMs(accountId) {
      const found = known.get(accountId);
      return found === undefined || parts.nowMs() - found.atMs > STALE_AFTER_MS ? undefined : found.endsAtMs;
    },
  };
}
