// Goal: a balance is kept up by real payments over HTTP, each of them credit exactly once, whatever dies in between.
// Method: the real process on each store, a payment side that verifies signatures and charges once by id.
import { afterEach, beforeEach, expect, test } from 'vitest';
import { formatUsd } from '../../src/domain/money.ts';
import { type Asked, SECRET, says, startPaymentSide } from '../reloads/payment-receiver.ts';
import type { Caller } from '../support/admin-calls.ts';
import { nano } from '../support/check-journal.ts';
import { describeOnEachStore } from '../support/each-store.ts';
import { type RunningTollgate, startTollgate } from '../support/running-tollgate.ts';
import { until } from '../support/until.ts';

const REQUEST = {
  model: 'claude-opus-5',
  max_tokens: 300,
  messages: [{ role: 'user', content: 'Write a limerick about a toll road.' }],
};
const TERMS = { enabled: true, threshold_usd: '5', mode: 'fixed', amount_usd: '20', monthly_cap_usd: '30' };

interface State {
  enabled: boolean;
  pending: { reload_id: string } | null;
  month_requested_usd: string;
  declines: number;
}

describeOnEachStore('auto-reload', (store) => {
  let answer: (asked: Asked, times: number) => { status?: number; body?: string };
  let payment: Awaited<ReturnType<typeof startPaymentSide>>;
  let tollgate: RunningTollgate;
  beforeEach(async () => {
    answer = () => says('paid', { reference: 'ch_1' });
    payment = await startPaymentSide((asked, times) => answer(asked, times));
    const environment = { RELOAD_WEBHOOK_URL: payment.url, RELOAD_WEBHOOK_SECRET: SECRET };
    tollgate = await startTollgate({ ...store.options(), environment });
  });
  afterEach(async () => {
    await tollgate?.[Symbol.asyncDispose]();
    await payment?.stop();
  });

  const pathOf = (caller: Caller) => `/accounts/${caller.accountId}/auto-reload`;
  const read = (caller: Caller) => tollgate.admin.call<State>('GET', pathOf(caller));
  const granted = async (caller: Caller) => (await tollgate.admin.readAccount(caller.accountId)).balance.granted_usd;
  const send = async (caller: Caller) => (await tollgate.send(caller, REQUEST)).status;

  test('calls in parallel take the balance below the threshold: one payment, one grant, all sums equal', async () => {
    const caller = await tollgate.createCaller({ creditUsd: '5.001' });
    await tollgate.admin.call('PUT', pathOf(caller), TERMS);
    const statuses = await Promise.all(Array.from({ length: 20 }, () => send(caller)));
    expect(new Set(statuses)).toEqual(new Set([200]));
    await until(async () => (await granted(caller)) === '25.001', { what: 'the payment is credit' });
    expect(payment.asked.map(({ id }) => id)).toEqual([`reload_${caller.accountId.slice(5)}_1`]);
    expect([...payment.charged.values()]).toEqual(['20.00']);
    expect(await read(caller)).toMatchObject({ pending: null, month_requested_usd: '20.00' });
    await tollgate.expectSettled();
    const { balance } = await tollgate.admin.readAccount(caller.accountId);
    expect(nano(balance.available_usd)).toBe(nano('25.001') - nano(balance.charged_usd));
    const metrics = await (await fetch(`${tollgate.adminUrl}/metrics`)).text();
    expect(metrics).toContain('tollgate_reload_requests_total{outcome="requested"} 1');
    expect(metrics).toContain('tollgate_reload_requests_total{outcome="paid"} 1');
  });

  test('a call without credit is refused, and served once the payment has come; the cap is never passed', async () => {
    const caller = await tollgate.createCaller({ creditUsd: '0' });
    await tollgate.admin.call('PUT', pathOf(caller), TERMS);
    await until(async () => (await send(caller)) === 200, { what: 'it is served' });
    // What is left is taken away, and nobody calls: the rest of the cap is asked for, and then no more.
    const [grant] = await tollgate.admin.readGrants(caller.accountId);
    await tollgate.admin.call('POST', `/accounts/${caller.accountId}/grants/${grant?.id}/void`, {});
    await until(async () => (await granted(caller)) === '30.00', {
      what: 'what is left of the cap is paid',
      timeoutMs: 30_000,
    });
    const grants = await tollgate.admin.readGrants(caller.accountId);
    for (const { id } of grants)
      await tollgate.admin.call('POST', `/accounts/${caller.accountId}/grants/${id}/void`, {});
    for (let times = 0; times < 5; times += 1) expect(await send(caller)).toBe(402);
    expect([...payment.charged.values()]).toEqual(['20.00', '10.00']);
    expect(await read(caller)).toMatchObject({ pending: null, month_requested_usd: '30.00' });
  });

  test('the process is killed while it waits for the answer: an answer by the API is credit once', async () => {
    let isAsked = false;
    answer = () => {
      isAsked = true;
      return { status: 202 };
    };
    const caller = await tollgate.createCaller({ creditUsd: '4' });
    await tollgate.admin.call('PUT', pathOf(caller), TERMS);
    await until(() => isAsked, { what: 'the payment side is asked' });
    await tollgate.kill();
    await tollgate.start();
    const { pending } = await read(caller);
    const path = `${pathOf(caller)}/requests/${pending?.reload_id}`;
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => tollgate.admin.call<{ repeated: boolean }>('POST', path, { outcome: 'paid' })),
    );
    expect(answers.filter(({ repeated }) => !repeated)).toHaveLength(1);
    expect(await granted(caller)).toBe(formatUsd(24_000_000_000n));
    await expect(tollgate.admin.call('POST', path, { outcome: 'declined' })).rejects.toThrow('409');
    await tollgate.expectSettled();
  });

  test('a decline pauses it, and an opt-out ends it', async () => {
    answer = () => says('declined', { reason: 'card expired' });
    const caller = await tollgate.createCaller({ creditUsd: '4' });
    await tollgate.admin.call('PUT', pathOf(caller), TERMS);
    await until(async () => (await read(caller)).declines === 1, { what: 'the decline is known' });
    for (let times = 0; times < 3; times += 1) expect(await send(caller)).toBe(200);
    expect(payment.asked).toHaveLength(1);
    await tollgate.admin.call('PUT', pathOf(caller), { enabled: false });
    expect(await send(caller)).toBe(200);
    await tollgate.expectSettled();
    expect([payment.asked.length, await granted(caller)]).toEqual([1, '4.00']);
    expect(tollgate.log().some(({ event }) => event === 'reload.declined')).toBe(true);
  });
});
