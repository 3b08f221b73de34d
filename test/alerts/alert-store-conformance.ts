import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ABANDONED_NOTICES_KEPT, type AlertStore } from '../../src/alerts/alert-store.ts';
import type { LevelState } from '../../src/alerts/low-balance.ts';

/** A fresh, empty place to keep alerts. */
export interface AlertStoreFixture {
  store: AlertStore;
  destroy(): Promise<void>;
}

const NOW_MS = 1_795_000_000_000;
const LEVEL = 5_000_000_000n;
/** The largest amount there is: no store may round it. */
const HUGE = 9_007_199_254_740_991n;

function fired(levelNanoUsd: bigint, firedAtMs = NOW_MS): LevelState {
  return { levelNanoUsd, state: 'fired', firedAtMs };
}

/** What every alert store must do, whatever it is made of. */
export function describeAlertStore(name: string, open: () => Promise<AlertStoreFixture>): void {
  describe(`alert store: ${name}`, () => {
    let fixture: AlertStoreFixture;
    let store: AlertStore;
    beforeEach(async () => {
      fixture = await open();
      store = fixture.store;
    });
    afterEach(() => fixture.destroy());

    const fire = async (accountId: string, states: readonly LevelState[], noticeId?: string, nowMs = NOW_MS) => {
      const { revision } = await store.readAlerts(accountId);
      const notice = noticeId === undefined ? {} : { notice: { id: noticeId, payload: `{"id":"${noticeId}"}` } };
      return store.changeAlerts({ accountId, revision, states, nowMs, ...notice });
    };
    const claim = (nowMs = NOW_MS, limit = 10) => store.claimDue({ nowMs, leaseMs: 60_000, limit });

    test('knows nothing of an account that never fired', async () => {
      expect(await store.readAlerts('acct_a')).toEqual({ revision: '', states: [] });
      expect(await store.listFired(10)).toEqual([]);
      expect(await claim()).toEqual([]);
    });

    test('keeps states exactly, each account its own', async () => {
      const states: LevelState[] = [fired(HUGE), { levelNanoUsd: 0n, state: 'recovered', firedAtMs: NOW_MS - 1 }];
      expect(await fire('acct_a', states)).toBe('changed');
      expect((await store.readAlerts('acct_a')).states).toEqual(states);
      expect((await store.readAlerts('acct_b')).states).toEqual([]);
    });

    test('of two changes of one revision the first wins, and the second leaves no notice', async () => {
      const { revision } = await store.readAlerts('acct_a');
      const change = { accountId: 'acct_a', revision, states: [fired(LEVEL)], nowMs: NOW_MS };
      expect(await store.changeAlerts({ ...change, notice: { id: 'first', payload: '{}' } })).toBe('changed');
      expect(await store.changeAlerts({ ...change, notice: { id: 'second', payload: '{}' } })).toBe('stale');
      expect((await claim()).map(({ id }) => id)).toEqual(['first']);
    });

    test('a notice of anything else is there once, and again after it was delivered', async () => {
      await store.addNotice({ id: 'drift', payload: '{"first":1}' }, NOW_MS);
      await store.addNotice({ id: 'drift', payload: '{"second":2}' }, NOW_MS - 1);
      expect(await claim(NOW_MS - 1)).toEqual([]);
      expect(await claim()).toEqual([{ id: 'drift', payload: '{"first":1}', attempt: 1 }]);
      await store.completeNotice('drift');
      await store.addNotice({ id: 'drift', payload: '{}' }, NOW_MS);
      expect(await claim()).toHaveLength(1);
    });

    test('of twenty changes at once exactly one wins', async () => {
      const { revision } = await store.readAlerts('acct_a');
      const change = { accountId: 'acct_a', revision, states: [fired(LEVEL)], nowMs: NOW_MS };
      const results = await Promise.all(Array.from({ length: 20 }, () => store.changeAlerts(change)));
      expect(results.filter((result) => result === 'changed')).toHaveLength(1);
    });

    test('a revision read before a change is stale after it', async () => {
      await fire('acct_a', [fired(LEVEL)]);
      const { revision } = await store.readAlerts('acct_a');
      await fire('acct_a', [fired(LEVEL, NOW_MS + 1)]);
      const result = await store.changeAlerts({ accountId: 'acct_a', revision, states: [], nowMs: NOW_MS });
      expect(result).toBe('stale');
    });

    test('lists what is fired, latest first, and nothing recovered or removed', async () => {
      await fire('acct_a', [fired(LEVEL, NOW_MS), fired(1n, NOW_MS + 2)]);
      await fire('acct_b', [fired(HUGE, NOW_MS + 1), { ...fired(7n), state: 'recovered' }]);
      expect(await store.listFired(10)).toEqual([
        { accountId: 'acct_a', levelNanoUsd: 1n },
        { accountId: 'acct_b', levelNanoUsd: HUGE },
        { accountId: 'acct_a', levelNanoUsd: LEVEL },
      ]);
      expect(await store.listFired(1)).toEqual([{ accountId: 'acct_a', levelNanoUsd: 1n }]);
      await fire('acct_a', []);
      expect(await store.listFired(10)).toEqual([{ accountId: 'acct_b', levelNanoUsd: HUGE }]);
      expect((await store.readAlerts('acct_a')).states).toEqual([]);
    });

    test('hands a notice to one claimer, and to the next when the first does not come back', async () => {
      await fire('acct_a', [fired(LEVEL)], 'n1');
      expect(await claim(NOW_MS - 1)).toEqual([]);
      expect(await claim()).toEqual([{ id: 'n1', payload: '{"id":"n1"}', attempt: 1 }]);
      expect(await claim(NOW_MS + 59_999)).toEqual([]);
      expect(await claim(NOW_MS + 60_000)).toEqual([{ id: 'n1', payload: '{"id":"n1"}', attempt: 2 }]);
    });

    test('claims at once never share a notice', async () => {
      for (let n = 0; n < 10; n += 1) await fire(`acct_${n}`, [fired(LEVEL)], `n${n}`);
      const claims = await Promise.all(Array.from({ length: 8 }, () => claim(NOW_MS, 3)));
      const ids = claims.flat().map(({ id }) => id);
      expect(ids).toHaveLength(10);
      expect(new Set(ids).size).toBe(10);
    });

    test('a notice completed never comes again, and completing twice is harmless', async () => {
      await fire('acct_a', [fired(LEVEL)], 'n1');
      await claim();
      await store.completeNotice('n1');
      await store.completeNotice('n1');
      expect(await claim(NOW_MS + 1e9)).toEqual([]);
    });

    test('a notice postponed comes at its time', async () => {
      await fire('acct_a', [fired(LEVEL)], 'n1');
      await claim();
      await store.postponeNotice({ id: 'n1', attempt: 1, dueAtMs: NOW_MS + 500 });
      expect(await claim(NOW_MS + 499)).toEqual([]);
      expect(await claim(NOW_MS + 500)).toMatchObject([{ id: 'n1', attempt: 2 }]);
    });

    test('a holder whose claim has passed to another cannot postpone or abandon it', async () => {
      await fire('acct_a', [fired(LEVEL)], 'n1');
      await claim();
      await claim(NOW_MS + 60_000);
      await store.postponeNotice({ id: 'n1', attempt: 1, dueAtMs: NOW_MS });
      await store.abandonNotice({ id: 'n1', attempt: 1 });
      expect(await claim(NOW_MS + 60_001)).toEqual([]);
      expect(await store.listAbandoned(10)).toEqual([]);
    });

    test('neither postponing nor abandoning brings a completed notice back', async () => {
      await fire('acct_a', [fired(LEVEL)], 'n1');
      await claim();
      await store.completeNotice('n1');
      await store.postponeNotice({ id: 'n1', attempt: 1, dueAtMs: NOW_MS });
      await store.abandonNotice({ id: 'n1', attempt: 1 });
      expect(await claim(NOW_MS + 1e9)).toEqual([]);
      expect(await store.listAbandoned(10)).toEqual([]);
    });

    test('a notice given up is kept, latest first, and not sent again', async () => {
      for (const id of ['n1', 'n2']) {
        await fire(`acct_${id}`, [fired(LEVEL)], id);
        await claim();
        await store.abandonNotice({ id, attempt: 1 });
        await store.abandonNotice({ id, attempt: 1 });
      }
      expect(await claim(NOW_MS + 1e9)).toEqual([]);
      expect(await store.listAbandoned(10)).toEqual([
        { id: 'n2', payload: '{"id":"n2"}' },
        { id: 'n1', payload: '{"id":"n1"}' },
      ]);
      expect(await store.listAbandoned(1)).toHaveLength(1);
    });

    test('keeps only so many that were given up', async () => {
      for (let n = 0; n < ABANDONED_NOTICES_KEPT + 5; n += 1) {
        await fire(`acct_${n}`, [fired(LEVEL)], `n${n}`);
        await claim();
        await store.abandonNotice({ id: `n${n}`, attempt: 1 });
      }
      const kept = await store.listAbandoned(ABANDONED_NOTICES_KEPT + 10);
      expect(kept).toHaveLength(ABANDONED_NOTICES_KEPT);
      expect(kept.at(-1)?.id).toBe('n5');
    });
  });
}
