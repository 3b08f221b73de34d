// Goal: a whole installation that is broken again and again while it is used charges every call what the upstream
// billed, holds nothing at the end, and is back at its work within seconds each time.
// Method: three places behind clients that choose among them, one of two workers, on a Redis with replicas and sentinels;
// proxies and the Redis primary killed, frozen and failed over, rolling restarts with streams open. Each call's bill is
// held against its entry in the journal. SOAK_SECONDS: how long (20 unless given).
import { expect, test } from 'vitest';
import { checkJournal, isCharge, nano } from '../support/check-journal.ts';
import { startRedisSentinel } from '../support/redis-sentinel.ts';
import { startSimulatedApi } from '../support/simulated-api.ts';
import { until } from '../support/until.ts';
import { createSoakFaults } from './soak-faults.ts';
import { type SoakCall, type SoakLoad, startSoakLoad } from './soak-load.ts';
import { type SoakProxies, startSoakProxies } from './soak-proxies.ts';

const SECONDS = Number(process.env.SOAK_SECONDS ?? 20);
/** Between a fault that is mended and the next one: what a fail-over lost is sent again by then. */
const CALM_MS = SECONDS > 60 ? 8_000 : 5_000;
const REST_MS = 60_000;
const TIMEOUT_MS = (SECONDS + 300) * 1_000;

test('an installation under load that is broken again and again', { timeout: TIMEOUT_MS }, async () => {
  await using redis = await startRedisSentinel();
  await using api = await startSimulatedApi({ tokensPerSecond: 200, recordedBillEntries: 10 });
  await using proxies = await startSoakProxies(redis.url, api.baseUrl, [{}, {}, { WORKERS: '2' }]);
  const callers = [];
  for (const name of ['Acme', 'Bolt', 'Core'])
    callers.push(await proxies.admin.createCaller({ name, creditUsd: '1000' }));
  const load = startSoakLoad({ api, places: proxies.places, callers, jsonLanes: 8, streamLanes: 24, restMs: 20 });
  const startedMs = performance.now();
  await rest(CALM_MS);
  const tolds: string[] = [];
  const faults = createSoakFaults(proxies, redis);
  for (let round = 0; performance.now() - startedMs < SECONDS * 1_000; round += 1) {
    const fault = faults[round % faults.length] as (typeof faults)[number];
    const second = Math.floor((performance.now() - startedMs) / 1_000);
    await fault.make(Math.floor(round / faults.length));
    const mendedMs = performance.now();
    const before = load.calls.length;
    await until(() => load.calls.slice(before).filter(({ isWhole }) => isWhole).length >= 20, {
      what: `calls are answered again after: ${fault.name}`,
      timeoutMs: REST_MS,
    });
    tolds.push(
      `${fault.name} at ${second} s: twenty answers ${Math.round(performance.now() - mendedMs)} ms after it was mended`,
    );
    await rest(CALM_MS);
  }
  await load.stop();
  await api.idle();
  await waitUntilSettled(
    proxies,
    callers.map(({ accountId }) => accountId),
  );

  let charged = 0n;
  const charges = new Map<string, { amount: bigint; reason: unknown }>();
  for (const { accountId } of callers) {
    charged += await checkJournal(proxies.admin, accountId);
    for (const { operation, amount_usd, details } of await proxies.admin.readJournal(accountId)) {
      if (!isCharge(operation)) continue;
      const session = String(details?.session_id);
      expect(charges.has(session), `${session} charged once`).toBe(false);
      charges.set(session, { amount: nano(amount_usd), reason: details?.reason });
    }
  }
  const judged = judgeCalls(load, charges);
  process.stdout.write(`${describeSoak(load, tolds, judged, charged, api.bill().totalNanoUsd)}\n`);
  expect(judged.wrong.slice(0, 20)).toEqual([]);
  expect(judged.exact).toBeGreaterThan(0);
});

interface Judged {
  exact: number;
  /** Calls that a killed process was in the middle of. */
  broken: number;
  brokenBilled: bigint;
  brokenCharged: bigint;
  wrong: string[];
}

function judgeCalls(load: SoakLoad, charges: ReadonlyMap<string, { amount: bigint; reason: unknown }>): Judged {
  const judged: Judged = { exact: 0, broken: 0, brokenBilled: 0n, brokenCharged: 0n, wrong: [] };
  for (const call of load.calls) {
    const billed = load.billedOf(call.session) ?? 0n;
    const charge = charges.get(call.session);
    const amount = charge?.amount ?? 0n;
    if (amount === billed) judged.exact += 1;
    else if (wasKilled(call)) {
      judged.broken += 1;
      judged.brokenBilled += billed;
      judged.brokenCharged += amount;
    } else
      judged.wrong.push(
        `${call.session}: billed ${billed}, charged ${amount} (${charge?.reason}), whole: ${call.isWhole}`,
      );
  }
  return judged;
}

/** Its process was killed while it ran, or so soon after that its end may not have been written down. */
function wasKilled({ place, sentAtMs, endedAtMs }: SoakCall): boolean {
  return place.deathsMs.some((atMs) => atMs >= sentAtMs - 50 && atMs <= endedAtMs + 50);
}

function waitUntilSettled({ places, admin }: SoakProxies, accountIds: readonly string[]): Promise<unknown> {
  const isSettled = async (): Promise<boolean> => {
    for (const { adminUrl } of places) {
      const metrics = await (await fetch(`${adminUrl}/metrics`)).text();
      for (const name of ['tollgate_holds_open', 'tollgate_outbox_depth'])
        if (!new RegExp(`^${name} 0$`, 'm').test(metrics)) return false;
    }
    const accounts = (await admin.readAccounts()).filter(({ id }) => accountIds.includes(id));
    return accounts.length === accountIds.length && accounts.every(({ balance }) => balance.held_usd === '0.00');
  };
  return until(isSettled, { what: 'no hold is open and no end waits', timeoutMs: REST_MS, intervalMs: 200 });
}

function describeSoak(
  load: SoakLoad,
  tolds: readonly string[],
  judged: Judged,
  charged: bigint,
  billed: bigint,
): string {
  const whole = load.calls.filter(({ isWhole }) => isWhole).length;
  const refusals = [...load.refusals].map(([status, count]) => `${count} x ${status === 0 ? 'broken off' : status}`);
  return [
    `${load.calls.length} calls, ${whole} answered whole; ${refusals.join(', ')}`,
    `${judged.exact} charged what was billed; ${judged.broken} of killed processes: billed ${judged.brokenBilled}, charged ${judged.brokenCharged}`,
    `in all billed ${billed}, charged ${charged} nano-dollars`,
    `whole answers in each second: ${load.perSecond.join(' ')}`,
    ...tolds,
  ].join('\n');
}

function rest(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
