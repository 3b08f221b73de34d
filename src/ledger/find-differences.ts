import type { AccountBooks } from '../domain/credit/account-books.ts';
import type { NanoUsd } from '../domain/money.ts';
import { isEndlessCell, type JournalFold } from './journal-fold.ts';

/** One thing that the journal and the store do not agree on; null: that side has none. */
export interface Difference {
  what: string;
  journal: string | null;
  store: string | null;
}

/**
 * A store forgets a cell 40 days after its window, and a cell is changed no later than four days after its window: one
 * that was changed within this time must be there.
 */
const CELL_CERTAIN_MS = 35 * 86_400_000;

type Fields = { readonly [field: string]: unknown };

/** What differs between the fold of a journal and what the store keeps, as of the same sequence. */
export function findDifferences(
  { books: folded, cellChangedMs }: JournalFold,
  stored: AccountBooks,
  { isWhole }: { isWhole: boolean },
): Difference[] {
  const oldMs = stored.lastMs - CELL_CERTAIN_MS;
  const isCertain = (key: string): boolean =>
    isEndlessCell(key) || stored.cells.has(key) || (cellChangedMs.get(key) ?? 0) >= oldMs;
  const foldedCells = new Map([...folded.cells].filter(([key]) => isCertain(key)));
  // What a snapshot has left out as too old, a store may still have.
  const storedCells = new Map(
    [...stored.cells].filter(([key, { held }]) => isWhole || held > 0n || folded.cells.has(key)),
  );
  return [
    ...compareFields('account', accountFields(folded), accountFields(stored)),
    ...compareMaps('grant', folded.grants, stored.grants),
    ...compareMaps('hold', withoutLeases(folded), withoutLeases(stored)),
    ...compareMaps('refund', folded.refunds, stored.refunds),
    ...compareMaps('given back of', wrap(folded.refunded), wrap(stored.refunded)),
    ...compareMaps('cell', foldedCells, storedCells, { used: 0n, held: 0n }),
  ];
}

/** By how much the amounts of the account differ, all added up. */
export function findDrift(folded: AccountBooks, stored: AccountBooks): NanoUsd {
  const left = amountsOf(folded);
  return amountsOf(stored).reduce((sum, amount, index) => {
    const difference = amount - (left[index] ?? 0n);
    return sum + (difference < 0n ? -difference : difference);
  }, 0n);
}

function amountsOf({ totals, debtNanoUsd, debtHeldNanoUsd, chargedNanoUsd }: AccountBooks): NanoUsd[] {
  const { grantedNanoUsd, remainingNanoUsd, heldNanoUsd, spentNanoUsd, expiredNanoUsd, voidedNanoUsd } = totals;
  return [
    ...[grantedNanoUsd, remainingNanoUsd, heldNanoUsd, spentNanoUsd, expiredNanoUsd, voidedNanoUsd],
    ...[debtNanoUsd, debtHeldNanoUsd, chargedNanoUsd],
  ];
}

function accountFields(books: AccountBooks): Fields {
  const {
    grants: _g,
    holds: _h,
    tombstones: _t,
    refunds: _r,
    refunded: _d,
    cells: _c,
    totals,
    reload,
    ...fields
  } = books;
  const { pending, ...reloadFields } = reload;
  return { ...fields, ...totals, ...reloadFields, ...nameFields('pending', pending) };
}

/** Field by field, since the order of a record's fields says nothing. */
function nameFields(name: string, record: object = {}): Fields {
  return Object.fromEntries(Object.entries(record).map(([field, value]) => [`${name}.${field}`, value]));
}

/** Leases are prolonged by heartbeats, which write no entry. */
function withoutLeases({ holds }: AccountBooks): Map<string, Fields> {
  return new Map([...holds].map(([holdId, { deadlineMs: _, ...hold }]) => [holdId, hold]));
}

function wrap(amounts: ReadonlyMap<string, NanoUsd>): Map<string, Fields> {
  return new Map([...amounts].map(([name, amountNanoUsd]) => [name, { amountNanoUsd }]));
}

/** `absent`: what a name stands for that only one side has; without it that itself is a difference. */
function compareMaps<Value extends object>(
  kind: string,
  folded: ReadonlyMap<string, Value>,
  stored: ReadonlyMap<string, Value>,
  absent?: Value,
): Difference[] {
  const names = [...new Set([...folded.keys(), ...stored.keys()])];
  return names.flatMap((name): Difference[] => {
    const [left, right] = [folded.get(name) ?? absent, stored.get(name) ?? absent];
    if (left !== undefined && right !== undefined)
      return compareFields(`${kind} ${name}`, { ...left } as Fields, { ...right } as Fields);
    return [{ what: `${kind} ${name}`, journal: write(left), store: write(right) }];
  });
}

function compareFields(what: string, folded: Fields, stored: Fields): Difference[] {
  const fields = [...new Set([...Object.keys(folded), ...Object.keys(stored)])];
  return fields
    .filter((field) => write(folded[field]) !== write(stored[field]))
    .map((field) => ({ what: `${what}: ${field}`, journal: write(folded[field]), store: write(stored[field]) }));
}

function write(value: unknown): string | null {
  if (value === undefined) return null;
  if (typeof value === 'string' || typeof value === 'bigint') return `${value}`;
  return JSON.stringify(value, (_name, part: unknown) => (typeof part === 'bigint' ? part.toString() : part));
}
