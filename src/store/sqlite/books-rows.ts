import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';
import { type AccountBooks, cellKey } from '../../domain/credit/account-books.ts';
import type { CellName } from '../../domain/credit/credit-commands.ts';
import { TOMBSTONE_LIFE_MS } from '../../domain/credit/credit-limits.ts';
import type { JournalEntry } from '../../domain/credit/credit-types.ts';
import {
  type Row,
  readBigInt,
  readBooksRow,
  readGrantRow,
  readHoldRow,
  readRefundRow,
  readTombstoneRow,
  writeJson,
} from './ledger-rows.ts';

/** What a transition names beside its account, and must therefore be loaded. */
export interface Named {
  holdId?: string;
  grantId?: string;
  grantIds?: readonly string[];
  refundId?: string;
  cells?: readonly CellName[];
}

/** Loads from and saves to the tables what one transition can touch. Runs inside the caller's transaction. */
export interface BooksRows {
  load(accountId: string, named: Named): AccountBooks | undefined;
  /** Writes what an entry changed, and the entry. */
  save(books: AccountBooks, entry: JournalEntry): void;
  /** Writes a lease alone: a heartbeat has no entry. */
  saveLease(books: AccountBooks, holdId: string): void;
}

export function createBooksRows(connection: DatabaseSync): BooksRows {
  const sql = prepareStatements(connection);

  const loadCells = (books: AccountBooks, cells: readonly CellName[]): void => {
    for (const { quotaId, window } of cells) {
      const row = sql.readCell.get(books.accountId, quotaId, window) as Row | undefined;
      if (row === undefined) continue;
      books.cells.set(cellKey({ quotaId, window }), { used: readBigInt(row, 'used'), held: readBigInt(row, 'held') });
    }
  };
  const loadHold = (books: AccountBooks, holdId: string): void => {
    const holdRow = sql.readHold.get(books.accountId, holdId) as Row | undefined;
    if (holdRow !== undefined) {
      const hold = readHoldRow(holdRow);
      books.holds.set(holdId, hold);
      loadCells(books, hold.cells);
    }
    const tombstoneRow = sql.readTombstone.get(books.accountId, holdId) as Row | undefined;
    if (tombstoneRow !== undefined) books.tombstones.set(holdId, readTombstoneRow(tombstoneRow));
  };
  const loadRefunds = (books: AccountBooks, refundId: string, holdId: string): void => {
    const row = sql.readRefund.get(books.accountId, refundId) as Row | undefined;
    if (row !== undefined) books.refunds.set(refundId, readRefundRow(row));
    const sum = sql.sumRefunds.get(books.accountId, holdId) as Row | undefined;
    if (sum !== undefined) books.refunded.set(holdId, readBigInt(sum, 'refunded'));
  };
  const saveRefund = (books: AccountBooks, refundId: string): void => {
    const made = books.refunds.get(refundId);
    if (made !== undefined) sql.writeRefund.run(books.accountId, refundId, made.holdId, made.amountNanoUsd);
  };
  const saveHold = (books: AccountBooks, holdId: string): void => {
    const hold = books.holds.get(holdId);
    if (hold === undefined) sql.deleteHold.run(books.accountId, holdId);
    else {
      const lists = [writeJson(hold.allocations), writeJson(hold.cells)];
      sql.writeHold.run(
        ...[books.accountId, holdId, hold.amountNanoUsd, hold.deadlineMs, hold.createdAtMs, hold.debtHeldNanoUsd],
        ...lists,
      );
    }
    const tombstone = books.tombstones.get(holdId);
    if (tombstone === undefined) return;
    const { state, amountNanoUsd, atMs } = tombstone;
    sql.writeTombstone.run(books.accountId, holdId, state, amountNanoUsd, atMs, atMs + 2 * TOMBSTONE_LIFE_MS);
    sql.forgetTombstones.run(atMs);
  };

  return {
    load(accountId, named) {
      const row = sql.readBooks.get(accountId) as Row | undefined;
      if (row === undefined) return undefined;
      const books = readBooksRow(row);
      for (const live of sql.readLiveGrants.all(accountId) as Row[]) addGrant(books, live);
      for (const grantId of [named.grantId ?? [], named.grantIds ?? []].flat()) {
        const grantRow = sql.readGrant.get(accountId, grantId) as Row | undefined;
        if (grantRow !== undefined) addGrant(books, grantRow);
      }
      if (named.refundId !== undefined) loadRefunds(books, named.refundId, named.holdId ?? '');
      if (named.holdId !== undefined) loadHold(books, named.holdId);
      loadCells(books, named.cells ?? []);
      return books;
    },
    save(books, entry) {
      sql.writeBooks.run(...booksValues(books));
      for (const grantId of grantsOf(entry)) {
        const values = grantValues(books, grantId);
        if (values !== undefined) sql.writeGrant.run(...values);
      }
      if (entry.subjectId.startsWith('hold_')) saveHold(books, entry.subjectId);
      if (entry.operation === 'refund' || entry.operation === 'charge') saveRefund(books, entry.subjectId);
      for (const { quotaId, window } of entry.cells) {
        const cell = books.cells.get(cellKey({ quotaId, window }));
        sql.writeCell.run(books.accountId, quotaId, window, cell?.used ?? 0n, cell?.held ?? 0n);
      }
      sql.writeEntry.run(...entryValues(entry));
    },
    saveLease(books, holdId) {
      const hold = books.holds.get(holdId);
      if (hold !== undefined) sql.writeLease.run(hold.deadlineMs, books.accountId, holdId);
    },
  };
}

function addGrant(books: AccountBooks, row: Row): void {
  const grant = readGrantRow(row);
  books.grants.set(grant.grantId, grant);
}

function grantsOf(entry: JournalEntry): Set<string> {
  const touched = new Set<string>();
  if (entry.operation === 'void') touched.add(entry.subjectId);
  for (const { grantId } of entry.postings) if (grantId !== undefined) touched.add(grantId);
  return touched;
}

function booksValues(books: AccountBooks): SQLInputValue[] {
  const { totals } = books;
  return [
    ...[books.accountId, books.status, books.mode, books.creditLimitNanoUsd],
    ...[books.debtNanoUsd, books.debtHeldNanoUsd, books.chargedNanoUsd],
    ...[totals.grantedNanoUsd, totals.remainingNanoUsd, totals.heldNanoUsd],
    ...[totals.spentNanoUsd, totals.expiredNanoUsd, totals.voidedNanoUsd],
    ...[books.sequence, books.lastMs, books.grantCount],
  ];
}

function grantValues(books: AccountBooks, grantId: string): SQLInputValue[] | undefined {
  const grant = books.grants.get(grantId);
  if (grant === undefined) return undefined;
  return [
    ...[books.accountId, grantId, grant.kind, grant.priority, grant.effectiveAtMs, grant.expiresAtMs, grant.ordinal],
    ...[grant.models === undefined ? null : writeJson(grant.models), grant.voided ? 1 : 0],
    ...[grant.grantedNanoUsd, grant.remainingNanoUsd, grant.heldNanoUsd],
    ...[grant.spentNanoUsd, grant.expiredNanoUsd, grant.voidedNanoUsd],
  ];
}

function entryValues(entry: JournalEntry): SQLInputValue[] {
  return [
    ...[entry.accountId, entry.sequence, entry.atMs, entry.operation, entry.subjectId, entry.amountNanoUsd],
    ...[writeJson(entry.postings), writeJson(entry.cells)],
    entry.terms === undefined ? null : writeJson(entry.terms),
    entry.details === undefined ? null : writeJson(entry.details),
  ];
}

function prepareStatements(connection: DatabaseSync) {
  const prepare = (text: string): StatementSync => {
    const statement = connection.prepare(text);
    statement.setReadBigInts(true);
    return statement;
  };
  const replace = (table: string, columns: number): StatementSync =>
    prepare(`INSERT OR REPLACE INTO ${table} VALUES (${Array(columns).fill('?').join(', ')})`);
  return {
    readBooks: prepare('SELECT * FROM books WHERE account_id = ?'),
    readLiveGrants: prepare(
      'SELECT * FROM credit_grant WHERE account_id = ? AND (remaining > 0 OR held > 0) ORDER BY ordinal',
    ),
    readGrant: prepare('SELECT * FROM credit_grant WHERE account_id = ? AND grant_id = ?'),
    readHold: prepare('SELECT * FROM hold WHERE account_id = ? AND hold_id = ?'),
    readTombstone: prepare('SELECT * FROM tombstone WHERE account_id = ? AND hold_id = ?'),
    readCell: prepare('SELECT used, held FROM quota_cell WHERE account_id = ? AND quota_id = ? AND window = ?'),
    readRefund: prepare('SELECT * FROM refund WHERE account_id = ? AND refund_id = ?'),
    sumRefunds: prepare('SELECT coalesce(sum(amount), 0) AS refunded FROM refund WHERE account_id = ? AND hold_id = ?'),
    writeRefund: prepare('INSERT INTO refund VALUES (?, ?, ?, ?)'),
    // An update in place: replacing the row would break the references to it.
    writeBooks: prepare(
      `INSERT INTO books VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (account_id) DO UPDATE SET
         status = excluded.status, mode = excluded.mode, credit_limit = excluded.credit_limit, debt = excluded.debt,
         debt_held = excluded.debt_held, charged = excluded.charged, granted = excluded.granted,
         remaining = excluded.remaining, held = excluded.held, spent = excluded.spent, expired = excluded.expired,
         voided = excluded.voided, sequence = excluded.sequence, last_ms = excluded.last_ms,
         grant_count = excluded.grant_count`,
    ),
    writeGrant: replace('credit_grant', 15),
    writeHold: replace('hold', 8),
    deleteHold: prepare('DELETE FROM hold WHERE account_id = ? AND hold_id = ?'),
    writeLease: prepare('UPDATE hold SET deadline_ms = ? WHERE account_id = ? AND hold_id = ?'),
    writeTombstone: replace('tombstone', 6),
    // A few at a time with each write, so that no single call pays for a long clean-up.
    forgetTombstones: prepare(
      `DELETE FROM tombstone WHERE (account_id, hold_id) IN
         (SELECT account_id, hold_id FROM tombstone WHERE forget_at_ms < ? ORDER BY forget_at_ms LIMIT 4)`,
    ),
    writeCell: replace('quota_cell', 5),
    writeEntry: prepare('INSERT INTO journal VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)'),
  };
}
