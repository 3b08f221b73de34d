import type { CallGroup } from './count-entry.ts';
import { type UsageCounts, usageCounts } from './report-counts.ts';

/** By what the figures of many accounts can be told apart. */
export const ACCOUNTS_GROUPS = [
  'account',
  'model',
  'key',
  'serviceTier',
  'contextWindow',
  'inferenceGeo',
  'speed',
] as const;
export type AccountsGroup = (typeof ACCOUNTS_GROUPS)[number];
/** Null where none is known. */
export type AccountsPlace = Record<AccountsGroup, string | null>;

export interface AccountsQuestion {
  accounts: readonly string[];
  /** Both on a boundary of the buckets, which begin with 1970 in UTC. */
  fromMs: number;
  toMs: number;
  bucketMs: number;
  /** Only what is of one of these. */
  only: Partial<Record<AccountsGroup, ReadonlySet<string>>>;
  groupBy: ReadonlySet<AccountsGroup>;
}

/** One group of one bucket; null where it is not grouped by, or none is known. */
export interface AccountsRow extends AccountsPlace {
  startsAtMs: number;
  counts: UsageCounts;
}

export const ROWS_AT_MOST = 20_000;

/** Rows as they are added up. */
export interface AccountsRows {
  add(atMs: number, place: AccountsPlace, counts: UsageCounts): void;
  hasTooMany(): boolean;
  /** By time, then by group. */
  list(): AccountsRow[];
}

export function createAccountsRows({ fromMs, toMs, bucketMs, only, groupBy }: AccountsQuestion): AccountsRows {
  const rows = new Map<string, AccountsRow>();
  const filters = Object.entries(only) as [AccountsGroup, ReadonlySet<string>][];
  return {
    add(atMs, place, counts) {
      if (atMs < fromMs || atMs >= toMs) return;
      if (filters.some(([group, values]) => !values.has(place[group] ?? ''))) return;
      const groups = ACCOUNTS_GROUPS.map((group) => [group, groupBy.has(group) ? place[group] : null] as const);
      const startsAtMs = Math.floor(atMs / bucketMs) * bucketMs;
      const id = JSON.stringify([startsAtMs, ...groups.map(([, name]) => name)]);
      const row = rows.get(id) ?? {
        startsAtMs,
        ...(Object.fromEntries(groups) as AccountsPlace),
        counts: usageCounts.create(),
      };
      rows.set(id, row);
      usageCounts.add(row.counts, counts);
    },
    hasTooMany: () => rows.size > ROWS_AT_MOST,
    list: () => [...rows].sort(([left], [right]) => (left < right ? -1 : 1)).map(([, row]) => row),
  };
}

/** Where a call of an account belongs. */
export function placeCall(account: string, { model, key, traits }: Pick<CallGroup, 'model' | 'key' | 'traits'>) {
  const [serviceTier, contextWindow, inferenceGeo, speed] = traits;
  return { account, model, key, serviceTier, contextWindow, inferenceGeo, speed };
}
