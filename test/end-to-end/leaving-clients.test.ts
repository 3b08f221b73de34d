/*
 * Goal: clients that leave when they like cost the operator nothing. Under `drain` the sums are equal to the
 * nano-dollar; under `cancel` they differ by the estimator's error at most, and each call that may differ is marked.
 * Method: calls of several kinds through the real process, on each store, in front of the simulated API, which keeps
 * its own bill and takes its time. `LEAVING_CLIENTS=10000 npx vitest run test/end-to-end/leaving-clients.test.ts`
 * makes the large run and prints its figures, which docs/metering.md gives.
 */
import { inspect } from 'node:util';
import { expect, test, vi } from 'vitest';
import type { AdminJournalEntry } from '../support/admin-calls.ts';
import { isCharge, nano } from '../support/check-journal.ts';
import { describeOnEachStore } from '../support/each-store.ts';
import { sendLeavingClients } from '../support/leaving-clients.ts';
import { type RunningTollgate, startTollgate } from '../support/running-tollgate.ts';
import { type ListeningApi, startSimulatedApi } from '../support/simulated-api.ts';

const LARGE_RUN = process.env.LEAVING_CLIENTS;
const CALLS = Number(LARGE_RUN ?? 150);
const AT_ONCE = 64;
/** A few times that of a real model: what is generated between leaving and abort is billed, and nobody has seen it. */
const TOKENS_PER_SECOND = 300;
/** So much of a broken answer may be of that kind, on a machine that is slow to notice. */
const UNSEEN_AT_MOST = 0.25;
const SEED = 20_261_120;

vi.setConfig({ testTimeout: 120_000 + CALLS * 100, hookTimeout: 120_000 });

describeOnEachStore(`${CALLS} clients that leave at random`, (store) => {
  test('under drain, then as many under cancel', async () => {
    await using api = await startSimulatedApi({ tokensPerSecond: TOKENS_PER_SECOND, recordedRequests: 10 });
    // Room for all: none is cancelled because too many are drained already, or refused because the machine is busy.
    const environment = { LIMIT_DISCONNECT_DRAINS: '1000', LIMIT_STORE_TIMEOUT_MS: '10000' };
    await using tollgate = await startTollgate({ ...store.options(), api, environment });

    const drained = await runClients(tollgate, 'drain');
    expect(drained.billed).toBeGreaterThan(0n);
    expect(drained.estimated).toBe(0);
    expect(drained.charged).toBe(drained.billed);

    const cancelled = await runClients(tollgate, 'cancel');
    const [lowest, highest] = await readEstimateError(tollgate);
    expect(cancelled.estimated).toBeGreaterThan(CALLS / 10);
    expectRatio(cancelled, lowest * (1 - UNSEEN_AT_MOST), highest);
    expectRatio(cancelled.broken, lowest * (1 - UNSEEN_AT_MOST), highest);
  });
});

async function runClients(tollgate: RunningTollgate, policy: 'drain' | 'cancel') {
  const caller = await tollgate.createCaller({ creditUsd: '5000', account: { on_disconnect: policy } });
  await sendLeavingClients(tollgate, caller, { calls: CALLS, atOnce: AT_ONCE, seed: SEED });
  const settled = await tollgate.expectSettled({ exact: policy === 'drain' });
  const ends = (await tollgate.admin.readJournal(caller.accountId)).filter(({ operation }) => isCharge(operation));
  const sums = { calls: ends.length, ...settled, ...addUp(tollgate.api, ends) };
  expect(sums.reportedOtherwise).toEqual([]);
  expect(sums.unmarked).toEqual([]);
  if (LARGE_RUN !== undefined) process.stdout.write(`${policy} ${inspect(sums)}\n`);
  return sums;
}

function expectRatio({ charged, billed }: { charged: bigint; billed: bigint }, lowest: number, highest: number): void {
  const ratio = Number(charged) / Number(billed);
  expect(ratio).toBeGreaterThanOrEqual(lowest);
  expect(ratio).toBeLessThanOrEqual(highest);
}

/** Holds every charge against the bill of its call, by the upstream's id; a call that was left early has none. */
function addUp(api: ListeningApi, ends: readonly AdminJournalEntry[]) {
  const bills = new Map(api.bill().entries.map((entry) => [entry.requestId, entry.amountNanoUsd]));
  const sums = {
    estimated: 0,
    /** Calls that broke off in their answer. */
    broken: { charged: 0n, billed: 0n },
    /** Calls that broke off before it: only their prompt is estimated. */
    early: { calls: 0, charged: 0n },
    reportedOtherwise: [] as unknown[],
    unmarked: [] as unknown[],
  };
  for (const { amount_usd, details } of ends) {
    const charged = nano(amount_usd);
    const billed = bills.get(String(details?.upstream_request_id));
    if (details?.basis === 'reported') {
      if (charged !== billed) sums.reportedOtherwise.push({ ...details, charged, billed });
      continue;
    }
    sums.estimated += 1;
    if (!Array.isArray(details?.doubts)) sums.unmarked.push(details);
    if (billed === undefined) {
      sums.early.calls += 1;
      sums.early.charged += charged;
    } else {
      sums.broken.charged += charged;
      sums.broken.billed += billed;
    }
  }
  return sums;
}

/** The error that the estimator states of itself: the bounds of the buckets that all its ratios lie between. */
async function readEstimateError(tollgate: RunningTollgate): Promise<[lowest: number, highest: number]> {
  const text = await (await fetch(`${tollgate.adminUrl}/metrics`)).text();
  const counts = new Map<number, number>();
  for (const [, bound = '', count] of text.matchAll(
    /^tollgate_output_estimate_ratio_bucket\{le="([^"]+)".*\} (\d+)$/gm,
  )) {
    const most = bound === '+Inf' ? Number.POSITIVE_INFINITY : Number(bound);
    counts.set(most, (counts.get(most) ?? 0) + Number(count));
  }
  const bounds = [...counts].toSorted(([left], [right]) => left - right);
  const all = bounds.at(-1)?.[1] ?? 0;
  expect(all).toBeGreaterThan(0);
  const lowest = bounds.findLast(([, count]) => count === 0)?.[0] ?? 0;
  const highest = bounds.find(([, count]) => count === all)?.[0] ?? Number.POSITIVE_INFINITY;
  return [lowest, highest];
}
