import { describe, expect, test } from 'vitest';
import { type AccountBooks, createBooks } from '../../../src/domain/credit/account-books.ts';
import type { JournalEntry } from '../../../src/domain/credit/credit-types.ts';
import { applyEntry, foldJournal } from '../../../src/domain/credit/fold-journal.ts';
import type { QuotaCell } from '../../../src/ledger/ledger.ts';
import { makeHoldId } from '../../ledger/make-hold-id.ts';
import { createModelLedger, type ModelLedger } from '../../ledger/model-ledger.ts';

const START_MS = Date.UTC(2026, 10, 20, 12);
const accountId = 'acct_fold';
const id = (number: number) => makeHoldId(START_MS, number);

/** Books without maps, which are not compared strictly; leases are not in the journal. */
function plain(books: AccountBooks): unknown {
  const { grants, holds, ...rest } = structuredClone(books);
  const withoutLease = [...holds.values()].map(({ deadlineMs: _, ...hold }) => hold);
  return { ...rest, grants: [...grants.values()], holds: withoutLease };
}

/** Everything that an account can go through, in one life. */
async function liveThrough() {
  const clock = { nowMs: START_MS };
  const rules = createModelLedger(() => clock.nowMs);
  const states = new Map<number, unknown>();
  /** Notes the books as they are after each command, by the sequence they have come to. */
  const ledger: ModelLedger = new Proxy(rules, {
    get: (target, name) => async (command: never) => {
      const reply = await Reflect.get(target, name)(command);
      const books = rules.books(accountId);
      if (books !== undefined) states.set(books.sequence, plain(books));
      return reply;
    },
  });
  const cells: QuotaCell[] = [
    { quotaId: 'quota_a', window: 'total', measure: 'usd', limit: 1_000n, mode: 'hard' },
    { quotaId: 'quota_b', window: 'total', measure: 'concurrency', limit: 99n, mode: 'soft' },
  ];
  const call = { accountId, tokens: 5n, modelLabels: ['opus'], cells };
  const hold = (number: number, amountNanoUsd: bigint, leaseMs = 60_000) =>
    ledger.hold({ ...call, holdId: id(number), amountNanoUsd, leaseMs });
  const settle = (number: number, amountNanoUsd: bigint) =>
    ledger.settle({ ...call, holdId: id(number), amountNanoUsd });
  const grant = (grantId: string, amountNanoUsd: bigint, models?: string[], lifeMs = 86_400_000) =>
    ledger.grant({
      ...{ accountId, grantId, amountNanoUsd, kind: 'paid', priority: 50, effectiveAtMs: START_MS },
      expiresAtMs: START_MS + lifeMs,
      ...(models === undefined ? {} : { models }),
    });
  await ledger.openAccount({ accountId, mode: 'postpaid', creditLimitNanoUsd: 20n });
  await grant('grant_a', 10n);
  await grant('grant_short', 4n, ['opus'], 1_000);
  await grant('grant_void', 3n);
  await ledger.setPolicy({ accountId, status: 'frozen', mode: 'prepaid', creditLimitNanoUsd: 30n });
  await ledger.setPolicy({ accountId, status: 'open' });
  clock.nowMs += 1_000;
  // Notes the expiry of grant_short in its own entry, and stands on the credit limit in part.
  await hold(1, 18n);
  await ledger.extend({ ...call, holdId: id(1), toNanoUsd: 21n, leaseMs: 60_000 });
  await settle(1, 20n);
  await hold(2, 2n);
  await ledger.release({ accountId, holdId: id(2) });
  await ledger.release({ accountId, holdId: id(3) });
  await hold(4, 1n, 0);
  await ledger.reclaim({ accountId, holdId: id(4) });
  await hold(5, 1n, 0);
  await ledger.reclaim({ accountId, holdId: id(5) });
  await settle(5, 2n);
  await ledger.correct({
    ...{ accountId, correctionId: 'correction_1', holdId: id(5), toNanoUsd: 3n, fallbackGrantIds: [] },
    ...{ allocations: [], debtNanoUsd: 2n },
  });
  await ledger.refund({
    ...{ accountId, refundId: 'refund_1', holdId: id(1), amountNanoUsd: 2n, fallbackGrantIds: [] },
    ...{
      allocations: [
        { grantId: 'grant_a', amountNanoUsd: 10n },
        { grantId: 'grant_void', amountNanoUsd: 3n },
      ],
    },
    debtNanoUsd: 7n,
  });
  await grant('grant_b', 30n);
  await ledger.voidGrant({ accountId, grantId: 'grant_void' });
  await hold(6, 3n);
  await hold(7, 4n);
  await settle(7, 4n);
  return { ledger: rules, states };
}

describe('the fold of a journal', () => {
  test('is the books, every member of them', async () => {
    const { ledger, states } = await liveThrough();
    const entries = await ledger.readJournal(accountId, { afterSequence: 0, limit: 1_000 });
    expect(new Set(entries.map(({ operation }) => operation))).toEqual(
      new Set([
        'open',
        'policy',
        'grant',
        'void',
        'hold',
        'extend',
        'settle',
        'late',
        'release',
        'reclaim',
        'charge',
        'refund',
      ]),
    );
    expect([...states.keys()]).toEqual(entries.map(({ sequence }) => sequence));
    for (const [sequence, books] of states) {
      expect(plain(foldJournal(accountId, entries.slice(0, sequence)))).toStrictEqual(books);
    }
    expect(foldJournal(accountId, entries)).toStrictEqual(ledger.books(accountId));
    await ledger.closeAccount({ accountId });
    const [closing] = await ledger.readJournal(accountId, { afterSequence: entries.length, limit: 1 });
    expect(foldJournal(accountId, [...entries, closing as JournalEntry])).toStrictEqual(ledger.books(accountId));
  });
});

describe('a journal that no rule can have written is refused:', () => {
  const entry = (sequence: number, terms: Partial<JournalEntry>): JournalEntry => ({
    ...{ accountId, sequence, atMs: START_MS, operation: 'tick', subjectId: accountId, amountNanoUsd: 0n },
    ...{ postings: [], cells: [] },
    ...terms,
  });
  test.each([
    ['it does not begin at its beginning', [entry(2, {})], /jumps from 0 to 2/],
    ['an entry is missing', [entry(1, {}), entry(3, {})], /jumps from 1 to 3/],
    ['an entry is there twice', [entry(1, {}), entry(1, {})], /jumps from 1 to 1/],
    [
      'a grant is voided that was never made',
      [entry(1, { operation: 'void', subjectId: 'grant_x' })],
      /no grant grant_x/,
    ],
    [
      'credit is moved on a grant that was never made',
      [entry(1, { postings: [{ kind: 'expire', grantId: 'grant_x', amountNanoUsd: 1n }] })],
      /no grant grant_x/,
    ],
    [
      'credit is moved on no grant',
      [entry(1, { postings: [{ kind: 'expire', amountNanoUsd: 1n }] })],
      /no grant undefined/,
    ],
    [
      'more debt is repaid than there is',
      [entry(1, { postings: [{ kind: 'debt_refund', amountNanoUsd: 1n }] })],
      /debt_refund of 1 would go below zero/,
    ],
    [
      'more is given back to a quota than it held',
      [entry(1, { cells: [{ quotaId: 'quota_a', window: 'total', held: -1n, used: 0n }] })],
      /quota_a@total would hold below zero/,
    ],
  ] as [string, JournalEntry[], RegExp][])('%s', (_name, entries, message) => {
    expect(() => foldJournal(accountId, entries)).toThrow(message);
    expect(() => foldJournal(accountId, entries)).toThrow(RangeError);
  });
  test('a settle of a hold that was never made is remembered all the same, as a late one is', () => {
    const books = createBooks(accountId);
    applyEntry(books, entry(1, { operation: 'late', subjectId: id(9), amountNanoUsd: 4n, atMs: START_MS + 5 }));
    expect(books.tombstones.get(id(9))).toEqual({ state: 'late', amountNanoUsd: 4n, atMs: START_MS + 5 });
    expect([books.sequence, books.lastMs]).toEqual([1, START_MS + 5]);
  });
});
