import { createRounds } from './create-rounds.ts';
import type { ReportFold } from './report-fold.ts';
import type { RunwayWatch } from './runway-watch.ts';

/** Brings the sums of accounts in use up to their journals in the background, so that a report has little left to read. */
export interface ReportKeeper {
  /** The account is in use. */
  note(accountId: string): void;
  /** One round; never rejects. */
  run(): Promise<void>;
  /** Ends after the account under way. */
  stop(): Promise<void>;
}

const ROUND_EVERY_MS = 30_000;
/** Accounts remembered between two rounds; the rest is folded when somebody asks. */
const ACCOUNTS_AT_MOST = 10_000;

export function createReportKeeper(parts: {
  fold: ReportFold;
  /** Is shown each account once its sums are up to date. */
  runways: Pick<RunwayWatch, 'look'>;
  every: (intervalMs: number, run: () => void) => () => void;
  logger: { warn(facts: object, text: string): void };
}): ReportKeeper {
  let inUse = new Set<string>();
  const foldAll = async (): Promise<void> => {
    const accounts = inUse;
    inUse = new Set();
    for (const accountId of accounts) {
      if (rounds.isStopping()) return;
      try {
        await parts.fold.foldAccount(accountId);
        await parts.runways.look(accountId);
      } catch (error) {
        parts.logger.warn({ err: error, account_id: accountId }, 'the sums of an account were not brought up to date');
      }
    }
  };
  const rounds = createRounds({ every: parts.every, everyMs: ROUND_EVERY_MS, round: foldAll });
  return {
    note(accountId) {
      if (inUse.size < ACCOUNTS_AT_MOST) inUse.add(accountId);
    },
    run: rounds.run,
    stop: rounds.stop,
  };
}
