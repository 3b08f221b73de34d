// Goal: a quota holds under any number of calls at once, as exactly as the credit does.
// Method: quotas set by the admin API, a hundred calls through the real process, on each store; the answers wait, so
// that all admitted calls are open at the same time.
import { expect, test } from 'vitest';
import { formatUsd } from '../../src/domain/money.ts';
import type { Caller } from '../support/admin-calls.ts';
import { nano } from '../support/check-journal.ts';
import { describeOnEachStore } from '../support/each-store.ts';
import { type RunningTollgate, startTollgate } from '../support/running-tollgate.ts';
import { startSimulatedApi } from '../support/simulated-api.ts';
import { until } from '../support/until.ts';

const REQUEST = {
  model: 'claude-opus-5',
  max_tokens: 400,
  stream: true,
  messages: [{ role: 'user', content: 'Write a limerick about a toll road.' }],
};
const CALLS = 100;
const FITTING = 5;

interface AdminQuota {
  id: string;
  used_usd?: string;
  held_usd?: string;
  room_usd?: string;
  used_requests?: number;
  held_requests?: number;
  held_concurrency?: number;
}

describeOnEachStore('a hundred calls at once on quotas', (store) => {
  test.each([
    [
      'dollars',
      (ceiling: bigint) => ({ window: 'day', limit_usd: formatUsd(ceiling * BigInt(FITTING) + ceiling - 1n) }),
    ],
    ['requests', () => ({ window: 'month', anchor_day: 31, limit_requests: FITTING })],
    ['open calls', () => ({ window: 'total', limit_concurrency: FITTING })],
  ])('exactly as many are admitted as fit: %s', async (_, limitOf) => {
    const script = () => ({ kind: 'answer', delivery: { holdBefore: [0] } }) as const;
    await using api = await startSimulatedApi({ script });
    await using tollgate = await startTollgate({ ...store.options(), api });
    const ceiling = await measureCeiling(tollgate);
    const caller = await tollgate.createCaller({ creditUsd: '1000' });
    const quotas = `/accounts/${caller.accountId}/quotas`;
    const tight = await tollgate.admin.call<AdminQuota>('POST', quotas, {
      scope: { type: 'key', id: caller.keyId },
      ...limitOf(ceiling),
    });
    // All or nothing: what this one refuses is taken from none of the others.
    const wide = await tollgate.admin.call<AdminQuota>('POST', quotas, {
      scope: { type: 'account' },
      window: 'total',
      limit_requests: 10_000,
    });
    const callsBefore = api.counters.messages;

    const answers = Promise.all(Array.from({ length: CALLS }, () => send(tollgate, caller)));
    await until(async () => (await refusals(tollgate)) === CALLS - FITTING, {
      what: 'all but those that fit are refused',
    });
    const read = (id: string) => tollgate.admin.call<AdminQuota>('GET', `${quotas}/${id}`);
    expect(await read(wide.id)).toMatchObject({ used_requests: 0, held_requests: FITTING });
    const held = await read(tight.id);
    const heldAmount =
      held.held_usd === undefined ? (held.held_requests ?? held.held_concurrency) : nano(held.held_usd);
    expect(heldAmount).toBe(held.held_usd === undefined ? FITTING : ceiling * BigInt(FITTING));

    for (let index = 0; index < FITTING; index += 1) (await tollgate.nextCall()).releaseAll();
    const statuses = await answers;
    expect(statuses.filter((status) => status === 200)).toHaveLength(FITTING);
    expect(statuses.filter((status) => status === 429)).toHaveLength(CALLS - FITTING);
    expect(api.counters.messages - callsBefore).toBe(FITTING);
    await tollgate.expectSettled();
    expect(await read(wide.id)).toMatchObject({ used_requests: FITTING, held_requests: 0 });
    const { balance } = await tollgate.admin.readAccount(caller.accountId);
    const after = await read(tight.id);
    if (after.used_usd !== undefined) expect([after.used_usd, after.held_usd]).toEqual([balance.charged_usd, '0.00']);
    if (after.used_requests !== undefined) expect([after.used_requests, after.held_requests]).toEqual([FITTING, 0]);
    if (after.held_concurrency !== undefined) expect(after.held_concurrency).toBe(0);
  });

  test('a change of a quota holds for the very next call, and its gauges follow', async () => {
    await using tollgate = await startTollgate(store.options());
    const caller = await tollgate.createCaller();
    expect(await send(tollgate, caller)).toBe(200);
    const quotas = `/accounts/${caller.accountId}/quotas`;
    const quota = await tollgate.admin.call<AdminQuota>('POST', quotas, {
      scope: { type: 'account' },
      window: 'month',
      limit_usd: '0',
    });
    expect(await send(tollgate, caller)).toBe(429);
    await tollgate.admin.call('PATCH', `${quotas}/${quota.id}`, { limit_usd: '5' });
    expect(await send(tollgate, caller)).toBe(200);
    await tollgate.expectSettled();
    const labels = `account="${caller.accountId}",quota="${quota.id}",scope="account",window="month"`;
    const shown = await until(
      async () => {
        const lines = (await metricsOf(tollgate)).split('\n').filter((line) => line.includes(quota.id));
        return lines.length === 3 ? lines : undefined;
      },
      { timeoutMs: 20_000, what: 'the gauges of the quota' },
    );
    expect(shown[0]).toBe(`tollgate_quota_limit_usd{${labels}} 5`);
    expect(shown[1]).toMatch(/^tollgate_quota_used_ratio\{.*\} 0\.0\d+$/);
    expect(shown[2]).toMatch(/^tollgate_quota_reset_timestamp_seconds\{.*\} \d{10}$/);
  });
});

/** What one such call holds, as the journal of another account tells. */
async function measureCeiling(tollgate: RunningTollgate): Promise<bigint> {
  const probe = await tollgate.createCaller();
  const answer = send(tollgate, probe);
  (await tollgate.nextCall()).releaseAll();
  await answer;
  await tollgate.expectSettled();
  const [hold] = (await tollgate.admin.readJournal(probe.accountId)).filter(({ operation }) => operation === 'hold');
  return nano(hold!.amount_usd);
}

async function send(tollgate: RunningTollgate, caller: Caller): Promise<number> {
  const response = await tollgate.send(caller, REQUEST);
  await response.text();
  return response.status;
}

async function metricsOf(tollgate: RunningTollgate): Promise<string> {
  return (await fetch(`${tollgate.adminUrl}/metrics`)).text();
}

async function refusals(tollgate: RunningTollgate): Promise<number> {
  const counts = [
    ...(await metricsOf(tollgate)).matchAll(
      /^tollgate_admission_denied_total\{reason="(?:quota|rate_limit)"[^}]*\} (\d+)$/gm,
    ),
  ];
  return counts.reduce((sum, [, count]) => sum + Number(count), 0);
}
