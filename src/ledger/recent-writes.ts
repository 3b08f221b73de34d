import type { Ledger } from './ledger.ts';

/** The writes that name what they change, so that sending one again changes nothing. */
export const REPEATABLE_WRITES = [
  'openAccount',
  'grant',
  'voidGrant',
  'settle',
  'release',
  'refund',
  'correct',
  'answerReload',
  'closeAccount',
] as const satisfies readonly (keyof Ledger)[];
export type RepeatableWrite = (typeof REPEATABLE_WRITES)[number];

/** A write that the store acknowledged. */
export interface RecentWrite {
  accountId: string;
  operation: RepeatableWrite;
  command: Parameters<Ledger[RepeatableWrite]>[0];
  atMs: number;
}

/** The last acknowledged writes, bounded by age and number. */
export interface RecentWrites {
  add(write: RecentWrite): void;
  /** Of one account, oldest first. Walks all of them: asked when writes were lost. */
  of(accountId: string): RecentWrite[];
  has(accountId: string): boolean;
  /** The last one of each account. Walks all of them. */
  last(): ReadonlyMap<string, RecentWrite>;
  /** Whether writes had to be forgotten before their time since this was last asked. */
  takeOverflow(): boolean;
}

export function createRecentWrites(keepMs: number, writesAtMost: number): RecentWrites {
  // A set keeps its entries in the order they were added.
  const writes = new Set<RecentWrite>();
  const counts = new Map<string, number>();
  let overflowed = false;
  const remove = (write: RecentWrite): void => {
    writes.delete(write);
    const left = (counts.get(write.accountId) ?? 1) - 1;
    if (left === 0) counts.delete(write.accountId);
    else counts.set(write.accountId, left);
  };
  return {
    add(write) {
      writes.add(write);
      counts.set(write.accountId, (counts.get(write.accountId) ?? 0) + 1);
      for (const oldest of writes) {
        const isOld = write.atMs - oldest.atMs > keepMs;
        if (!isOld && writes.size <= writesAtMost) break;
        overflowed ||= !isOld;
        remove(oldest);
      }
    },
    of: (accountId) => [...writes].filter((write) => write.accountId === accountId),
    has: (accountId) => counts.has(accountId),
    last: () => new Map([...writes].map((write) => [write.accountId, write])),
    takeOverflow() {
      const was = overflowed;
      overflowed = false;
      return was;
    },
  };
}
