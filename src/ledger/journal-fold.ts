import { type AccountBooks, cellKey, createBooks } from '../domain/credit/account-books.ts';
import type { GrantState, HoldState, JournalEntry, Refund } from '../domain/credit/credit-types.ts';
import { applyEntry } from '../domain/credit/fold-journal.ts';
import type { NanoUsd } from '../domain/money.ts';

/**
 * An account rebuilt from its journal, page by page, and what a snapshot needs beside the books. How holds ended is
 * left out: it is forgotten by time, and would grow with every call.
 */
export interface JournalFold {
  readonly books: AccountBooks;
  /** When each quota cell was changed last, by cell key. */
  readonly cellChangedMs: Map<string, number>;
}

/**
 * A cell that no entry has changed for so long is left out of a snapshot: its window, a month at most, and the 40 days
 * for which a store keeps it after that are over. `total` has no end and stays.
 */
const CELL_LIFE_MS = 72 * 86_400_000;
const FORMAT = 1;

export function createFold(accountId: string): JournalFold {
  return { books: createBooks(accountId), cellChangedMs: new Map() };
}

/** @throws RangeError on a gap in the sequence or an impossible posting. */
export function foldEntry(fold: JournalFold, entry: JournalEntry): void {
  applyEntry(fold.books, entry);
  fold.books.tombstones.clear();
  for (const cell of entry.cells) fold.cellChangedMs.set(cellKey(cell), entry.atMs);
}

/** When a store may forget a cell at the earliest, told by its last change; undefined: never. */
export function cellEndMs({ cellChangedMs }: JournalFold, key: string): number | undefined {
  return isEndlessCell(key) ? undefined : (cellChangedMs.get(key) ?? 0) + CELL_LIFE_MS;
}

/** Cost that an entry adds to what the account was charged; below zero for a refund. */
export function chargeOf(entry: Pick<JournalEntry, 'operation' | 'amountNanoUsd'>): NanoUsd {
  if (['settle', 'late', 'charge'].includes(entry.operation)) return entry.amountNanoUsd;
  return entry.operation === 'refund' ? -entry.amountNanoUsd : 0n;
}

/** Whether a cell never goes by time. The window is what follows the last `@` of its key. */
export function isEndlessCell(key: string): boolean {
  return key.endsWith('@total');
}

/** A snapshot as JSON text, amounts as decimal strings. With the entries after its sequence it rebuilds the account. */
export function writeFold({ books, cellChangedMs }: JournalFold): string {
  const { grants, holds, refunds, cells, tombstones: _, refunded: __, ...account } = books;
  const kept = [...cells].filter(([key, { held }]) => {
    const age = books.lastMs - (cellChangedMs.get(key) ?? 0);
    return held > 0n || isEndlessCell(key) || age < CELL_LIFE_MS;
  });
  const snapshot = {
    format: FORMAT,
    ...account,
    grants: [...grants.values()],
    holds: [...holds.values()],
    refunds: [...refunds],
    cells: kept.map(([key, cell]) => [key, cell.used, cell.held, cellChangedMs.get(key) ?? 0]),
  };
  return JSON.stringify(snapshot, (_name, value: unknown) => (typeof value === 'bigint' ? value.toString() : value));
}

/** Amounts are told by their names; every other number is a JSON number. */
const AMOUNT_NAME = /NanoUsd$/;

type Snapshot = Omit<AccountBooks, 'grants' | 'holds' | 'refunds' | 'cells' | 'tombstones' | 'refunded'> & {
  format: number;
  grants: GrantState[];
  holds: HoldState[];
  refunds: [refundId: string, refund: Refund][];
  cells: [key: string, used: string, held: string, changedMs: number][];
};

/** @throws RangeError when the text is no snapshot of a format that is known. */
export function readFold(text: string): JournalFold {
  const { format, grants, holds, refunds, cells, ...account } = JSON.parse(text, readAmount) as Snapshot;
  if (format !== FORMAT) throw new RangeError(`a snapshot has the unknown format ${format}`);
  const fold = { books: { ...createBooks(account.accountId), ...account }, cellChangedMs: new Map<string, number>() };
  const { books } = fold;
  for (const grant of grants) books.grants.set(grant.grantId, grant);
  for (const hold of holds) {
    books.holds.set(hold.holdId, { ...hold, cells: hold.cells.map((cell) => ({ ...cell, held: BigInt(cell.held) })) });
  }
  for (const [refundId, refund] of refunds) {
    books.refunds.set(refundId, refund);
    books.refunded.set(refund.holdId, (books.refunded.get(refund.holdId) ?? 0n) + refund.amountNanoUsd);
  }
  for (const [key, used, held, changedMs] of cells) {
    books.cells.set(key, { used: BigInt(used), held: BigInt(held) });
    fold.cellChangedMs.set(key, changedMs);
  }
  return fold;
}

function readAmount(name: string, value: unknown): unknown {
  return AMOUNT_NAME.test(name) && typeof value === 'string' ? BigInt(value) : value;
}
