import type { SQLOutputValue } from 'node:sqlite';
import type { AccountBooks } from '../../domain/credit/account-books.ts';
import { createBooks } from '../../domain/credit/account-books.ts';
import type {
  AccountMode,
  AccountStatus,
  GrantKind,
  GrantState,
  HoldState,
  JournalEntry,
  JournalOperation,
  Refund,
  Tombstone,
} from '../../domain/credit/credit-types.ts';
import { LedgerCorrupt } from '../../ledger/ledger.ts';

export type Row = Record<string, SQLOutputValue>;

/** JSON with amounts as decimal strings: a JSON number would lose them above 2^53. */
export function writeJson(value: unknown): string {
  return JSON.stringify(value, (_name, part: unknown) => (typeof part === 'bigint' ? part.toString() : part));
}

export function readBooksRow(row: Row): AccountBooks {
  const books = createBooks(readText(row, 'account_id'));
  books.status = readText(row, 'status') as AccountStatus;
  books.mode = readText(row, 'mode') as AccountMode;
  books.creditLimitNanoUsd = readBigInt(row, 'credit_limit');
  books.debtNanoUsd = readBigInt(row, 'debt');
  books.debtHeldNanoUsd = readBigInt(row, 'debt_held');
  books.chargedNanoUsd = readBigInt(row, 'charged');
  books.totals = {
    grantedNanoUsd: readBigInt(row, 'granted'),
    remainingNanoUsd: readBigInt(row, 'remaining'),
    heldNanoUsd: readBigInt(row, 'held'),
    spentNanoUsd: readBigInt(row, 'spent'),
    expiredNanoUsd: readBigInt(row, 'expired'),
    voidedNanoUsd: readBigInt(row, 'voided'),
  };
  books.sequence = readNumber(row, 'sequence');
  books.lastMs = readNumber(row, 'last_ms');
  books.grantCount = readNumber(row, 'grant_count');
  return books;
}

export function readGrantRow(row: Row): GrantState {
  const models = row.models;
  return {
    grantId: readText(row, 'grant_id'),
    kind: readText(row, 'kind') as GrantKind,
    priority: readNumber(row, 'priority'),
    effectiveAtMs: readNumber(row, 'effective_at_ms'),
    expiresAtMs: readNumber(row, 'expires_at_ms'),
    ordinal: readNumber(row, 'ordinal'),
    ...(typeof models === 'string' ? { models: JSON.parse(models) as string[] } : {}),
    voided: readNumber(row, 'voided') === 1,
    grantedNanoUsd: readBigInt(row, 'granted'),
    remainingNanoUsd: readBigInt(row, 'remaining'),
    heldNanoUsd: readBigInt(row, 'held'),
    spentNanoUsd: readBigInt(row, 'spent'),
    expiredNanoUsd: readBigInt(row, 'expired'),
    voidedNanoUsd: readBigInt(row, 'voided_amount'),
  };
}

export function readHoldRow(row: Row): HoldState {
  const allocations = JSON.parse(readText(row, 'allocations')) as { grantId: string; amountNanoUsd: string }[];
  const cells = JSON.parse(readText(row, 'cells')) as { quotaId: string; window: string; held: string }[];
  return {
    holdId: readText(row, 'hold_id'),
    amountNanoUsd: readBigInt(row, 'amount'),
    deadlineMs: readNumber(row, 'deadline_ms'),
    createdAtMs: readNumber(row, 'created_at_ms'),
    debtHeldNanoUsd: readBigInt(row, 'debt_held'),
    allocations: allocations.map((part) => ({ ...part, amountNanoUsd: BigInt(part.amountNanoUsd) })),
    cells: cells.map((part) => ({ ...part, held: BigInt(part.held) })),
  };
}

export function readTombstoneRow(row: Row): Tombstone {
  return {
    state: readText(row, 'state') as Tombstone['state'],
    amountNanoUsd: readBigInt(row, 'amount'),
    atMs: readNumber(row, 'at_ms'),
  };
}

export function readRefundRow(row: Row): Refund {
  return { holdId: readText(row, 'hold_id'), amountNanoUsd: readBigInt(row, 'amount') };
}

export function readJournalRow(row: Row): JournalEntry {
  const cells = JSON.parse(readText(row, 'cells')) as { quotaId: string; window: string; held: string; used: string }[];
  const { terms, details } = row;
  return {
    accountId: readText(row, 'account_id'),
    sequence: readNumber(row, 'sequence'),
    atMs: readNumber(row, 'at_ms'),
    operation: readText(row, 'operation') as JournalOperation,
    subjectId: readText(row, 'subject_id'),
    amountNanoUsd: readBigInt(row, 'amount'),
    postings: readPostings(readText(row, 'postings')),
    cells: cells.map((part) => ({ ...part, held: BigInt(part.held), used: BigInt(part.used) })),
    ...(typeof terms === 'string' ? { terms: JSON.parse(terms) as NonNullable<JournalEntry['terms']> } : {}),
    ...(typeof details === 'string' ? { details: JSON.parse(details) as NonNullable<JournalEntry['details']> } : {}),
  };
}

/** Reads the postings of an entry. */
export function readPostings(text: string): JournalEntry['postings'] {
  const postings = JSON.parse(text) as (JournalEntry['postings'][number] & { amountNanoUsd: unknown })[];
  return postings.map((part) => ({ ...part, amountNanoUsd: BigInt(part.amountNanoUsd) }));
}

export function readBigInt(row: Row, column: string): bigint {
  const value = row[column];
  if (typeof value !== 'bigint') throw new LedgerCorrupt(`column ${column} is not an integer`);
  return value;
}

export function readNumber(row: Row, column: string): number {
  return Number(readBigInt(row, column));
}

export function readText(row: Row, column: string): string {
  const value = row[column];
  if (typeof value !== 'string') throw new LedgerCorrupt(`column ${column} is not a text`);
  return value;
}
