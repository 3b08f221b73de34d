import { afterEach, beforeEach, expect, test } from 'vitest';
import { createLiveFeed, type LiveSubscriber } from '../../../src/admin/web/live-feed.ts';
import { createId } from '../../../src/directory/create-id.ts';
import { LedgerUnavailable } from '../../../src/ledger/ledger.ts';
import { createOpenCalls } from '../../../src/metering/open-calls.ts';
import { type AdminUnderTest, openAccount, openAdmin } from '../admin-under-test.ts';

let admin: AdminUnderTest;
let accountId: string;
beforeEach(async () => {
  admin = await openAdmin();
  accountId = (await openAccount(admin)).id;
  await admin.call('POST', `/accounts/${accountId}/grants`, { amount_usd: '10', kind: 'paid' });
});
afterEach(() => admin.close());

function openFeed() {
  const runs = new Set<() => void>();
  let reads = 0;
  let isAway = false;
  const ledger = {
    ...admin.ledger,
    readBalance(id: string) {
      reads += 1;
      return isAway ? Promise.reject(new LedgerUnavailable('away')) : admin.ledger.readBalance(id);
    },
  };
  const feed = createLiveFeed({
    ledger,
    openCalls: createOpenCalls(),
    clock: () => admin.clock.nowMs,
    every: (_ms, run) => {
      runs.add(run);
      return () => runs.delete(run);
    },
  });
  return {
    feed,
    get timers() {
      return runs.size;
    },
    get reads() {
      return reads;
    },
    goAway: () => {
      isAway = true;
    },
    tick() {
      for (const run of runs) run();
    },
  };
}

function listener(overrides: Partial<LiveSubscriber> = {}) {
  const told: string[] = [];
  const ended: string[] = [];
  const subscriber: LiveSubscriber = {
    wish: { accountId, filter: {}, withBalance: true },
    mayGoOn: async () => true,
    send: (text) => void told.push(text),
    end: (reason) => void ended.push(reason),
    ...overrides,
  };
  return { subscriber, told, ended };
}

/** The embedded store answers within a few turns. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}
const dataOf = (text = '') => JSON.parse(/^data: (.*)$/m.exec(text)?.[1] ?? 'null');

test('tells at once, and then only what has changed', async () => {
  const { feed, tick } = openFeed();
  const { subscriber, told } = listener();
  feed.subscribe(subscriber);
  await settled();
  expect(dataOf(told[0])).toMatchObject({ account_id: accountId, open: 0, balance: { available_usd: '10.00' } });
  tick();
  await settled();
  expect(told).toHaveLength(1);
  const hold = { accountId, holdId: createId('hold', admin.clock.nowMs), tokens: 0n, modelLabels: [], cells: [] };
  await admin.ledger.hold({ ...hold, amountNanoUsd: 2_500_000_000n, leaseMs: 60_000 });
  tick();
  await settled();
  expect(dataOf(told[1])).toMatchObject({
    open: 1,
    held_usd: '2.50',
    balance: { available_usd: '7.50', held_usd: '2.50' },
  });
  expect(dataOf(told[1]).data[0]).toMatchObject({ hold_id: hold.holdId, model: null });
});

test('one look serves all who wish the same, and none is taken when nobody listens', async () => {
  const open = openFeed();
  const leave = Array.from({ length: 20 }, () => open.feed.subscribe(listener().subscriber));
  await settled();
  const before = open.reads;
  open.tick();
  await settled();
  expect(open.reads - before).toBe(1);
  for (const each of leave) each?.();
  expect([open.timers, open.feed.size]).toEqual([0, 0]);
});

test('who may not see the balance is not told it', async () => {
  const { feed } = openFeed();
  const { subscriber, told } = listener({ wish: { accountId, filter: { teamId: 'team_x' }, withBalance: false } });
  feed.subscribe(subscriber);
  await settled();
  expect(dataOf(told[0])).toMatchObject({ balance: null, sequence: null });
  expect(told[0]).not.toContain('10.00');
});

test('a session that has ended is told no more, and a store that is away ends the stream', async () => {
  const open = openFeed();
  let isGood = true;
  const first = listener({ mayGoOn: async () => isGood });
  open.feed.subscribe(first.subscriber);
  await settled();
  isGood = false;
  open.tick();
  await settled();
  expect(first.ended).toEqual(['signed_out']);
  const second = listener();
  open.goAway();
  open.feed.subscribe(second.subscriber);
  await settled();
  expect(second.ended).toEqual(['unavailable']);
});

test('there is a most of listeners, and closing ends them all', () => {
  const { feed } = openFeed();
  const all = Array.from({ length: 256 }, () => listener());
  for (const { subscriber } of all) expect(feed.subscribe(subscriber)).toBeDefined();
  expect(feed.subscribe(listener().subscriber)).toBeUndefined();
  feed.close();
  expect(all.every(({ ended }) => ended[0] === 'closing')).toBe(true);
});
