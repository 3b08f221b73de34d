import type { JournalEntry, JournalOperation, PostingKind } from '../domain/credit/credit-types.ts';
import { readFold } from '../ledger/journal-fold.ts';
import type { ExportRecord } from './journal-sink.ts';

const OPERATIONS: { readonly [Operation in JournalOperation]: true } = {
  ...{ open: true, policy: true, close: true, grant: true, void: true, hold: true, extend: true },
  ...{ settle: true, late: true, release: true, reclaim: true, refund: true, charge: true, tick: true },
  ...{ reload_policy: true, reload_request: true, reload_decline: true },
};
const POSTINGS: { readonly [Kind in PostingKind]: true } = {
  ...{ grant: true, hold: true, settle: true, unhold: true, draw: true, expire: true, void: true, repay: true },
  ...{ refund: true, debt: true, debt_refund: true, debt_hold: true, debt_unhold: true },
};
const INTEGER = /^-?\d{1,19}$/;

type Fields = { readonly [name: string]: unknown };

/**
 * One line of a file of the export.
 * @throws SyntaxError or RangeError when it is none; the message says what is wrong.
 */
export function parseExportLine(line: string): ExportRecord {
  const fields = readFields(JSON.parse(line) as unknown, 'a line');
  switch (fields.type) {
    case 'entry':
      return { type: 'entry', ...parseEntry(fields) };
    case 'snapshot':
      return parseSnapshot(fields);
    case 'gap': {
      const [afterSequence, nextSequence] = [readCount(fields, 'afterSequence'), readCount(fields, 'nextSequence')];
      return { type: 'gap', accountId: readText(fields, 'accountId'), afterSequence, nextSequence };
    }
    default:
      throw new RangeError('a line is neither an entry nor a snapshot nor a gap');
  }
}

/** @throws RangeError when the fields are no entry's. */
function parseEntry(fields: Fields): JournalEntry {
  const operation = readText(fields, 'operation') as JournalOperation;
  if (!Object.hasOwn(OPERATIONS, operation)) throw new RangeError(`an entry has the unknown operation ${operation}`);
  const { terms, details } = fields;
  return {
    accountId: readText(fields, 'accountId'),
    sequence: readCount(fields, 'sequence'),
    atMs: readCount(fields, 'atMs'),
    operation,
    subjectId: readText(fields, 'subjectId'),
    amountNanoUsd: readAmount(fields, 'amountNanoUsd'),
    postings: readList(fields, 'postings').map(parsePosting),
    cells: readList(fields, 'cells').map((cell) => ({
      quotaId: readText(cell, 'quotaId'),
      window: readText(cell, 'window'),
      held: readAmount(cell, 'held'),
      used: readAmount(cell, 'used'),
    })),
    ...(terms === undefined ? {} : { terms: readFields(terms, 'terms') as NonNullable<JournalEntry['terms']> }),
    ...(details === undefined ? {} : { details: readFields(details, 'details') }),
  };
}

function parsePosting(fields: Fields): JournalEntry['postings'][number] {
  const kind = readText(fields, 'kind') as PostingKind;
  if (!Object.hasOwn(POSTINGS, kind)) throw new RangeError(`a posting has the unknown kind ${kind}`);
  const grantId = fields.grantId === undefined ? {} : { grantId: readText(fields, 'grantId') };
  return { kind, ...grantId, amountNanoUsd: readAmount(fields, 'amountNanoUsd') };
}

function parseSnapshot(fields: Fields): ExportRecord {
  const [accountId, sequence] = [readText(fields, 'accountId'), readCount(fields, 'sequence')];
  const text = JSON.stringify(readFields(fields.books, 'books'));
  const { books } = readFold(text);
  if (books.accountId !== accountId || books.sequence !== sequence)
    throw new RangeError('a snapshot is not of the account and sequence that its line names');
  return { type: 'snapshot', accountId, sequence, books: text };
}

function readFields(value: unknown, what: string): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new RangeError(`${what} is not an object`);
  return value as Fields;
}

function readList(fields: Fields, name: string): Fields[] {
  const value = fields[name];
  if (!Array.isArray(value)) throw new RangeError(`${name} is not a list`);
  return value.map((part: unknown) => readFields(part, `a part of ${name}`));
}

function readText(fields: Fields, name: string): string {
  const value = fields[name];
  if (typeof value !== 'string') throw new RangeError(`${name} is not a text`);
  return value;
}

function readCount(fields: Fields, name: string): number {
  const value = fields[name];
  if (!Number.isSafeInteger(value) || Number(value) < 0) throw new RangeError(`${name} is not a whole number`);
  return Number(value);
}

function readAmount(fields: Fields, name: string): bigint {
  const text = readText(fields, name);
  if (!INTEGER.test(text)) throw new RangeError(`${name} is not an amount`);
  return BigInt(text);
}
