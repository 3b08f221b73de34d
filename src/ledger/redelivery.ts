import { type Ledger, LedgerUnavailable } from './ledger.ts';
import type { RecentWrite, RepeatableWrite } from './recent-writes.ts';
import type { AccountPolicy, SeenSequences } from './seen-sequences.ts';

export interface Redelivery {
  /** Sends these again and restores the policy, where it is known to be another one. */
  start(accountId: string, policy: AccountPolicy | undefined, writes: readonly RecentWrite[]): void;
  add(write: RecentWrite): void;
  /** What could not be sent, or had to wait for what another process has to send again first. */
  tryAgain(): Promise<void>;
  settled(): Promise<void>;
}

interface RedeliveryParts {
  ledger: Ledger;
  options: {
    nowMs: () => number;
    logger: { error(facts: object, text: string): void; warn(facts: object, text: string): void };
  };
  seen: SeenSequences;
  doneReplies: { readonly [Operation in RepeatableWrite]: readonly string[] };
  /** After which a write is given up. */
  keepMs: number;
}

/** What is to be done for one account. */
interface Work {
  writes: RecentWrite[];
  policy: AccountPolicy | undefined;
}

/** Ends of calls sent at once; everything else goes by itself, in order. */
const ENDS_AT_ONCE = 64;

export function createRedelivery(parts: RedeliveryParts): Redelivery {
  const waiting = new Map<string, Work>();
  const running = new Map<string, Promise<void>>();
  const workOf = (accountId: string): Work => {
    const work = waiting.get(accountId) ?? { writes: [], policy: undefined };
    waiting.set(accountId, work);
    return work;
  };
  const run = (accountId: string): Promise<void> => {
    const present = running.get(accountId);
    if (present !== undefined) return present;
    const work = waiting.get(accountId);
    if (work === undefined) return Promise.resolve();
    waiting.delete(accountId);
    const done = redeliver(parts, accountId, work).then((left) => {
      running.delete(accountId);
      if (left === undefined) return undefined;
      const next = workOf(accountId);
      next.writes.unshift(...left.writes);
      next.policy ??= left.policy;
      return undefined;
    });
    running.set(accountId, done);
    return done;
  };
  return {
    start(accountId, policy, writes) {
      const work = workOf(accountId);
      work.writes = [...writes];
      work.policy = policy ?? work.policy;
      void run(accountId);
    },
    add(write) {
      workOf(write.accountId).writes.push(write);
      void run(write.accountId);
    },
    tryAgain: async () => void (await Promise.all([...waiting.keys()].map(run))),
    async settled() {
      while (running.size > 0) await Promise.all(running.values());
    },
  };
}

/** @returns what is left to do; undefined: nothing. Never rejects. */
async function redeliver(parts: RedeliveryParts, accountId: string, work: Work): Promise<Work | undefined> {
  const left: RecentWrite[] = [];
  if (work.policy !== undefined) await reopen(parts, accountId, work.policy);
  for (const batch of batches(work.writes)) {
    const done = await Promise.all(batch.map((write) => send(parts, write)));
    left.push(...batch.filter((_, index) => !done[index]));
  }
  const restored = work.policy === undefined || (await restorePolicy(parts, accountId, work.policy));
  const again = left.filter((write) => !isGivenUp(parts, write));
  if (again.length === 0 && restored) {
    parts.options.logger.warn({ account_id: accountId, writes: work.writes.length }, 'the lost writes were sent again');
    return undefined;
  }
  return { writes: again, policy: restored ? undefined : work.policy };
}

/** In order; neighbouring ends of calls together. */
function* batches(writes: readonly RecentWrite[]): Generator<RecentWrite[]> {
  let batch: RecentWrite[] = [];
  for (const write of writes) {
    const isEnd = write.operation === 'settle' || write.operation === 'release';
    if (batch.length > 0 && (!isEnd || batch.length === ENDS_AT_ONCE)) {
      yield batch;
      batch = [];
    }
    batch.push(write);
    if (!isEnd) {
      yield batch;
      batch = [];
    }
  }
  if (batch.length > 0) yield batch;
}

/** @returns whether it is done. Not so where the store does not answer, or lacks what another process has to send. */
async function send({ ledger, options, seen, doneReplies }: RedeliveryParts, write: RecentWrite): Promise<boolean> {
  const known = seen.beforeSending(write.accountId);
  try {
    const reply = (await ledger[write.operation](write.command as never)) as { result: string; balance?: never };
    if (reply.balance !== undefined) seen.see(write.accountId, reply.balance, known);
    return doneReplies[write.operation].includes(reply.result);
  } catch (error) {
    if (!(error instanceof LedgerUnavailable))
      options.logger.error({ err: error, account_id: write.accountId }, 'a lost write could not be sent again');
    return false;
  }
}

function isGivenUp({ options, keepMs }: RedeliveryParts, write: RecentWrite): boolean {
  if (options.nowMs() - write.atMs <= 2 * keepMs) return false;
  const { accountId, operation } = write;
  options.logger.error({ account_id: accountId, operation }, 'a lost write could not be sent again and is given up');
  return true;
}

/** An account that is gone altogether has to be there before its credit. What fails here is done at the end. */
async function reopen({ ledger, options }: RedeliveryParts, accountId: string, policy: AccountPolicy): Promise<void> {
  const { mode, creditLimitNanoUsd } = policy;
  try {
    if ((await ledger.readBalance(accountId)) === undefined)
      await ledger.openAccount({ accountId, mode, creditLimitNanoUsd });
  } catch (error) {
    if (!(error instanceof LedgerUnavailable))
      options.logger.error({ err: error, account_id: accountId }, 'a lost account could not be opened again');
  }
}

/** Sets what differs from what this process had last seen. @returns whether the store answered. */
async function restorePolicy(
  { ledger, options }: RedeliveryParts,
  accountId: string,
  before: AccountPolicy,
): Promise<boolean> {
  const { status, mode, creditLimitNanoUsd } = before;
  try {
    const present = await ledger.readBalance(accountId);
    if (present === undefined) return false;
    if (present.status === 'closed') return true;
    if (status === 'closed') {
      await ledger.closeAccount({ accountId });
      return true;
    }
    if (present.status !== status || present.mode !== mode || present.creditLimitNanoUsd !== creditLimitNanoUsd)
      await ledger.setPolicy({ accountId, status, mode, creditLimitNanoUsd });
    return true;
  } catch (error) {
    if (!(error instanceof LedgerUnavailable))
      options.logger.error({ err: error, account_id: accountId }, 'a lost change of policy could not be made again');
    return false;
  }
}
