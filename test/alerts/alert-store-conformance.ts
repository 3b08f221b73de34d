import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { AlertChannel } from '../../src/alerts/alert-channel.ts';
import type { AlertDelivery } from '../../src/alerts/alert-delivery.ts';
import { type AlertRule, DAY_MS } from '../../src/alerts/alert-rule.ts';
import { type AlertStore, DELIVERIES_KEPT, DELIVERIES_KEPT_MS } from '../../src/alerts/alert-store.ts';
import type { AlertState } from '../../src/alerts/decide-alert.ts';
import { createId } from '../../src/directory/create-id.ts';

/** A fresh, empty place to keep alerts. */
export interface AlertStoreFixture {
  store: AlertStore;
  destroy(): Promise<void>;
}

const NOW_MS = 1_795_000_000_000;
const LEVEL = '5000000000';
/** The largest amount there is: no store may round it. */
const HUGE = '9007199254740991';

function fired(level: string, firedAtMs = NOW_MS): AlertState {
  return { level, state: 'fired', firedAtMs };
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

    const fire = async (key: string, states: readonly AlertState[], noticeId?: string, nowMs = NOW_MS) => {
      const { revision } = await store.readAlerts(key);
      const notices = noticeId === undefined ? [] : [{ id: noticeId, payload: `{"id":"${noticeId}"}` }];
      return store.changeAlerts({ key, revision, states, nowMs, notices });
    };
    const claim = (nowMs = NOW_MS, limit = 10) => store.claimDue({ nowMs, leaseMs: 60_000, limit });

    test('knows nothing of an account that never fired', async () => {
      expect(await store.readAlerts('acct_a')).toEqual({ revision: '', states: [] });
      expect(await store.listFired(10)).toEqual([]);
      expect(await claim()).toEqual([]);
    });

    test('keeps states exactly, each account its own', async () => {
      const states: AlertState[] = [
        fired(HUGE),
        { level: '0', state: 'recovered', firedAtMs: NOW_MS - 1, seenAtMs: NOW_MS },
      ];
      expect(await fire('acct_a', states)).toBe('changed');
      expect((await store.readAlerts('acct_a')).states).toEqual(states);
      expect((await store.readAlerts('acct_b')).states).toEqual([]);
    });

    test('of two changes of one revision the first wins, and the second leaves no notice', async () => {
      const { revision } = await store.readAlerts('acct_a');
      const change = { key: 'acct_a', revision, states: [fired(LEVEL)], nowMs: NOW_MS };
      expect(await store.changeAlerts({ ...change, notices: [{ id: 'first', payload: '{}' }] })).toBe('changed');
      expect(await store.changeAlerts({ ...change, notices: [{ id: 'second', payload: '{}' }] })).toBe('stale');
      expect((await claim()).map(({ id }) => id)).toEqual(['first']);
    });

    test('a notice of anything else is there once, and again after it was delivered', async () => {
      await store.addNotice({ id: 'drift', payload: '{"first":1}' }, NOW_MS);
      await store.addNotice({ id: 'drift', payload: '{"second":2}' }, NOW_MS - 1);
      expect(await claim(NOW_MS - 1)).toEqual([]);
      expect(await claim()).toEqual([{ id: 'drift', entryId: 'drift', payload: '{"first":1}', attempt: 1 }]);
      await store.completeNotice('drift');
      await store.addNotice({ id: 'drift', payload: '{}' }, NOW_MS);
      expect(await claim()).toHaveLength(1);
    });

    test('of twenty changes at once exactly one wins', async () => {
      const { revision } = await store.readAlerts('acct_a');
      const change = { key: 'acct_a', revision, states: [fired(LEVEL)], nowMs: NOW_MS };
      const results = await Promise.all(Array.from({ length: 20 }, () => store.changeAlerts(change)));
      expect(results.filter((result) => result === 'changed')).toHaveLength(1);
    });

    test('a revision read before a change is stale after it', async () => {
      await fire('acct_a', [fired(LEVEL)]);
      const { revision } = await store.readAlerts('acct_a');
      await fire('acct_a', [fired(LEVEL, NOW_MS + 1)]);
      const result = await store.changeAlerts({ key: 'acct_a', revision, states: [], nowMs: NOW_MS });
      expect(result).toBe('stale');
    });

    test('lists what is fired, latest first, and nothing recovered or removed', async () => {
      await fire('acct_a', [fired(LEVEL, NOW_MS), fired('1', NOW_MS + 2)]);
      await fire('acct_b', [fired(HUGE, NOW_MS + 1), { ...fired('7'), state: 'recovered' }]);
      expect(await store.listFired(10)).toEqual([
        { ruleId: 'alert_low_balance', accountId: 'acct_a', level: '1' },
        { ruleId: 'alert_low_balance', accountId: 'acct_b', level: HUGE },
        { ruleId: 'alert_low_balance', accountId: 'acct_a', level: LEVEL },
      ]);
      expect(await store.listFired(1)).toEqual([{ ruleId: 'alert_low_balance', accountId: 'acct_a', level: '1' }]);
      await fire('acct_a', []);
      expect(await store.listFired(10)).toEqual([{ ruleId: 'alert_low_balance', accountId: 'acct_b', level: HUGE }]);
      expect((await store.readAlerts('acct_a')).states).toEqual([]);
    });

    test('hands a notice to one claimer, and to the next when the first does not come back', async () => {
      await fire('acct_a', [fired(LEVEL)], 'n1');
      expect(await claim(NOW_MS - 1)).toEqual([]);
      expect(await claim()).toEqual([{ id: 'n1', entryId: 'n1', payload: '{"id":"n1"}', attempt: 1 }]);
      expect(await claim(NOW_MS + 59_999)).toEqual([]);
      expect(await claim(NOW_MS + 60_000)).toEqual([{ id: 'n1', entryId: 'n1', payload: '{"id":"n1"}', attempt: 2 }]);
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
      await store.postponeNotice({ entryId: 'n1', attempt: 1, dueAtMs: NOW_MS + 500 });
      expect(await claim(NOW_MS + 499)).toEqual([]);
      expect(await claim(NOW_MS + 500)).toMatchObject([{ id: 'n1', attempt: 2 }]);
    });

    test('a holder whose claim has passed to another cannot postpone it', async () => {
      await fire('acct_a', [fired(LEVEL)], 'n1');
      await claim();
      await claim(NOW_MS + 60_000);
      await store.postponeNotice({ entryId: 'n1', attempt: 1, dueAtMs: NOW_MS });
      expect(await claim(NOW_MS + 60_001)).toEqual([]);
    });

    test('postponing does not bring a completed notice back', async () => {
      await fire('acct_a', [fired(LEVEL)], 'n1');
      await claim();
      await store.completeNotice('n1');
      await store.postponeNotice({ entryId: 'n1', attempt: 1, dueAtMs: NOW_MS });
      expect(await claim(NOW_MS + 1e9)).toEqual([]);
    });

    test('the same notice for several channels is so many entries, each on its own', async () => {
      const notice = { id: 'n1', payload: '{}' };
      const notices = [notice, { ...notice, channelId: 'channel_a' }, { ...notice, channelId: 'channel_b' }];
      await store.changeAlerts({ key: 'acct_a', revision: '', states: [fired(LEVEL)], notices, nowMs: NOW_MS });
      const claimed = await claim();
      expect(claimed.map(({ channelId }) => channelId).sort()).toEqual(['channel_a', 'channel_b', undefined]);
      expect(claimed.every(({ id }) => id === 'n1')).toBe(true);
      const entryOf = (channelId: string) => claimed.find((one) => one.channelId === channelId)?.entryId ?? '';
      await store.completeNotice(entryOf('channel_a'));
      await store.postponeNotice({ entryId: entryOf('channel_b'), attempt: 1, dueAtMs: NOW_MS + 1 });
      expect(await claim(NOW_MS + 1)).toMatchObject([{ channelId: 'channel_b', attempt: 2 }]);
    });

    test('states of rules are told apart from those of accounts, and forgotten with the rule', async () => {
      await fire('acct_a', [fired(LEVEL)]);
      await fire('alert_x acct_a', [fired('quota_1:800000', NOW_MS - 1)]);
      await fire('alert_x acct_b', [fired('quota_2:800000', NOW_MS + 1)]);
      await fire('alert_xy -', [fired('refused', NOW_MS + 2)]);
      expect(await store.listFired(10)).toEqual([
        { ruleId: 'alert_xy', level: 'refused' },
        { ruleId: 'alert_x', accountId: 'acct_b', level: 'quota_2:800000' },
        { ruleId: 'alert_low_balance', accountId: 'acct_a', level: LEVEL },
        { ruleId: 'alert_x', accountId: 'acct_a', level: 'quota_1:800000' },
      ]);
      await store.forgetStates('alert_x');
      expect((await store.listFired(10)).map(({ ruleId }) => ruleId)).toEqual(['alert_xy', 'alert_low_balance']);
      expect(await store.readAlerts('alert_x acct_a')).toEqual({ revision: '', states: [] });
      expect((await store.readAlerts('alert_xy -')).states).toHaveLength(1);
    });

    test("the look at all accounts is one process's at a time", async () => {
      const claims = [1, 2, 3].map(() => store.claimLook({ nowMs: NOW_MS, everyMs: 60_000 }));
      expect((await Promise.all(claims)).filter(Boolean)).toHaveLength(1);
    });

    describe('records', () => {
      const rule = (id: string, more: Partial<AlertRule> = {}): AlertRule => ({
        id,
        accountId: 'acct_a',
        condition: { kind: 'balance_low', amountsNanoUsd: [BigInt(HUGE), 0n] },
        recovery: true,
        quietMs: DAY_MS,
        enabled: true,
        createdAtMs: NOW_MS,
        ...more,
      });
      const burn = { kind: 'burn_rate', factorThousandths: 2_500, minimumNanoUsd: BigInt(HUGE) } as const;

      test('are kept exactly, by owner and in order of creation', async () => {
        const { accountId: _, ...ofAll } = rule('alert_0', { condition: burn });
        const rules = [rule('alert_9', { name: 'Zoë ☃' }), rule('alert_1', { channels: ['channel_a'] })];
        for (const each of [...rules, ofAll]) expect(await store.rules.create(each, 10)).toBe('created');
        expect(await store.rules.list('acct_a')).toEqual(rules);
        expect(await store.rules.list(undefined)).toEqual([ofAll]);
        expect(await store.rules.list('acct_b')).toEqual([]);
        expect(await store.rules.find('alert_0')).toEqual(ofAll);
        expect(await store.rules.find('alert_x')).toBeUndefined();
      });

      test('are made once, and no more than there may be of an owner', async () => {
        expect(await store.rules.create(rule('alert_1'), 2)).toBe('created');
        expect(await store.rules.create(rule('alert_1', { enabled: false }), 2)).toBe('exists');
        expect(await store.rules.create(rule('alert_2'), 2)).toBe('created');
        expect(await store.rules.create(rule('alert_3'), 2)).toBe('too_many');
        expect(await store.rules.create(rule('alert_4', { accountId: 'acct_b' }), 2)).toBe('created');
        await store.rules.delete('alert_1');
        expect(await store.rules.create(rule('alert_3'), 2)).toBe('created');
        expect((await store.rules.list('acct_a')).map(({ id }) => id)).toEqual(['alert_2', 'alert_3']);
      });

      test('change and go', async () => {
        await store.rules.create(rule('alert_1'), 10);
        expect(await store.rules.update('alert_1', (one) => ({ ...one, quietMs: 1 }))).toMatchObject({ quietMs: 1 });
        expect(await store.rules.find('alert_1')).toEqual(rule('alert_1', { quietMs: 1 }));
        expect(await store.rules.update('alert_2', (one) => one)).toBeUndefined();
        expect(await store.rules.delete('alert_1')).toBe('deleted');
        expect(await store.rules.delete('alert_1')).toBe('not_found');
        expect(await store.rules.list('acct_a')).toEqual([]);
      });

      test('changes at once are all made', async () => {
        await store.rules.create(rule('alert_1', { quietMs: 0 }), 10);
        const more = (one: AlertRule): AlertRule => ({ ...one, quietMs: one.quietMs + 1 });
        await Promise.all(Array.from({ length: 10 }, () => store.rules.update('alert_1', more)));
        expect((await store.rules.find('alert_1'))?.quietMs).toBe(10);
      });

      test('of channels are others than those of rules', async () => {
        const channel: AlertChannel = {
          id: 'channel_1',
          name: 'On call',
          target: { type: 'email', to: ['ada@example.com'] },
          isDefault: false,
          publicOnly: true,
          enabled: true,
          createdAtMs: NOW_MS,
        };
        await store.channels.create(channel, 10);
        expect(await store.channels.find('channel_1')).toEqual(channel);
        expect(await store.channels.list(undefined)).toEqual([channel]);
        expect(await store.rules.list(undefined)).toEqual([]);
      });
    });

    describe('the log of deliveries', () => {
      const delivery = (n: number, more: Partial<AlertDelivery> = {}): AlertDelivery => ({
        id: createId('delivery', NOW_MS + n),
        noticeId: `n${n}`,
        noticeType: 'balance.low',
        accountId: 'acct_a',
        channelId: 'channel_a',
        channelType: 'slack',
        attempt: 1,
        result: 'failed',
        status: 500,
        problem: 'status 500',
        startedAtMs: NOW_MS + n,
        endedAtMs: NOW_MS + n + 5,
        payload: '{"type":"balance.low"}',
        ...more,
      });
      const ids = (deliveries: readonly AlertDelivery[]) => deliveries.map(({ noticeId }) => noticeId);

      test('is read latest first, page by page, of all or of one account', async () => {
        const { accountId: _, ...ofAll } = delivery(3);
        const log = [delivery(1), delivery(2, { accountId: 'acct_b' }), ofAll, delivery(4)];
        for (const each of log) await store.addDelivery(each);
        expect(await store.listDeliveries({ limit: 10 })).toEqual(log.toReversed());
        expect(ids(await store.listDeliveries({ limit: 2 }))).toEqual(['n4', 'n3']);
        expect(ids(await store.listDeliveries({ limit: 2, after: ofAll.id }))).toEqual(['n2', 'n1']);
        expect(ids(await store.listDeliveries({ limit: 10, accountId: 'acct_a' }))).toEqual(['n4', 'n1']);
        expect(ids(await store.listDeliveries({ limit: 9, accountId: 'acct_a', after: log[3]?.id ?? '' }))).toEqual([
          'n1',
        ]);
        expect(await store.findDelivery(ofAll.id)).toEqual(ofAll);
        expect(await store.findDelivery('delivery_x')).toBeUndefined();
      });

      test('keeps what is younger than its time', async () => {
        await store.addDelivery(delivery(0));
        await store.addDelivery(delivery(1_000));
        await store.addDelivery(delivery(1_000 + DELIVERIES_KEPT_MS));
        expect(ids(await store.listDeliveries({ limit: 10 }))).toEqual([`n${1_000 + DELIVERIES_KEPT_MS}`, 'n1000']);
      });

      test('keeps only so many', async () => {
        for (let n = 0; n < DELIVERIES_KEPT + 3; n += 100) {
          const some = Array.from({ length: 100 }, (_, index) => delivery(n + index));
          await Promise.all(some.map((each) => store.addDelivery(each)));
        }
        const last = await store.listDeliveries({ limit: 1_000 });
        expect(last).toHaveLength(1_000);
        const { length } = await listAll(store);
        expect(length).toBe(DELIVERIES_KEPT);
      }, 60_000);
    });
  });
}

async function listAll(store: AlertStore): Promise<AlertDelivery[]> {
  const all: AlertDelivery[] = [];
  for (;;) {
    const after = all.at(-1)?.id;
    const page = await store.listDeliveries({ limit: 1_000, ...(after === undefined ? {} : { after }) });
    all.push(...page);
    if (page.length < 1_000) return all;
  }
}
