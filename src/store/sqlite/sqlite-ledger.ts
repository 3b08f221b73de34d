import type { StatementSync } from 'node:sqlite';
import type { AccountBooks } from '../../domain/credit/account-books.ts';
import { balanceOf } from '../../domain/credit/account-books.ts';
import { closeAccount, openAccount, setPolicy, tick } from '../../domain/credit/account-rules.ts';
import { compareBurnOrder } from '../../domain/credit/burn-order.ts';
import { correct } from '../../domain/credit/correct-rules.ts';
import type { Decision } from '../../domain/credit/draft.ts';
import { grant, voidGrant } from '../../domain/credit/grant-rules.ts';
import { extend, hold } from '../../domain/credit/hold-rules.ts';
import { refund } from '../../domain/credit/refund-rules.ts';
import { reclaim, release, settle } from '../../domain/credit/settle-rules.ts';
import type { ChargedCall, Ledger, OpenAccountCommand, OpenAccountReply } from '../../ledger/ledger.ts';
import { type BooksRows, createBooksRows, type Named } from './books-rows.ts';
import { type CommitQueue, createCommitQueue, toLedgerFault } from './commit-queue.ts';
import { type Row, readBigInt, readGrantRow, readHoldRow, readJournalRow, readText } from './ledger-rows.ts';
import type { Database } from './open-database.ts';
import { createSharedBooks, type SharedBooks } from './shared-books.ts';
import { createBooksReader } from './sqlite-books.ts';
import { createReloadTransitions } from './sqlite-reload.ts';

export interface SqliteLedgerOptions {
  database: Database;
  /** Milliseconds since 1970. */
  clock: () => number;
}

/**
 * The embedded ledger: the pure rules run inside a durable SQLite transaction, for one process.
 * The database belongs to the caller, who closes it.
 */
export function createSqliteLedger(options: SqliteLedgerOptions): Ledger {
  const { database, clock } = options;
  const rows = createBooksRows(database.connection);
  const shared = createSharedBooks(rows);
  const queue = createCommitQueue(database, shared);
  const transition = createTransition(rows, shared, queue, clock);

  return {
    openAccount: (command) => queue.run(() => open(rows, command, clock())),
    setPolicy: (command) => transition(command, {}, (books, now) => setPolicy(books, command, now)),
    closeAccount: (command) => transition(command, {}, closeAccount),
    grant: (command) => transition(command, command, (books, now) => grant(books, command, now)),
    voidGrant: (command) => transition(command, command, (books, now) => voidGrant(books, command, now)),
    hold: (command) => transition(command, command, (books, now) => hold(books, command, now)),
    extend: (command) => transition(command, command, (books, now) => extend(books, command, now)),
    settle: (command) => transition(command, command, (books, now) => settle(books, command, now)),
    release: (command) => transition(command, command, (books, now) => release(books, command, now)),
    reclaim: (command) => transition(command, command, (books, now) => reclaim(books, command, now)),
    refund: (command) =>
      transition(command, namedBy(command, command.refundId), (books, now) => refund(books, command, now)),
    correct: (command) =>
      transition(command, namedBy(command, command.correctionId), (books, now) => correct(books, command, now)),
    tick: (command) => transition(command, {}, tick),
    ...createReads(database, clock, transition),
    ...createReloadTransitions(database, queue, clock, transition),
    ...createBooksReader(database),
    async ping() {
      await queue.run(() => database.connection.exec('SELECT 1'));
    },
    async close() {},
  };
}

function namedBy({ holdId, allocations, fallbackGrantIds }: ChargedCall, refundId: string): Named {
  return { holdId, refundId, grantIds: [...allocations.map(({ grantId }) => grantId), ...fallbackGrantIds] };
}

type Transition = <Reply>(
  command: { accountId: string },
  named: Named,
  rule: (books: AccountBooks, nowMs: number) => Decision<Reply>,
) => Promise<Reply | { result: 'no_account' }>;

function createTransition(rows: BooksRows, shared: SharedBooks, queue: CommitQueue, clock: () => number): Transition {
  return (command, named, rule) =>
    queue.runShared(() => {
      const books = shared.load(command.accountId, named);
      if (books === undefined) return { result: 'no_account' as const };
      const { reply, entry } = rule(books, clock());
      if (entry !== undefined) shared.save(books, entry);
      // A heartbeat has no entry of its own, but what was due by time may have made one.
      if (named.holdId !== undefined && entry?.subjectId !== named.holdId) rows.saveLease(books, named.holdId);
      return reply;
    });
}

function open(rows: BooksRows, command: OpenAccountCommand, nowMs: number): OpenAccountReply {
  if (rows.load(command.accountId, {}) !== undefined) return { result: 'exists' };
  const { books, entry, reply } = openAccount(command, nowMs);
  if (entry !== undefined) rows.save(books, entry);
  return reply;
}

type Reads = Pick<Ledger, 'readBalance' | 'readGrants' | 'readHolds' | 'readJournal' | 'readCells' | 'findDue'>;

function createReads(database: Database, clock: () => number, transition: Transition): Reads {
  const sql = prepareReads(database);
  const all = (statement: StatementSync, ...values: (string | number)[]): Row[] => {
    try {
      return statement.all(...values) as Row[];
    } catch (error) {
      throw toLedgerFault(error);
    }
  };
  return {
    /** What is due by time is done first, so that a balance never shows credit that has expired. */
    async readBalance(accountId) {
      const balance = await transition({ accountId }, {}, (books, now) => {
        const decision = tick(books, now);
        const reply = { result: 'balance' as const, balance: balanceOf(books, Math.max(books.lastMs, now)) };
        return decision.entry === undefined ? { reply } : { reply, entry: decision.entry };
      });
      return balance.result === 'balance' ? balance.balance : undefined;
    },
    async readGrants(accountId) {
      await transition({ accountId }, {}, tick);
      return all(sql.grants, accountId).map(readGrantRow).sort(compareBurnOrder);
    },
    async readHolds(accountId) {
      return all(sql.holds, accountId).map(readHoldRow);
    },
    async readJournal(accountId, { afterSequence, limit }) {
      return all(sql.journal, accountId, afterSequence, limit).map(readJournalRow);
    },
    async readCells(accountId, cells) {
      return cells.map(({ quotaId, window }) => {
        const row = all(sql.cell, accountId, quotaId, window)[0];
        return row === undefined
          ? { used: 0n, held: 0n }
          : { used: readBigInt(row, 'used'), held: readBigInt(row, 'held') };
      });
    },
    async findDue(limit) {
      const now = clock();
      return {
        holds: all(sql.dueHolds, now, limit).map((row) => ({
          accountId: readText(row, 'account_id'),
          holdId: readText(row, 'hold_id'),
        })),
        accounts: all(sql.dueAccounts, now, now, now, limit).map((row) => readText(row, 'account_id')),
      };
    },
  };
}

function prepareReads(database: Database) {
  const prepare = (text: string): StatementSync => {
    const statement = database.connection.prepare(text);
    statement.setReadBigInts(true);
    return statement;
  };
  return {
    grants: prepare('SELECT * FROM credit_grant WHERE account_id = ?'),
    holds: prepare('SELECT * FROM hold WHERE account_id = ? ORDER BY hold_id'),
    journal: prepare('SELECT * FROM journal WHERE account_id = ? AND sequence > ? ORDER BY sequence LIMIT ?'),
    cell: prepare('SELECT used, held FROM quota_cell WHERE account_id = ? AND quota_id = ? AND window = ?'),
    dueHolds: prepare('SELECT account_id, hold_id FROM hold WHERE deadline_ms <= ? ORDER BY deadline_ms LIMIT ?'),
    // Credit past its expiry, and credit in effect while its account owes.
    dueAccounts: prepare(
      `SELECT DISTINCT account_id FROM credit_grant WHERE remaining > 0 AND expires_at_ms <= ?
       UNION
       SELECT DISTINCT g.account_id FROM books b JOIN credit_grant g ON g.account_id = b.account_id
         WHERE b.debt > 0 AND g.remaining > 0 AND g.effective_at_ms <= ? AND g.expires_at_ms > ?
       LIMIT ?`,
    ),
  };
}
