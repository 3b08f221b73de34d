import { type Ledger, LedgerUnavailable } from './ledger.ts';
import type { RecentWrite, RecentWrites, RepeatableWrite } from './recent-writes.ts';

/** Asks a store that may be another one now for the last write of every account that was written to lately. */
export interface LastWriteCheck {
  /** The connection was made anew: what was acknowledged until now is to be asked for. */
  suspect(): void;
  /** Asks. What the store does not answer is asked again by the next call. Never rejects. */
  ask(): Promise<void>;
}

interface LastWriteParts {
  ledger: Ledger;
  recent: RecentWrites;
  /** The last write was not there: neither may be others before it. */
  onLost(accountId: string): void;
  logger: { error(facts: object, text: string): void };
}

const ASKED_AT_ONCE = 64;

/** Replies by which a write that was sent again is done now, so that it had been lost. */
const DONE_NOW: { readonly [Operation in RepeatableWrite]: readonly string[] } = {
  openAccount: ['opened'],
  grant: ['granted'],
  voidGrant: ['voided'],
  settle: ['settled', 'late'],
  release: ['released'],
  refund: ['refunded'],
  correct: ['corrected'],
  answerReload: ['paid', 'declined'],
  closeAccount: ['closed_now'],
};

/**
 * A replica has the beginning of what its primary had: where the last write of an account is there, all before it are.
 * The sequence alone does not tell: other processes may have written on to the new primary, past what was seen here.
 */
export function createLastWriteCheck({ ledger, recent, onLost, logger }: LastWriteParts): LastWriteCheck {
  /** Of each account, one for each connection since which it was not asked for. */
  const asked = new Map<string, readonly RecentWrite[]>();
  const forget = (write: RecentWrite): void => {
    const left = asked.get(write.accountId)?.filter((other) => other !== write) ?? [];
    if (left.length === 0) asked.delete(write.accountId);
    else asked.set(write.accountId, left);
  };
  let running: Promise<void> | undefined;
  /** @returns whether the store answered. */
  const askFor = async (write: RecentWrite): Promise<boolean> => {
    const { accountId, operation, command } = write;
    try {
      const { result } = (await ledger[operation](command as never)) as { result: string };
      forget(write);
      if (DONE_NOW[operation].includes(result)) onLost(accountId);
      return true;
    } catch (error) {
      // It stays, until it is too old to be among what is remembered.
      if (!recent.has(accountId)) asked.delete(accountId);
      if (!(error instanceof LedgerUnavailable))
        logger.error({ err: error, account_id: accountId }, 'the store could not be asked for the last write');
      return false;
    }
  };
  const askForAll = async (): Promise<void> => {
    const writes = [...asked.values()].flat();
    for (let start = 0; start < writes.length; start += ASKED_AT_ONCE) {
      const answered = await Promise.all(writes.slice(start, start + ASKED_AT_ONCE).map(askFor));
      // It is away: the rest would wait for as long each.
      if (!answered.includes(true)) return;
    }
  };
  return {
    suspect() {
      // An older suspicion is kept: what it asks for may have been lost earlier, and what came after it since.
      for (const [accountId, write] of recent.last()) {
        const known = asked.get(accountId) ?? [];
        if (known.at(-1) !== write) asked.set(accountId, [...known, write]);
      }
    },
    ask() {
      running ??= askForAll().finally(() => {
        running = undefined;
      });
      return running;
    },
  };
}
