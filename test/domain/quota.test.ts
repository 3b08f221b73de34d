import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  findQuotaCells,
  limitAt,
  orderQuotas,
  QUOTA_MEASURES,
  QUOTA_MODES,
  QUOTA_SCOPES,
  type Quota,
  type QuotaCall,
} from '../../src/domain/quota.ts';
import { addRaise, findQuotaCrowding, findQuotaFaults, MAX_RAISES } from '../../src/domain/quota-rules.ts';
import { findWindow, QUOTA_WINDOWS } from '../../src/domain/quota-window.ts';
import { createWindowCache } from '../../src/domain/window-cache.ts';

const AT = Date.UTC(2026, 10, 21, 10, 20, 30);

const aQuota = (changes: Partial<Quota> = {}): Quota => ({
  id: 'quota_1',
  accountId: 'acct_1',
  scope: { type: 'account', id: 'acct_1' },
  window: 'day',
  measure: 'usd',
  limit: 100n,
  mode: 'hard',
  raises: [],
  createdAtMs: 0,
  ...changes,
});
const CALL: QuotaCall = {
  accountId: 'acct_1',
  teamId: 'team_1',
  memberId: undefined,
  keyId: 'key_1',
  modelLabels: ['claude-haiku-5-5', 'haiku'],
  atMs: AT,
  timezone: 'UTC',
};
const idsOf = (quotas: Quota[], call: Partial<QuotaCall> = {}) =>
  findQuotaCells(quotas, { ...CALL, ...call }, findWindow).map(({ cell }) => cell.quotaId);

test('the words of a quota are these, scopes from the widest to the narrowest', () => {
  expect(QUOTA_SCOPES).toEqual(['account', 'team', 'member', 'key']);
  expect(QUOTA_MEASURES).toEqual(['usd', 'tokens', 'requests', 'concurrency']);
  expect(QUOTA_MODES).toEqual(['hard', 'soft', 'shadow']);
});

describe('cells of a call', () => {
  test('name the window, its end and the limit in force', () => {
    const quota = aQuota({ window: 'month', anchorDay: 22, mode: 'soft', measure: 'tokens' });
    expect(findQuotaCells([quota], { ...CALL, timezone: 'Asia/Kolkata' }, findWindow)).toEqual([
      {
        quota,
        cell: {
          quotaId: 'quota_1',
          window: 'month:2026-10-22@22:Asia/Kolkata',
          measure: 'tokens',
          limit: 100n,
          mode: 'soft',
          endsAtMs: Date.parse('2026-11-21T18:30:00Z'),
        },
      },
    ]);
    const open = aQuota({ window: 'total', measure: 'concurrency' });
    const [applied] = findQuotaCells([open], CALL, findWindow);
    expect(applied?.cell).toEqual({
      quotaId: 'quota_1',
      window: 'total',
      measure: 'concurrency',
      limit: 100n,
      mode: 'hard',
    });
  });

  test.each<[Quota['scope'], boolean]>([
    [{ type: 'account', id: 'acct_1' }, true],
    [{ type: 'account', id: 'acct_2' }, false],
    [{ type: 'team', id: 'team_1' }, true],
    [{ type: 'team', id: 'team_2' }, false],
    [{ type: 'member', id: 'mem_1' }, false],
    [{ type: 'key', id: 'key_1' }, true],
    [{ type: 'key', id: 'key_2' }, false],
    // An id counts only as what it is of.
    [{ type: 'team', id: 'key_1' }, false],
  ])('a quota on %j counts the call: %s', (scope, counts) => {
    expect(idsOf([aQuota({ scope })])).toHaveLength(counts ? 1 : 0);
  });

  test.each<[readonly string[] | undefined, QuotaCall['modelLabels'], boolean]>([
    [undefined, ['claude-haiku-5-5', 'haiku'], true],
    [['haiku'], ['claude-haiku-5-5', 'haiku'], true],
    [['claude-haiku-5-5'], ['claude-haiku-5-5', 'haiku'], true],
    // Never by prefix.
    [['claude-haiku-5'], ['claude-haiku-5-5', 'haiku'], false],
    [['opus'], ['claude-haiku-5-5', 'haiku'], false],
    [['opus', 'haiku'], ['claude-haiku-5-5', 'haiku'], true],
    [['opus'], 'any', true],
    [['opus'], [], false],
  ])('a quota on %j counts models %j: %s', (models, modelLabels, counts) => {
    const quota = models === undefined ? aQuota() : aQuota({ models });
    expect(idsOf([quota], { modelLabels })).toHaveLength(counts ? 1 : 0);
  });

  test('property: each quota that applies has exactly one cell, of the window of its start', () => {
    const quotas = fc.array(
      fc.record({
        type: fc.constantFrom(...QUOTA_SCOPES),
        own: fc.boolean(),
        window: fc.constantFrom(...QUOTA_WINDOWS),
        anchorDay: fc.integer({ min: 1, max: 31 }),
      }),
      { maxLength: 32 },
    );
    const zone = fc.constantFrom('UTC', 'Europe/Berlin', 'America/St_Johns', 'Pacific/Chatham', 'Africa/Casablanca');
    const instant = fc.integer({ min: Date.UTC(2024, 0, 1), max: Date.UTC(2032, 0, 1) });
    const cached = createWindowCache();
    const check = (
      drawn: { type: Quota['scope']['type']; own: boolean; window: Quota['window']; anchorDay: number }[],
      timezone: string,
      atMs: number,
    ) => {
      const call = { ...CALL, memberId: 'mem_1', timezone, atMs };
      const ids = { account: 'acct_1', team: 'team_1', member: 'mem_1', key: 'key_1' };
      const made = drawn.map(({ type, own, window, anchorDay }, index) =>
        aQuota({ id: `quota_${index}`, scope: { type, id: own ? ids[type] : 'other' }, window, anchorDay }),
      );
      const applied = findQuotaCells(made, call, cached);
      expect(applied.map(({ quota }) => quota)).toEqual(made.filter((_, index) => drawn[index]?.own));
      for (const { quota, cell } of applied) {
        const span = findWindow(quota.window, atMs, timezone, quota.anchorDay);
        expect([cell.window, cell.endsAtMs]).toEqual([span.name, span.endsAtMs]);
        expect(cell.endsAtMs === undefined || cell.endsAtMs > atMs).toBe(true);
      }
    };
    fc.assert(fc.property(quotas, zone, instant, check));
  });
});

describe('the limit in force', () => {
  const raise = (limit: bigint, startsAtMs: number, endsAtMs: number) => ({
    id: `r${limit}`,
    limit,
    startsAtMs,
    endsAtMs,
  });

  test.each([
    [9, 100n],
    [10, 150n],
    [19, 150n],
    [20, 200n],
    [29, 200n],
    [30, 150n],
    [39, 150n],
    [40, 100n],
  ])('at %i it is %s: the highest that runs, from its beginning to before its end', (atMs, limit) => {
    const raises = [raise(150n, 10, 40), raise(200n, 20, 30), raise(50n, 0, 99)];
    expect(limitAt({ limit: 100n, raises }, atMs)).toBe(limit);
  });

  test('property: no raise ever lowers it', () => {
    const raises = fc.array(
      fc.record({ id: fc.string(), limit: fc.bigInt(0n, 300n), startsAtMs: fc.nat(50), endsAtMs: fc.nat(50) }),
    );
    fc.assert(
      fc.property(raises, fc.bigInt(0n, 300n), fc.nat(60), (drawn, limit, atMs) => {
        expect(limitAt({ limit, raises: drawn }, atMs)).toBeGreaterThanOrEqual(limit);
      }),
    );
  });

  test('a raise is added once, in place of those that have ended, up to a bound', () => {
    const quota = aQuota({ raises: [raise(1n, 0, 10), raise(2n, 0, 11)] });
    const raised = addRaise(quota, raise(3n, 0, 99), 10);
    expect(raised.raises.map(({ id }) => id)).toEqual(['r2', 'r3']);
    expect(addRaise(raised, raise(3n, 5, 6), 10)).toBe(raised);
    const full = aQuota({ raises: Array.from({ length: MAX_RAISES }, (_, index) => raise(BigInt(index), 0, 99)) });
    expect(addRaise(full, raise(99n, 0, 99), 98)).toBe(full);
    expect(addRaise(full, raise(99n, 0, 199), 99).raises).toHaveLength(1);
  });
});

test('a window without an end gives its cell none, and a quota runs ten raises at most', () => {
  const call: QuotaCall = { accountId: 'acct_1', keyId: 'key_1', modelLabels: [], atMs: AT, timezone: 'UTC' };
  const [applied] = findQuotaCells([aQuota({ window: 'total' })], call, findWindow);
  expect('endsAtMs' in (applied?.cell ?? {})).toBe(false);
  expect(MAX_RAISES).toBe(10);
});

test('the frame of a quota is refused in words', () => {
  const faultsOf = (changes: Partial<Quota>) => findQuotaFaults(aQuota(changes)).map(({ message }) => message);
  expect(faultsOf({ measure: 'concurrency', window: 'day' })).toEqual([
    'must be total for open calls: they are counted now, not by the calendar',
  ]);
  expect(faultsOf({ anchorDay: 5 })).toEqual(['is for the window month only']);
});

describe('the order of checking', () => {
  test('goes from the window that lasts longest to the shortest, open calls last', () => {
    const windows = QUOTA_WINDOWS.map((window) => aQuota({ id: window, window }));
    const open = aQuota({ id: 'open calls', window: 'total', measure: 'concurrency' });
    expect(orderQuotas([open, ...windows]).map(({ id }) => id)).toEqual([
      ...['total', 'month', 'week', 'day', 'hour', 'minute'],
      'open calls',
    ]);
  });

  test('is by how long a refusal lasts, then from the account down, and otherwise as it was', () => {
    const quotas = [
      aQuota({ id: 'open', window: 'total', measure: 'concurrency' }),
      aQuota({ id: 'minute', window: 'minute' }),
      aQuota({ id: 'key', scope: { type: 'key', id: 'key_1' } }),
      aQuota({ id: 'account' }),
      aQuota({ id: 'account too' }),
      aQuota({ id: 'total', window: 'total', scope: { type: 'key', id: 'key_1' } }),
      aQuota({ id: 'month', window: 'month' }),
    ];
    const order = ['total', 'month', 'account', 'account too', 'key', 'minute', 'open'];
    expect(orderQuotas(quotas).map(({ id }) => id)).toEqual(order);
  });
});

describe('room for a quota', () => {
  const many = (count: number, scope: Quota['scope']) => Array.from({ length: count }, () => aQuota({ scope }));

  test('is judged by the fullest of each kind, whoever belongs to whom today', () => {
    const team = many(20, { type: 'team', id: 'team_1' });
    const other = many(12, { type: 'team', id: 'team_2' });
    const key = many(12, { type: 'key', id: 'key_1' });
    const account = aQuota();
    expect(findQuotaCrowding([...team, ...other], account)).toBeUndefined();
    expect(findQuotaCrowding([...team, ...other, ...key.slice(0, 11)], account)).toBeUndefined();
    expect(findQuotaCrowding([...team, ...other, ...key], account)).toBe('cells');
    // Another key takes nothing from the fullest.
    const elsewhere = aQuota({ scope: { type: 'key', id: 'key_2' } });
    expect(findQuotaCrowding([...team, ...other, ...key], elsewhere)).toBeUndefined();
  });

  test('ends at 200', () => {
    const spread = Array.from({ length: 200 }, (_, index) => aQuota({ scope: { type: 'key', id: `key_${index}` } }));
    expect(findQuotaCrowding(spread.slice(0, 199), aQuota())).toBeUndefined();
    expect(findQuotaCrowding(spread, aQuota())).toBe('quotas');
  });

  test('property: whichever team, member and key a call has, at most 32 count it', () => {
    const scope = fc.record({ type: fc.constantFrom(...QUOTA_SCOPES), id: fc.constantFrom('a', 'b', 'c') });
    fc.assert(
      fc.property(fc.array(scope, { minLength: 40, maxLength: 120 }), (scopes) => {
        const kept: Quota[] = [];
        for (const [index, drawn] of scopes.entries()) {
          const one = drawn.type === 'account' ? { ...drawn, id: 'acct_1' } : drawn;
          const quota = aQuota({ id: `quota_${index}`, scope: one });
          if (findQuotaCrowding(kept, quota) === undefined) kept.push(quota);
        }
        for (const teamId of 'abc') {
          for (const memberId of 'abc') {
            for (const keyId of 'abc') expect(idsOf(kept, { teamId, memberId, keyId }).length).toBeLessThanOrEqual(32);
          }
        }
      }),
      { numRuns: 30 },
    );
  });
});

describe('the frame of a quota', () => {
  test.each<[Partial<Quota>, string[]]>([
    [{}, []],
    [{ limit: 0n }, []],
    [{ limit: 9_007_199_254_740_991n }, []],
    [{ limit: 9_007_199_254_740_992n }, ['limit']],
    [{ limit: -1n }, ['limit']],
    [{ window: 'month', anchorDay: 31 }, []],
    [{ window: 'week', anchorDay: 31 }, ['anchorDay']],
    [{ window: 'total', measure: 'concurrency' }, []],
    [{ window: 'total', anchorDay: 1 }, ['anchorDay']],
    [{ window: 'minute', measure: 'concurrency' }, ['window']],
    [{ window: 'minute', measure: 'concurrency', anchorDay: 2, limit: -1n }, ['window', 'anchorDay', 'limit']],
  ])('%o is at fault in %j', (changes, fields) => {
    expect(findQuotaFaults(aQuota(changes)).map(({ field }) => field)).toEqual(fields);
  });
});

describe('the cache of windows', () => {
  test('property: it says what the calendar says, whichever way the clock goes', () => {
    const asks = fc.array(
      fc.record({
        window: fc.constantFrom(...QUOTA_WINDOWS),
        timezone: fc.constantFrom('UTC', 'Europe/Berlin', 'America/New_York'),
        anchorDay: fc.constantFrom(1, 15, 31),
        atMs: fc.integer({ min: Date.UTC(2026, 9, 20), max: Date.UTC(2026, 10, 5) }),
      }),
      { maxLength: 60 },
    );
    fc.assert(
      fc.property(asks, (drawn) => {
        const cached = createWindowCache();
        for (const { window, atMs, timezone, anchorDay } of drawn) {
          expect(cached(window, atMs, timezone, anchorDay)).toEqual(findWindow(window, atMs, timezone, anchorDay));
        }
      }),
    );
  });

  test('it works a span out once, and anew past its end', () => {
    const cached = createWindowCache();
    const first = cached('day', AT, 'Europe/Berlin');
    expect(cached('day', (first.endsAtMs ?? 0) - 1, 'Europe/Berlin')).toBe(first);
    expect(cached('day', first.startsAtMs, 'Europe/Berlin')).toBe(first);
    expect(cached('day', first.endsAtMs ?? 0, 'Europe/Berlin')).not.toEqual(first);
    expect(cached('day', first.startsAtMs - 1, 'Europe/Berlin').endsAtMs).toBe(first.startsAtMs);
  });

  test('it remembers several spans, and a month begins on the first where no day is named', () => {
    const cached = createWindowCache();
    const day = cached('day', AT, 'UTC');
    const month = cached('month', AT, 'UTC');
    expect(cached('day', AT, 'UTC')).toBe(day);
    expect(cached('month', AT, 'UTC', 1)).toBe(month);
    expect(month).toEqual(findWindow('month', AT, 'UTC', 1));
  });

  test('it does not grow without end', () => {
    const cached = createWindowCache();
    const first = cached('month', AT, 'UTC', 1);
    const zones = Intl.supportedValuesOf('timeZone');
    for (let anchorDay = 1; anchorDay <= 5; anchorDay += 1) {
      for (const zone of zones) cached('month', AT, zone, anchorDay);
    }
    // Thrown away on the way and worked out again: another object of the same span.
    expect(cached('month', AT, 'UTC', 1)).not.toBe(first);
    expect(cached('month', AT, 'UTC', 1)).toEqual(first);
  });
});
