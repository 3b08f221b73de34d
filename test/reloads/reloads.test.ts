import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Ledger } from '../../src/ledger/ledger.ts';
import { START_MS } from '../ledger/ledger-conformance.ts';
import { describeReports, type OpenedReports } from '../reports/report-stores.ts';
import { type Asked, says, startPaymentSide } from './payment-receiver.ts';
import { ACCOUNT, callOf, createReplica, openAccount, TERMS, USD } from './reload-fixture.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
type Answer = (asked: Asked, times: number) => { status?: number; body?: string };

// Replicas over one store, and a payment side over real HTTP.
describeReports('auto-reload', (open) => {
  const clock = { nowMs: START_MS };
  let stores: OpenedReports;
  let ledger: Ledger;
  let answer: Answer;
  let payment: Awaited<ReturnType<typeof startPaymentSide>>;
  let replicas: ReturnType<typeof createReplica>[];
  beforeEach(async () => {
    clock.nowMs = START_MS;
    stores = await open(clock);
    ledger = stores.ledger;
    answer = () => says('paid', { reference: 'ch_1' });
    payment = await startPaymentSide((asked, times) => answer(asked, times));
    replicas = [];
    await openAccount(ledger);
  });
  afterEach(async () => {
    for (const replica of replicas) await replica.close();
    await payment.stop();
    await stores.close();
  });
  const replica = (over: Ledger = ledger) => {
    const one = createReplica(over, clock, payment.url);
    replicas.push(one);
    return one;
  };
  const granted = async () => (await ledger.readBalance(ACCOUNT))?.grantedNanoUsd;
  const pending = async () => (await ledger.readReload(ACCOUNT))?.pending;

  test('fifty calls over five replicas take a balance below the threshold: one payment, one grant', async () => {
    const all = Array.from({ length: 5 }, () => replica());
    await Promise.all(
      Array.from({ length: 50 }, (_, number) => callOf((all[number % 5] ?? replica()).ledger, USD / 5n, number)),
    );
    for (const one of all) await one.watch.settled();
    expect(all.reduce((sum, one) => sum + one.requests(), 0)).toBe(1);
    await Promise.all(all.map((one) => one.worker.run()));
    expect(payment.asked).toHaveLength(1);
    expect(payment.asked[0]).toMatchObject({
      id: 'reload_a_1',
      body: {
        type: 'reload.requested',
        data: {
          ...{ reload_id: 'reload_a_1', account: { id: ACCOUNT, name: 'Acme' }, amount_usd: '20.00' },
          ...{ threshold_usd: '5.00', balance_usd: '0.00', month_total_usd: '20.00', monthly_cap_usd: '100.00' },
        },
      },
    });
    expect(await granted()).toBe(30n * USD);
    expect(all.flatMap(({ events }) => events)).toEqual([
      expect.objectContaining({ type: 'reload.paid', amountNanoUsd: 20n * USD, reference: 'ch_1' }),
    ]);
    // A year by the calendar.
    const [, grant] = (await ledger.readGrants(ACCOUNT)).toSorted((left, right) => left.ordinal - right.ordinal);
    expect(new Date(grant?.expiresAtMs ?? 0).toISOString()).toBe(
      new Date(START_MS).toISOString().replace('2026', '2027'),
    );
  });

  test('the process dies after the payment side was asked: the next attempt gets the same answer, and one grant', async () => {
    const dead = replica({
      ...ledger,
      answerReload: async () => {
        throw new Error('killed');
      },
    });
    await callOf(dead.ledger, 6n * USD, 1);
    await dead.watch.settled();
    await dead.worker.run();
    expect([...payment.charged.values()]).toEqual(['20.00']);
    expect([await granted(), (await pending())?.number]).toEqual([10n * USD, 1]);
    const next = replica();
    await next.worker.run();
    expect(payment.asked, 'not before the pause is over').toHaveLength(1);
    clock.nowMs += 30_000;
    await next.worker.run();
    expect(payment.asked.map(({ id }) => id)).toEqual(['reload_a_1', 'reload_a_1']);
    expect([await granted(), payment.charged.size]).toEqual([30n * USD, 1]);
  });

  test('the process dies after the answer was recorded and before it knew: nothing more happens', async () => {
    const dead = replica({
      ...ledger,
      async answerReload(command) {
        await ledger.answerReload(command);
        throw new Error('killed');
      },
    });
    await callOf(dead.ledger, 6n * USD, 1);
    await dead.watch.settled();
    await dead.worker.run();
    expect(await granted()).toBe(30n * USD);
    clock.nowMs += HOUR_MS;
    await replica().worker.run();
    expect([await granted(), payment.asked.length]).toEqual([30n * USD, 1]);
  });

  test('the process dies after it claimed its turn: another asks later', async () => {
    await callOf(replica().ledger, 6n * USD, 1);
    await replicas[0]?.watch.settled();
    await ledger.claimReload({ accountId: ACCOUNT, number: 1, pauseMs: 30_000 });
    await replica().worker.run();
    expect(payment.asked).toEqual([]);
    clock.nowMs += 30_000;
    await replicas[1]?.worker.run();
    expect(await granted()).toBe(30n * USD);
  });

  test('an answer by the API and one to the webhook race: one grant', async () => {
    const one = replica();
    answer = (asked) => {
      void one.record(asked.id, 'paid');
      return says('paid');
    };
    await callOf(one.ledger, 6n * USD, 1);
    await one.watch.settled();
    await Promise.all([one.worker.run(), one.record('reload_a_1', 'paid'), one.record('reload_a_1', 'paid')]);
    await one.worker.run();
    expect(await granted()).toBe(30n * USD);
    expect(one.events.map(({ type }) => type)).toEqual(['reload.paid']);
    expect(await one.record('reload_a_1', 'declined')).toEqual({ result: 'conflict' });
    expect(await one.record('reload_a_2', 'paid'), 'there is no such request').toEqual({ result: 'unknown' });
    expect(await one.record('reload_b_1', 'paid')).toEqual({ result: 'unknown' });
    expect(await granted()).toBe(30n * USD);
  });

  test('declines back off and stop, and people are told', async () => {
    const one = replica();
    answer = () => says('declined', { reason: 'card expired' });
    await callOf(one.ledger, 6n * USD, 1);
    for (const pauseMs of [HOUR_MS, 4 * HOUR_MS, 100 * HOUR_MS]) {
      await one.watch.settled();
      await one.worker.run();
      clock.nowMs += pauseMs;
      await one.ledger.tick({ accountId: ACCOUNT });
      await callOf(one.ledger, 0n, clock.nowMs, clock.nowMs);
    }
    await one.watch.settled();
    await one.worker.run();
    expect(payment.asked.map(({ id }) => id)).toEqual(['reload_a_1', 'reload_a_2', 'reload_a_3']);
    expect(one.events.map(({ type }) => type)).toEqual([
      ...['reload.declined', 'reload.declined', 'reload.declined', 'reload.disabled'],
    ]);
    expect(one.events[0]).toMatchObject({ reason: 'card expired', declines: 1 });
    expect(await ledger.readReload(ACCOUNT)).toMatchObject({ enabled: false, disabledReason: 'declined' });
    expect(await granted()).toBe(10n * USD);
  });

  test('what is not understood is no outcome: asked again at growing pauses, told after a day, charged once', async () => {
    const one = replica();
    const silly = [
      '',
      'null',
      '[]',
      '{"outcome":"yes"}',
      '{"outcome":true}',
      `{"outcome":"paid"${' '.repeat(20_000)}}`,
    ];
    answer = (_, times) => ({ body: silly[times % silly.length] ?? '', status: times % 7 === 0 ? 500 : 200 });
    await callOf(one.ledger, 6n * USD, 1);
    await one.watch.settled();
    const endMs = START_MS + DAY_MS - 1;
    while (clock.nowMs < endMs) {
      await one.worker.run();
      clock.nowMs = Math.min(clock.nowMs + 300_000, endMs);
    }
    const attempts = payment.asked.length;
    expect(attempts).toBeGreaterThan(20);
    expect(attempts).toBeLessThan(40);
    expect(one.events).toEqual([]);
    clock.nowMs += 1;
    await one.worker.run();
    expect(one.events).toMatchObject([{ type: 'reload.unresolved', reloadId: 'reload_a_1' }]);
    await callOf(one.ledger, 1n, 2, clock.nowMs);
    await one.watch.settled();
    expect(one.requests(), 'no second one').toBe(1);
    answer = () => says('pending');
    clock.nowMs += 6 * HOUR_MS;
    await one.worker.run();
    expect(one.counts).toContain('asked:pending');
    expect(await one.record('reload_a_1', 'paid')).toMatchObject({ result: 'paid' });
    expect(await granted()).toBe(30n * USD);
  });

  test('a payment for an account that was closed meanwhile is told as not resolved, and no credit', async () => {
    const one = replica();
    await callOf(one.ledger, 6n * USD, 1);
    await one.watch.settled();
    await ledger.closeAccount({ accountId: ACCOUNT });
    clock.nowMs += DAY_MS;
    await one.worker.run();
    expect(one.events).toMatchObject([{ type: 'reload.unresolved' }]);
    expect(one.log.join()).toContain('could not be taken');
    expect(await granted()).toBe(10n * USD);
  });

  test('no answer at all: nothing is lost, and no secret is logged', async () => {
    const one = createReplica(ledger, clock, 'http://127.0.0.1:9/hook?token=canary');
    replicas.push(one);
    await callOf(one.ledger, 6n * USD, 1);
    await one.watch.settled();
    await one.worker.run();
    expect(one.counts).toContain('asked:unknown');
    expect(one.log.join()).not.toContain('canary');
    expect((await pending())?.number).toBe(1);
  });

  describe('what is watched', () => {
    test('a call refused for want of credit asks; a storm of them asks the ledger once', async () => {
      let asked = 0;
      const one = replica({
        ...ledger,
        requestReload(command) {
          asked += 1;
          return ledger.requestReload(command);
        },
      });
      const need = { neededNanoUsd: 25n * USD, modelLabels: ['opus'] };
      for (let index = 0; index < 100; index += 1) one.watch.refused(ACCOUNT, need);
      await one.watch.settled();
      for (let index = 0; index < 100; index += 1) one.watch.refused(ACCOUNT, need);
      await one.watch.settled();
      expect([asked, one.requests()]).toEqual([1, 1]);
    });

    test('an account that has it off costs one look in half a minute', async () => {
      await ledger.setReload({ accountId: ACCOUNT });
      let reads = 0;
      const one = replica({
        ...ledger,
        readReload(id) {
          reads += 1;
          return ledger.readReload(id);
        },
        requestReload: () => Promise.reject(new Error('must not be asked')),
      });
      for (let number = 0; number < 20; number += 1) await callOf(one.ledger, USD, number);
      await one.watch.settled();
      expect(reads).toBe(1);
      clock.nowMs += 30_000;
      await one.ledger.tick({ accountId: ACCOUNT });
      await callOf(one.ledger, 0n, 30, clock.nowMs);
      await one.watch.settled();
      expect(reads).toBe(2);
      expect(one.log).toEqual([]);
    });

    test('one that is turned on with a low balance asks at once, on the replica that set it', async () => {
      await ledger.setReload({ accountId: ACCOUNT });
      const one = replica();
      await callOf(one.ledger, 6n * USD, 1);
      await one.watch.settled();
      one.watch.forget(ACCOUNT);
      await one.ledger.setReload({ accountId: ACCOUNT, terms: TERMS });
      await one.watch.settled();
      expect(one.requests()).toBe(1);
    });

    test('an account that nobody calls any more is asked for when its pause is over', async () => {
      const one = replica();
      answer = (_, times) => says(times === 1 && payment.asked.length === 1 ? 'declined' : 'paid');
      await callOf(one.ledger, 6n * USD, 1);
      await one.watch.settled();
      await one.worker.run();
      for (let minutes = 0; minutes < 60; minutes += 1) {
        one.watch.lookAgain();
        await one.watch.settled();
        expect(one.requests()).toBe(1);
        clock.nowMs += 60_000;
      }
      one.watch.lookAgain();
      await one.watch.settled();
      await one.worker.run();
      expect([one.requests(), await granted()]).toEqual([2, 30n * USD]);
      clock.nowMs += 60_000;
      one.watch.lookAgain();
      await one.watch.settled();
      expect(one.requests(), 'there is enough').toBe(2);
    });

    test('a ledger that does not answer is left alone for a while', async () => {
      let asked = 0;
      const one = replica({
        ...ledger,
        async requestReload() {
          asked += 1;
          throw new Error('away');
        },
      });
      await callOf(one.ledger, 6n * USD, 1);
      await one.watch.settled();
      for (let number = 2; number < 10; number += 1) await callOf(one.ledger, 1n, number);
      await one.watch.settled();
      expect(asked).toBe(1);
      expect(one.log.join()).toContain('away');
    });
  });
});
