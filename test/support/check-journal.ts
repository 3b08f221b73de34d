import { expect } from 'vitest';
import { parseUsd } from '../../src/domain/money.ts';
import type { AdminBalance, AdminCalls, AdminGrant, AdminJournalEntry } from './admin-calls.ts';

/**
 * Folds an account's journal with arithmetic of its own and holds it against the balances that the admin API shows:
 * every hold ended once, nothing held, every grant's pockets sum up to it, the charges are those of the calls.
 * @returns what was charged, in nano-dollars.
 */
export async function checkJournal(admin: AdminCalls, accountId: string): Promise<bigint> {
  const { balance } = await admin.readAccount(accountId);
  const journal = await admin.readJournal(accountId);
  const grants = await admin.readGrants(accountId);
  expect(journal.map(({ sequence }) => sequence)).toEqual(journal.map((_, index) => index + 1));
  expectOneEndPerHold(journal);
  const pockets = foldPockets(journal);
  for (const grant of grants) expectPockets(grant, pockets.get(grant.id));
  expectTotals(balance, grants);
  const charged = sum(journal.filter(({ operation }) => isCharge(operation)).map(({ amount_usd }) => amount_usd));
  expect(nano(balance.charged_usd)).toBe(charged);
  expect(nano(balance.spent_usd) + nano(balance.debt_usd)).toBe(charged);
  return charged;
}

/** Nano-dollars of a decimal dollar string. */
export function nano(usd: string): bigint {
  const amount = parseUsd(usd);
  if (amount === undefined) throw new Error(`"${usd}" is no amount`);
  return amount;
}

export function isCharge(operation: string): boolean {
  return operation === 'settle' || operation === 'late';
}

/** A hold ends once; only one that was reclaimed may still be charged, late. A tombstone's release has no hold. */
function expectOneEndPerHold(journal: readonly AdminJournalEntry[]): void {
  const ends = new Map<string, string[]>();
  for (const { operation, subject_id } of journal) {
    if (operation === 'hold') ends.set(subject_id, []);
    if (!['settle', 'late', 'release', 'reclaim'].includes(operation)) continue;
    ends.set(subject_id, [...(ends.get(subject_id) ?? []), operation]);
  }
  const allowed = ['settle', 'release', 'reclaim', 'reclaim,late', 'late'];
  for (const [holdId, how] of ends) expect(allowed, `${holdId} ended by ${how}`).toContain(how.join());
}

type Pockets = Record<'remaining' | 'held' | 'spent' | 'expired' | 'voided' | 'granted', bigint>;
type Pocket = keyof Pockets;

/** From where to where each kind of posting moves credit. */
const MOVES: Record<string, readonly [from: Pocket | undefined, to: Pocket]> = {
  grant: [undefined, 'remaining'],
  hold: ['remaining', 'held'],
  settle: ['held', 'spent'],
  unhold: ['held', 'remaining'],
  draw: ['remaining', 'spent'],
  repay: ['remaining', 'spent'],
  expire: ['remaining', 'expired'],
  void: ['remaining', 'voided'],
};

function foldPockets(journal: readonly AdminJournalEntry[]): Map<string, Pockets> {
  const grants = new Map<string, Pockets>();
  for (const { postings } of journal) {
    for (const { kind, grant_id, amount_usd } of postings) {
      if (grant_id === undefined) continue;
      const move = MOVES[kind];
      if (move === undefined) throw new Error(`a posting of an unknown kind: ${kind}`);
      const pockets = grants.get(grant_id) ?? {
        remaining: 0n,
        held: 0n,
        spent: 0n,
        expired: 0n,
        voided: 0n,
        granted: 0n,
      };
      const [from, to] = move;
      const amount = nano(amount_usd);
      if (from === undefined) pockets.granted += amount;
      else pockets[from] -= amount;
      pockets[to] += amount;
      expect(
        Object.values(pockets).every((pocket) => pocket >= 0n),
        `${kind} of ${grant_id} below zero`,
      ).toBe(true);
      grants.set(grant_id, pockets);
    }
  }
  return grants;
}

function expectPockets(grant: AdminGrant, pockets: Pockets | undefined): void {
  expect(pockets).toEqual({
    granted: nano(grant.amount_usd),
    remaining: nano(grant.remaining_usd),
    held: 0n,
    spent: nano(grant.spent_usd),
    expired: nano(grant.expired_usd),
    voided: nano(grant.voided_usd),
  });
  expect(nano(grant.held_usd)).toBe(0n);
}

function expectTotals(balance: AdminBalance, grants: readonly AdminGrant[]): void {
  expect(balance.held_usd).toBe('0.00');
  expect(nano(balance.granted_usd)).toBe(sum(grants.map(({ amount_usd }) => amount_usd)));
  expect(nano(balance.spent_usd)).toBe(sum(grants.map(({ spent_usd }) => spent_usd)));
  const parts = [balance.available_usd, balance.pending_usd, balance.held_usd, balance.spent_usd];
  expect(sum([...parts, balance.expired_usd, balance.voided_usd])).toBe(nano(balance.granted_usd));
}

function sum(amounts: readonly string[]): bigint {
  return amounts.reduce((total, amount) => total + nano(amount), 0n);
}
