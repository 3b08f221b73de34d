// Goal: what is remembered of a caller's quotas is what would be found anew, at every instant and for every model.
// Method: the finder beside findQuotaCells, for drawn quotas and instants, whichever way the clock goes.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { findQuotaCells } from '../../src/domain/quota.ts';
import { findWindow, QUOTA_WINDOWS } from '../../src/domain/quota-window.ts';
import { createWindowCache } from '../../src/domain/window-cache.ts';
import { createQuotaFinder } from '../../src/metering/quota-finder.ts';
import { reachableLabels } from '../../src/metering/reachable-models.ts';
import { loadRateCard } from '../support/shared-parts.ts';
import { aQuota, makeRequest, NANO, withQuotas } from './metering-fixtures.ts';

const AT = Date.UTC(2026, 10, 21, 10, 20, 30);
const HOUR_MS = 3_600_000;
const CARD = loadRateCard();

describe('the quotas of a call', () => {
  test('property: they are those found anew', () => {
    const atMs = fc.integer({ min: AT - 3 * HOUR_MS, max: AT + 3 * HOUR_MS });
    const raises = fc.array(fc.record({ startsAtMs: atMs, lastsMs: fc.integer({ min: 1, max: HOUR_MS }) }), {
      maxLength: 3,
    });
    const drawn = fc.record({
      window: fc.constantFrom(...QUOTA_WINDOWS),
      models: fc.constantFrom(undefined, ['claude-opus-4-8'], ['claude-haiku-4-5']),
      raises,
    });
    const calls = fc.array(fc.record({ atMs, model: fc.constantFrom('claude-opus-4-8', 'claude-haiku-4-5') }));
    fc.assert(
      fc.property(fc.array(drawn, { maxLength: 5 }), calls, (quotas, asked) => {
        const principal = withQuotas(
          ...quotas.map(({ window, models, raises: higher }, index) =>
            aQuota({
              id: `quota_${index}`,
              window,
              ...(models === undefined ? {} : { models }),
              raises: higher.map(({ startsAtMs, lastsMs }, raise) => ({
                id: `raise_${raise}`,
                limit: NANO * BigInt(raise + 2),
                startsAtMs,
                endsAtMs: startsAtMs + lastsMs,
              })),
            }),
          ),
        );
        const find = createQuotaFinder(createWindowCache());
        for (const { atMs: at, model } of asked) {
          const request = makeRequest({ model });
          const { account, key } = principal;
          const modelLabels = reachableLabels(CARD, request);
          const call = { accountId: account.id, keyId: key.id, modelLabels, atMs: at, timezone: account.timezone };
          const anew = findQuotaCells(principal.quotas, call, findWindow);
          const found = find(principal, CARD, request, at);
          expect(found.quotas).toEqual(anew);
          expect(found.cells).toEqual(anew.map(({ cell }) => cell));
        }
      }),
    );
  });

  test('are one list until the window turns, a raise begins or ends, or the caller is read anew', () => {
    const raise = { id: 'raise_1', limit: 5n * NANO, startsAtMs: AT + 10, endsAtMs: AT + 20 };
    const principal = withQuotas(aQuota({ raises: [raise] }));
    const find = createQuotaFinder(createWindowCache());
    const at = (ms: number, caller = principal) => find(caller, CARD, makeRequest(), ms);
    expect(at(AT + 9)).toBe(at(AT));
    expect(at(AT + 9).cells).toMatchObject([{ limit: NANO }]);
    expect(at(AT + 10).cells).toMatchObject([{ limit: 5n * NANO }]);
    expect(at(AT + 19)).toBe(at(AT + 10));
    expect(at(AT + 20).cells).toMatchObject([{ limit: NANO }]);
    const { endsAtMs = 0 } = findWindow('day', AT, principal.account.timezone);
    expect(at(endsAtMs - 1)).toBe(at(AT + 20));
    expect(at(endsAtMs).cells[0]?.window).not.toBe(at(endsAtMs - 1).cells[0]?.window);
    const anew = withQuotas(aQuota({ limit: 7n }));
    expect(at(endsAtMs, anew).cells).toMatchObject([{ limit: 7n }]);
  });

  test('cannot be changed by who gets them', () => {
    const { quotas, cells } = createQuotaFinder(findWindow)(withQuotas(aQuota()), CARD, makeRequest(), AT);
    expect(Object.isFrozen(quotas)).toBe(true);
    expect(Object.isFrozen(cells)).toBe(true);
  });
});
