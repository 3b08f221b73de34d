import type { AccountRestorer, ExportedAccount } from '../../ledger/account-restorer.ts';
import { readRememberedEnd } from '../../ledger/account-restorer.ts';
import { createBooksRows } from './books-rows.ts';
import { toLedgerFault } from './commit-queue.ts';
import type { Database } from './open-database.ts';

/** What an account's state lies in beside its line in `books`. Tombstones stay: those of the export come over them. */
const REPLACED = [
  ...['credit_grant', 'hold', 'quota_cell', 'refund', 'journal', 'journal_export', 'journal_snapshot', 'reload'],
] as const;

/** Puts accounts into the embedded store, each in one transaction. */
export function createSqliteRestorer(database: Database): AccountRestorer {
  const rows = createBooksRows(database.connection);
  const clear = REPLACED.map((table) => database.connection.prepare(`DELETE FROM ${table} WHERE account_id = ?`));
  const writeExport = database.connection.prepare('INSERT INTO journal_export VALUES (?, ?)');
  const writeSnapshot = database.connection.prepare('INSERT INTO journal_snapshot VALUES (?, ?, ?)');

  const replace = ({ snapshot, entries, fold: { books } }: ExportedAccount): void => {
    const { accountId } = books;
    for (const statement of clear) statement.run(accountId);
    rows.saveWhole(books);
    for (const entry of entries) {
      rows.saveEntry(entry);
      const end = readRememberedEnd(entry, books.lastMs);
      if (end !== undefined) rows.saveTombstone(accountId, end.holdId, end.tombstone);
    }
    if (snapshot !== undefined) writeSnapshot.run(accountId, snapshot.sequence, snapshot.books);
    writeExport.run(accountId, books.sequence);
  };
  return {
    async restore(account, presentSequence) {
      try {
        return database.transaction(() => {
          const present = rows.load(account.fold.books.accountId, {})?.sequence ?? 0;
          if (present !== presentSequence) return 'changed';
          replace(account);
          return 'restored';
        });
      } catch (error) {
        throw toLedgerFault(error);
      }
    },
  };
}
