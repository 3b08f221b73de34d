import { type AccountBooks, balanceOf, cellKey } from '../../src/domain/credit/account-books.ts';
import { closeAccount, openAccount, setPolicy, tick } from '../../src/domain/credit/account-rules.ts';
import { compareBurnOrder } from '../../src/domain/credit/burn-order.ts';
import { correct } from '../../src/domain/credit/correct-rules.ts';
import type { JournalEntry } from '../../src/domain/credit/credit-types.ts';
import type { Decision, WrittenEntry } from '../../src/domain/credit/draft.ts';
import { grant, voidGrant } from '../../src/domain/credit/grant-rules.ts';
import { extend, hold } from '../../src/domain/credit/hold-rules.ts';
import { refund } from '../../src/domain/credit/refund-rules.ts';
import { answerReload, requestReload, setReload } from '../../src/domain/credit/reload-rules.ts';
import { reclaim, release, settle } from '../../src/domain/credit/settle-rules.ts';
import { writeDetails } from '../../src/domain/credit/write-details.ts';
import type { Ledger } from '../../src/ledger/ledger.ts';
import type { ReloadLedger } from '../../src/ledger/reload-ledger.ts';

/** The pure rules behind the Ledger interface, on whole books in memory: the specification the stores are held against. */
export interface ModelLedger extends Ledger {
  books(accountId: string): AccountBooks | undefined;
  /** Begins with an account that has lived elsewhere. */
  adopt(books: AccountBooks, journal: readonly JournalEntry[]): void;
}

type Accounts = Map<string, { books: AccountBooks; journal: JournalEntry[] }>;
type Run = <Reply>(
  accountId: string,
  rule: (books: AccountBooks, now: number) => Decision<Reply>,
) => Promise<Reply | { result: 'no_account' }>;

/** As a store gives it back: details that were handed over as text are read. */
function keep({ details, ...entry }: WrittenEntry): JournalEntry {
  return structuredClone({
    ...entry,
    ...(details === undefined ? {} : { details: JSON.parse(writeDetails(details)) }),
  });
}

export function createModelLedger(clock: () => number): ModelLedger {
  const accounts: Accounts = new Map();

  const run: Run = async (accountId, rule) => {
    const account = accounts.get(accountId);
    if (account === undefined) return { result: 'no_account' };
    const { reply, entry } = rule(account.books, clock());
    if (entry !== undefined) account.journal.push(keep(entry));
    return structuredClone(reply);
  };

  return {
    books: (accountId) => accounts.get(accountId)?.books,
    adopt: (books, journal) => void accounts.set(books.accountId, { books, journal: [...journal] }),
    async openAccount(command) {
      if (accounts.has(command.accountId)) return { result: 'exists' };
      const { books, entry, reply } = openAccount(command, clock());
      accounts.set(command.accountId, { books, journal: entry === undefined ? [] : [keep(entry)] });
      return reply;
    },
    setPolicy: (command) => run(command.accountId, (books, now) => setPolicy(books, command, now)),
    closeAccount: (command) => run(command.accountId, closeAccount),
    grant: (command) => run(command.accountId, (books, now) => grant(books, command, now)),
    voidGrant: (command) => run(command.accountId, (books, now) => voidGrant(books, command, now)),
    hold: (command) => run(command.accountId, (books, now) => hold(books, command, now)),
    extend: (command) => run(command.accountId, (books, now) => extend(books, command, now)),
    settle: (command) => run(command.accountId, (books, now) => settle(books, command, now)),
    release: (command) => run(command.accountId, (books, now) => release(books, command, now)),
    reclaim: (command) => run(command.accountId, (books, now) => reclaim(books, command, now)),
    refund: (command) => run(command.accountId, (books, now) => refund(books, command, now)),
    correct: (command) => run(command.accountId, (books, now) => correct(books, command, now)),
    tick: (command) => run(command.accountId, tick),
    ...createReloads(clock, accounts, run),
    async readBalance(accountId) {
      await run(accountId, tick);
      const account = accounts.get(accountId);
      return account === undefined ? undefined : balanceOf(account.books, Math.max(account.books.lastMs, clock()));
    },
    async readGrants(accountId) {
      await run(accountId, tick);
      return structuredClone([...(accounts.get(accountId)?.books.grants.values() ?? [])].sort(compareBurnOrder));
    },
    async readHolds(accountId) {
      const holds = [...(accounts.get(accountId)?.books.holds.values() ?? [])];
      return structuredClone(holds.sort((left, right) => (left.holdId < right.holdId ? -1 : 1)));
    },
    async readBooks(accountId) {
      const books = accounts.get(accountId)?.books;
      return books === undefined ? undefined : { ...structuredClone(books), tombstones: new Map() };
    },
    async readJournal(accountId, { afterSequence, limit }) {
      return structuredClone((accounts.get(accountId)?.journal ?? []).slice(afterSequence, afterSequence + limit));
    },
    async readCells(accountId, cells) {
      const books = accounts.get(accountId)?.books;
      return cells.map((cell) => structuredClone(books?.cells.get(cellKey(cell)) ?? { used: 0n, held: 0n }));
    },
    async findDue(limit) {
      const now = clock();
      const holds: { accountId: string; holdId: string }[] = [];
      const due: string[] = [];
      for (const [accountId, { books }] of accounts) {
        for (const open of books.holds.values()) {
          if (open.deadlineMs <= now) holds.push({ accountId, holdId: open.holdId });
        }
        if (tick(structuredClone(books), now).reply.result === 'advanced') due.push(accountId);
      }
      return { holds: holds.slice(0, limit), accounts: due.slice(0, limit) };
    },
    async ping() {},
    async close() {},
  };
}

function createReloads(clock: () => number, accounts: Accounts, run: Run): ReloadLedger {
  const due = new Map<string, { number: number; atMs: number }>();
  const findDueAtMs = (accountId: string): number | undefined => {
    const pending = accounts.get(accountId)?.books.reload.pending;
    const known = due.get(accountId);
    return pending === undefined || known?.number !== pending.number ? pending?.requestedAtMs : known.atMs;
  };
  return {
    setReload: (command) => run(command.accountId, (books, now) => setReload(books, command, now)),
    requestReload: (command) => run(command.accountId, (books, now) => requestReload(books, command, now)),
    answerReload: (command) => run(command.accountId, (books, now) => answerReload(books, command, now)),
    async claimReload({ accountId, number, pauseMs }) {
      if (!accounts.has(accountId)) return { result: 'no_account' };
      if (accounts.get(accountId)?.books.reload.pending?.number !== number) return { result: 'none' };
      if ((findDueAtMs(accountId) ?? 0) > clock()) return { result: 'early' };
      due.set(accountId, { number, atMs: clock() + pauseMs });
      return { result: 'claimed' };
    },
    readReload: async (accountId) => structuredClone(accounts.get(accountId)?.books.reload),
    findDueReloads: async (limit, aheadMs = 0) =>
      [...accounts.keys()]
        .map((accountId) => ({ accountId, atMs: findDueAtMs(accountId) ?? Number.POSITIVE_INFINITY }))
        .filter(({ atMs }) => atMs <= clock() + aheadMs)
        .sort((left, right) => left.atMs - right.atMs)
        .slice(0, limit)
        .map(({ accountId }) => accountId),
  };
}
