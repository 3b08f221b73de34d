import type { JournalSource } from './journal-source.ts';
import type { Ledger } from './ledger.ts';
import { describeLostBooks, type Reconciliation, reconcileAccount } from './reconcile-account.ts';

export interface DriftCheckParts {
  ledger: Pick<Ledger, 'readBooks' | 'readJournal'>;
  journal: Pick<JournalSource, 'readSnapshot'>;
  /** Ids of accounts in order of creation, after one of them. */
  listAccounts(page: { after?: string; limit: number }): Promise<readonly { id: string }[]>;
  timers: {
    nowMs(): number;
    after(delayMs: number, run: () => void): () => void;
    every(intervalMs: number, run: () => void): () => void;
  };
  /** A round over all accounts takes so long, or as long as the reading takes. */
  roundMs: number;
  /** From 0 to below 1: where a first round begins, so that a process that is often restarted gets to all of them. */
  random(): number;
  onReconciled(accountId: string, driftNanoUsd: bigint, agrees: boolean): void;
  /** After two looks the books still are not the fold of their journal. */
  onDifference(found: Reconciliation): Promise<void>;
  logger: { warn(facts: object, text: string): void; error(facts: object, text: string): void };
}

export interface DriftCheck {
  /** Looks at the accounts whose turn it is; never rejects. Asked for while one is under way it is that one. */
  run(): Promise<void>;
  /** Ends at the next page. */
  stop(): Promise<void>;
}

const TURN_EVERY_MS = 5_000;
/** Between two pages of a journal, so that the store serves the calls in the meantime. */
const PAUSE_MS = 50;
const ACCOUNTS_PAGE = 500;

/**
 * Holds the books of every account against their journal in the background, one account at a time, spread evenly over a
 * round. Tells what it finds and mends nothing.
 */
export function createDriftCheck(parts: DriftCheckParts): DriftCheck {
  const { timers } = parts;
  const rest = createRest(timers);
  let round: Round | undefined;
  let running: Promise<void> | undefined;
  let isFirst = true;

  const beginRound = async (): Promise<Round> => {
    const ids = await listIds(parts, rest.pause);
    const begin = isFirst ? Math.floor(parts.random() * ids.length) : 0;
    isFirst = false;
    return { ids: [...ids.slice(begin), ...ids.slice(0, begin)], startedAtMs: timers.nowMs(), done: 0 };
  };
  const takeTurn = async (): Promise<void> => {
    if (round === undefined || isOver(round, timers.nowMs(), parts.roundMs)) round = await beginRound();
    while (!rest.isStopped()) {
      const accountId = round.ids[round.done];
      if (accountId === undefined || dueAtMs(round, parts.roundMs) > timers.nowMs()) return;
      round.done += 1;
      await checkAccount(parts, accountId, rest.pause);
    }
  };
  const run = (): Promise<void> => {
    running ??= takeTurn()
      .catch((error: unknown) => {
        if (!(error instanceof Stopped)) parts.logger.warn({ err: error }, 'the books could not be looked at');
      })
      .finally(() => {
        running = undefined;
      });
    return running;
  };
  const stopTimer = timers.every(TURN_EVERY_MS, () => void run());
  return {
    run,
    async stop() {
      stopTimer();
      rest.stop();
      await running;
    },
  };
}

interface Round {
  ids: readonly string[];
  startedAtMs: number;
  /** Accounts looked at. */
  done: number;
}

/** When the next account has its turn. */
function dueAtMs({ ids, startedAtMs, done }: Round, roundMs: number): number {
  return startedAtMs + (done / ids.length) * roundMs;
}

function isOver({ ids, startedAtMs, done }: Round, nowMs: number, roundMs: number): boolean {
  return ids.length === 0 || (done >= ids.length && nowMs >= startedAtMs + roundMs);
}

async function listIds({ listAccounts }: DriftCheckParts, pause: () => Promise<void>): Promise<string[]> {
  const ids: string[] = [];
  for (;;) {
    const after = ids.at(-1);
    const page = await listAccounts({ ...(after === undefined ? {} : { after }), limit: ACCOUNTS_PAGE });
    for (const { id } of page) ids.push(id);
    if (page.length < ACCOUNTS_PAGE) return ids;
    await pause();
  }
}

/** One account that cannot be read does not keep the others from being looked at. */
async function checkAccount(parts: DriftCheckParts, accountId: string, pause: () => Promise<void>): Promise<void> {
  try {
    const look = async () => (await reconcileAccount(parts, accountId, pause)) ?? describeLostBooks(accountId);
    let found = await look();
    // A store that fails over in between may show two states; what is wrong stays wrong.
    if (found.differences.length > 0) found = await look();
    const { differences, sequence } = found;
    parts.onReconciled(accountId, found.driftNanoUsd, differences.length === 0);
    if (differences.length === 0) return;
    parts.logger.error({ account_id: accountId, sequence, differences }, 'the books and the journal do not agree');
    await parts.onDifference(found);
  } catch (error) {
    if (error instanceof Stopped) throw error;
    parts.logger.warn({ err: error, account_id: accountId }, 'the books of an account could not be looked at');
  }
}

/** The check ends before its work does. */
class Stopped extends Error {
  readonly code = 'DRIFT_CHECK_STOPPED';
  override readonly name = 'Stopped';
}

/** Pauses that end at once when the check is to stop. */
function createRest({ after }: DriftCheckParts['timers']) {
  let stopped = false;
  let wake: (() => void) | undefined;
  return {
    isStopped: () => stopped,
    async pause(): Promise<void> {
      if (!stopped) {
        let cancel = (): void => {};
        await new Promise<void>((resolve) => {
          wake = resolve;
          cancel = after(PAUSE_MS, resolve);
        });
        cancel();
      }
      if (stopped) throw new Stopped();
    },
    stop(): void {
      stopped = true;
      wake?.();
    },
  };
}
