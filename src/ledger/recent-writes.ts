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

/** Places before the oldest write that are worth being let go. */
const EMPTY_AT_LEAST = 1_024;

export function createRecentWrites(keepMs: number, writesAtMost: number): RecentWrites {
  /** In the order in which they were added; those before `from` are forgotten. */
  let writes: (RecentWrite | undefined)[] = [];
  let from = 0;
  const counts = new Map<string, number>();
  let overflowed = false;
  const kept = (): RecentWrite[] => writes.slice(from) as RecentWrite[];
  const forgetOldest = (write: RecentWrite): void => {
    writes[from] = undefined;
    from += 1;
    // Seldom enough to cost nothing, and never more than half of it is empty.
    if (from >= EMPTY_AT_LEAST && from * 2 >= writes.length) {
      writes = kept();
      from = 0;
    }
    const left = (counts.get(write.accountId) ?? 1) - 1;
    if (left === 0) counts.delete(write.accountId);
    else counts.set(write.accountId, left);
  };
  return {
    add(write) {
      writes.push(write);
      counts.set(write.accountId, (counts.get(write.accountId) ?? 0) + 1);
      for (let oldest = writes[from]; oldest !== undefined; oldest = writes[from]) {
        const isOld = write.atMs - oldest.atMs > keepMs;
        if (!isOld && writes.length - from <= writesAtMost) break;
        overflowed ||= !isOld;
        forgetOldest(oldest);
      }
    },
    of: (accountId) => kept().filter((write) => write.accountId === accountId),
    has: (accountId) => counts.has(accountId),
    last: () => new Map(kept().map((write) => [write.accountId, write])),
    takeOverflow() {
      const was = overflowed;
      overflowed = false;
      return was;
    },
  };
}
