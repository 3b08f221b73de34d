import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import { type AccountBooks, cellKey, readCellKey } from '../../domain/credit/account-books.ts';
import type { CellName } from '../../domain/credit/credit-commands.ts';
import { TOMBSTONE_LIFE_MS } from '../../domain/credit/credit-limits.ts';
import type { HoldState, Tombstone } from '../../domain/credit/credit-types.ts';
import type { WrittenEntry } from '../../domain/credit/draft.ts';
import { writeDetails } from '../../domain/credit/write-details.ts';
import { prepareBooksStatements } from './books-statements.ts';
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
import { createReloadRows, type ReloadRows } from './reload-rows.ts';

/** What a transition names beside its account, and must therefore be loaded. */
export interface Named {
  holdId?: string;
  grantId?: string;
  grantIds?: readonly string[];
  refundId?: string;
  cells?: readonly CellName[];
  reload?: boolean;
}

/** Loads from and saves to the tables what one transition can touch. Runs inside the caller's transaction. */
export interface BooksRows {
  load(accountId: string, named: Named): AccountBooks | undefined;
  /** Adds what a further transition names. Grants that are there stay as they are: they may be ahead of their rows. */
  loadNamed(books: AccountBooks, named: Named): void;
  /** Writes what an entry changed, and the entry. */
  save(books: AccountBooks, entry: WrittenEntry): void;
  /** Of that, the account's own line and its grants. */
  saveAccount(books: AccountBooks, grantIds: Iterable<string>): void;
  /** Of that, all the rest. */
  saveParts(books: AccountBooks, entry: WrittenEntry): void;
  /** Writes a lease alone: a heartbeat has no entry. */
  saveLease(books: AccountBooks, holdId: string): void;
  /** Writes all of an account that has nothing but its line in `books`, or not even that. */
  saveWhole(books: AccountBooks): void;
  saveEntry(entry: WrittenEntry): void;
  saveTombstone(accountId: string, holdId: string, tombstone: Tombstone): void;
}

export function createBooksRows(connection: DatabaseSync): BooksRows {
  const sql = prepareBooksStatements(connection);
  const reloads = createReloadRows(connection);
  return { ...createLoads(sql, reloads), ...createSaves(sql, reloads) };
}

type Statements = ReturnType<typeof prepareBooksStatements>;

function createLoads(sql: Statements, reloads: ReloadRows): Pick<BooksRows, 'load' | 'loadNamed'> {
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
  const loadGrant = (books: AccountBooks, grantId: string): void => {
    if (books.grants.has(grantId)) return;
    const row = sql.readGrant.get(books.accountId, grantId) as Row | undefined;
    if (row !== undefined) addGrant(books, row);
  };
  const loadNamed = (books: AccountBooks, named: Named): void => {
    if (named.grantId !== undefined) loadGrant(books, named.grantId);
    for (const grantId of named.grantIds ?? []) loadGrant(books, grantId);
    if (named.refundId !== undefined) loadRefunds(books, named.refundId, named.holdId ?? '');
    if (named.holdId !== undefined) loadHold(books, named.holdId);
    loadCells(books, named.cells ?? []);
    if (named.reload === true) books.reload = reloads.find(books.accountId);
  };
  return {
    load(accountId, named) {
      const row = sql.readBooks.get(accountId) as Row | undefined;
      if (row === undefined) return undefined;
      const books = readBooksRow(row);
      for (const live of sql.readLiveGrants.all(accountId) as Row[]) addGrant(books, live);
      loadNamed(books, named);
      return books;
    },
    loadNamed,
  };
}

function createSaves(sql: Statements, reloads: ReloadRows): Omit<BooksRows, 'load' | 'loadNamed'> {
  const saveRefund = (books: AccountBooks, refundId: string): void => {
    const made = books.refunds.get(refundId);
    if (made !== undefined) sql.writeRefund.run(books.accountId, refundId, made.holdId, made.amountNanoUsd);
  };
  const saveTombstone: BooksRows['saveTombstone'] = (accountId, holdId, { state, amountNanoUsd, atMs }) => {
    sql.writeTombstone.run(accountId, holdId, state, amountNanoUsd, atMs, atMs + 2 * TOMBSTONE_LIFE_MS);
  };
  const saveHold = (books: AccountBooks, holdId: string): void => {
    const hold = books.holds.get(holdId);
    if (hold === undefined) sql.deleteHold.run(books.accountId, holdId);
    else sql.writeHold.run(...holdValues(books.accountId, hold));
    const tombstone = books.tombstones.get(holdId);
    if (tombstone === undefined) return;
    saveTombstone(books.accountId, holdId, tombstone);
    sql.forgetTombstones.run(tombstone.atMs);
  };
  const saveGrant = (books: AccountBooks, grantId: string): void => {
    const values = grantValues(books, grantId);
    if (values !== undefined) sql.writeGrant.run(...values);
  };
  const saveEntry = (entry: WrittenEntry): void => void sql.writeEntry.run(...entryValues(entry));

  const saveAccount: BooksRows['saveAccount'] = (books, grantIds) => {
    sql.writeBooks.run(...booksValues(books));
    for (const grantId of grantIds) saveGrant(books, grantId);
  };
  const saveParts: BooksRows['saveParts'] = (books, entry) => {
    if (entry.subjectId.startsWith('hold_')) saveHold(books, entry.subjectId);
    if (entry.operation === 'refund' || entry.operation === 'charge') saveRefund(books, entry.subjectId);
    if (touchesReload(entry)) reloads.save(books.accountId, books.reload);
    for (const { quotaId, window } of entry.cells) {
      const cell = books.cells.get(cellKey({ quotaId, window }));
      sql.writeCell.run(books.accountId, quotaId, window, cell?.used ?? 0n, cell?.held ?? 0n);
    }
    saveEntry(entry);
  };

  return {
    save(books, entry) {
      saveAccount(books, grantsOf(entry));
      saveParts(books, entry);
    },
    saveAccount,
    saveParts,
    saveLease(books, holdId) {
      const hold = books.holds.get(holdId);
      if (hold !== undefined) sql.writeLease.run(hold.deadlineMs, books.accountId, holdId);
    },
    saveWhole(books) {
      sql.writeBooks.run(...booksValues(books));
      for (const grantId of books.grants.keys()) saveGrant(books, grantId);
      for (const hold of books.holds.values()) sql.writeHold.run(...holdValues(books.accountId, hold));
      for (const refundId of books.refunds.keys()) saveRefund(books, refundId);
      for (const [key, { used, held }] of books.cells) {
        const { quotaId, window } = readCellKey(key);
        sql.writeCell.run(books.accountId, quotaId, window, used, held);
      }
      reloads.save(books.accountId, books.reload);
    },
    saveEntry,
    saveTombstone,
  };
}

/** The books of other entries have auto-reload not loaded. */
function touchesReload({ operation, terms }: WrittenEntry): boolean {
  return operation.startsWith('reload_') || terms?.reloadId !== undefined;
}

function addGrant(books: AccountBooks, row: Row): void {
  const grant = readGrantRow(row);
  books.grants.set(grant.grantId, grant);
}

/** The grants that an entry changed. */
export function grantsOf(entry: WrittenEntry): Set<string> {
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

function holdValues(accountId: string, hold: HoldState): SQLInputValue[] {
  return [
    ...[accountId, hold.holdId, hold.amountNanoUsd, hold.deadlineMs, hold.createdAtMs, hold.debtHeldNanoUsd],
    ...[writeJson(hold.allocations), writeJson(hold.cells)],
  ];
}

function entryValues(entry: WrittenEntry): SQLInputValue[] {
  return [
    ...[entry.accountId, entry.sequence, entry.atMs, entry.operation, entry.subjectId, entry.amountNanoUsd],
    ...[writeJson(entry.postings), writeJson(entry.cells)],
    entry.terms === undefined ? null : writeJson(entry.terms),
    entry.details === undefined ? null : writeDetails(entry.details),
  ];
}
