import type { StatementSync } from 'node:sqlite';
import { type AccountBooks, cellKey } from '../../domain/credit/account-books.ts';
import { addRefund } from '../../domain/credit/refund-rules.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import { toLedgerFault } from './commit-queue.ts';
import {
  type Row,
  readBigInt,
  readBooksRow,
  readGrantRow,
  readHoldRow,
  readRefundRow,
  readText,
} from './ledger-rows.ts';
import type { Database } from './open-database.ts';
import { createReloadRows } from './reload-rows.ts';

export function createBooksReader({ connection }: Database): Pick<Ledger, 'readBooks'> {
  const prepare = (table: string): StatementSync => {
    const statement = connection.prepare(`SELECT * FROM ${table} WHERE account_id = ?`);
    statement.setReadBigInts(true);
    return statement;
  };
  const sql = {
    books: prepare('books'),
    grants: prepare('credit_grant'),
    holds: prepare('hold'),
    cells: prepare('quota_cell'),
    refunds: prepare('refund'),
  };
  const reloads = createReloadRows(connection);
  const read = (accountId: string): AccountBooks | undefined => {
    const row = sql.books.get(accountId) as Row | undefined;
    if (row === undefined) return undefined;
    const all = (statement: StatementSync): Row[] => statement.all(accountId) as Row[];
    const books = readBooksRow(row);
    for (const grant of all(sql.grants).map(readGrantRow)) books.grants.set(grant.grantId, grant);
    for (const hold of all(sql.holds).map(readHoldRow)) books.holds.set(hold.holdId, hold);
    for (const cell of all(sql.cells)) {
      const key = cellKey({ quotaId: readText(cell, 'quota_id'), window: readText(cell, 'window') });
      books.cells.set(key, { used: readBigInt(cell, 'used'), held: readBigInt(cell, 'held') });
    }
    for (const refund of all(sql.refunds)) addRefund(books, readText(refund, 'refund_id'), readRefundRow(refund));
    books.reload = reloads.find(accountId);
    return books;
  };
  return {
    /** Nothing comes between these reads: the one connection there is belongs to this process, and none of them waits. */
    async readBooks(accountId) {
      try {
        return read(accountId);
      } catch (error) {
        throw toLedgerFault(error);
      }
    },
  };
}
