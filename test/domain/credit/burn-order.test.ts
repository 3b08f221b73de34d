import { describe, expect, test } from 'vitest';
import { compareBurnOrder, isActive, paysFor } from '../../../src/domain/credit/burn-order.ts';
import type { GrantState } from '../../../src/domain/credit/credit-types.ts';

const grant = (terms: Partial<GrantState> = {}): GrantState => ({
  ...{ grantId: 'grant_a', kind: 'paid', priority: 50, effectiveAtMs: 1_000, expiresAtMs: 9_000, ordinal: 5 },
  voided: false,
  ...{ grantedNanoUsd: 10n, remainingNanoUsd: 10n, heldNanoUsd: 0n, spentNanoUsd: 0n },
  ...{ expiredNanoUsd: 0n, voidedNanoUsd: 0n },
  ...terms,
});

describe('of two grants the one is spent first that', () => {
  test.each([
    ['has the lower priority number', { priority: 49, expiresAtMs: 9_999 }, { priority: 50 }],
    ['expires first', { expiresAtMs: 8_999 }, { kind: 'promotional' }],
    ['is promotional, where both expire together', { kind: 'promotional' }, { effectiveAtMs: 1 }],
    ['came into effect first, where both are of one kind', { effectiveAtMs: 999 }, { ordinal: 1 }],
    ['was made first, where all else is the same', { ordinal: 4 }, {}],
  ] as [string, Partial<GrantState>, Partial<GrantState>][])('%s', (_rule, first, second) => {
    expect(compareBurnOrder(grant(first), grant(second))).toBeLessThan(0);
    expect(compareBurnOrder(grant(second), grant(first))).toBeGreaterThan(0);
  });
});

describe('a grant that takes effect at 1,000 and expires at 9,000', () => {
  test.each([
    [999, false],
    [1_000, true],
    [8_999, true],
    [9_000, false],
  ])('at %i can be spent: %s', (nowMs, active) => {
    expect(isActive(grant(), nowMs)).toBe(active);
    expect(isActive(grant({ voided: true }), nowMs)).toBe(false);
  });
});

describe('a call of claude-haiku-5-5, family haiku, is paid by a grant', () => {
  test.each([
    ['for every model', undefined, true],
    ['for the family', ['opus', 'haiku'], true],
    ['for the model', ['claude-haiku-5-5'], true],
    ['for another model', ['opus'], false],
    ['for no model', [], false],
  ])('%s: %s', (_name, models, pays) => {
    expect(paysFor(grant(models === undefined ? {} : { models }), ['claude-haiku-5-5', 'haiku'])).toBe(pays);
  });
});
