import type { AccountBooks } from '../../domain/credit/account-books.ts';
import type { Decision } from '../../domain/credit/draft.ts';
import { answerReload, requestReload, setReload } from '../../domain/credit/reload-rules.ts';
import { readReloadNumber, reloadGrantId } from '../../domain/credit/reload-state.ts';
import type { ReloadLedger } from '../../ledger/reload-ledger.ts';
import type { Named } from './books-rows.ts';
import { type CommitQueue, toLedgerFault } from './commit-queue.ts';
import type { Database } from './open-database.ts';
import { createReloadRows } from './reload-rows.ts';

type Transition = <Reply>(
  command: { accountId: string },
  named: Named,
  rule: (books: AccountBooks, nowMs: number) => Decision<Reply>,
) => Promise<Reply | { result: 'no_account' }>;

export function createReloadTransitions(
  { connection }: Database,
  queue: CommitQueue,
  clock: () => number,
  transition: Transition,
): ReloadLedger {
  const rows = createReloadRows(connection);
  const hasBooks = connection.prepare('SELECT 1 FROM books WHERE account_id = ?');
  const read = <T>(from: () => T): T => {
    try {
      return from();
    } catch (error) {
      throw toLedgerFault(error);
    }
  };
  return {
    setReload: (command) => transition(command, { reload: true }, (books, now) => setReload(books, command, now)),
    requestReload: (command) =>
      transition(command, { reload: true }, (books, now) => requestReload(books, command, now)),
    answerReload(command) {
      const isOurs = readReloadNumber(command.accountId, command.reloadId) !== undefined;
      const named = { reload: true, ...(isOurs ? { grantId: reloadGrantId(command.reloadId) } : {}) };
      return transition(command, named, (books, now) => answerReload(books, command, now));
    },
    claimReload: ({ accountId, number, pauseMs }) =>
      queue.run(() => {
        if (hasBooks.get(accountId) === undefined) return { result: 'no_account' };
        if (rows.find(accountId).pending?.number !== number) return { result: 'none' };
        if ((rows.findDueAtMs(accountId) ?? 0) > clock()) return { result: 'early' };
        rows.postpone(accountId, clock() + pauseMs);
        return { result: 'claimed' };
      }),
    readReload: async (accountId) =>
      read(() => (hasBooks.get(accountId) === undefined ? undefined : rows.find(accountId))),
    findDueReloads: async (limit, aheadMs = 0) => read(() => rows.findDue(clock() + aheadMs, limit)),
  };
}
