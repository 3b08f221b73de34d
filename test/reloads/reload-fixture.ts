import type { ReloadTerms } from '../../src/domain/credit/reload-state.ts';
import { createWindowCache } from '../../src/domain/window-cache.ts';
import type { Ledger } from '../../src/ledger/ledger.ts';
import { observeReplies } from '../../src/ledger/observe-replies.ts';
import { createPaymentAsker } from '../../src/reloads/ask-payment.ts';
import { recordAnswer } from '../../src/reloads/record-answer.ts';
import type { ReloadEvent } from '../../src/reloads/reload-event.ts';
import { createReloadWorker } from '../../src/reloads/reload-worker.ts';
import { createReloadWatch } from '../../src/reloads/watch-reloads.ts';
import { START_MS } from '../ledger/ledger-conformance.ts';
import { makeHoldId } from '../ledger/make-hold-id.ts';
import { SECRET } from './payment-receiver.ts';

export const USD = 1_000_000_000n;
export const ACCOUNT = 'acct_a';
export const TERMS: ReloadTerms = {
  thresholdNanoUsd: 5n * USD,
  mode: 'fixed',
  amountNanoUsd: 20n * USD,
  monthlyCapNanoUsd: 100n * USD,
  hourlyCount: 3,
};

/** One replica: what watches and what asks, over a ledger that it may share with others. */
export function createReplica(ledger: Ledger, clock: { nowMs: number }, url: string) {
  const events: ReloadEvent[] = [];
  const counts: string[] = [];
  const log: string[] = [];
  const write = (facts: object, text: string): void => void log.push(`${text} ${JSON.stringify(facts, errorText)}`);
  const nowMs = () => clock.nowMs;
  // Receivers refuse signatures that are not of their own time.
  const payment = createPaymentAsker({ url, secret: SECRET, nowMs: Date.now, timeoutMs: 2_000 });
  const shared = {
    nowMs,
    logger: { info: write, warn: write, error: write },
    metrics: {
      reloadHappened: (outcome: string) => void counts.push(outcome),
      paymentAsked: (answer: string) => void counts.push(`asked:${answer}`),
      reloadsPending: (count: number) => void counts.push(`pending:${count}`),
    },
    onReloadEvent: async (event: ReloadEvent) => void events.push(event),
  };
  const worker = createReloadWorker({
    ...{ ...shared, ledger, payment },
    findAccountName: async () => 'Acme',
    every: () => () => undefined,
  });
  let requests = 0;
  const watch = createReloadWatch({
    ...{ ...shared, ledger },
    findTimezone: async () => 'Europe/Berlin',
    findWindow: createWindowCache(),
    onRequest() {
      requests += 1;
    },
  });
  return {
    ...{ worker, watch, events, counts, log },
    ledger: observeReplies(ledger, watch.observe),
    requests: () => requests,
    record: (reloadId: string, outcome: 'paid' | 'declined') =>
      recordAnswer({ ...shared, ledger }, ACCOUNT, reloadId, { outcome }),
    close: () => payment.close(),
  };
}

function errorText(_name: string, value: unknown): unknown {
  if (value instanceof Error) return value.message;
  return typeof value === 'bigint' ? `${value}` : value;
}

export async function openAccount(ledger: Ledger, creditNanoUsd = 10n * USD): Promise<void> {
  await ledger.openAccount({ accountId: ACCOUNT, mode: 'prepaid', creditLimitNanoUsd: 0n });
  await ledger.grant({
    ...{ accountId: ACCOUNT, grantId: 'grant_1', amountNanoUsd: creditNanoUsd, kind: 'paid', priority: 50 },
    ...{ effectiveAtMs: START_MS, expiresAtMs: START_MS + 30 * 86_400_000 },
  });
  await ledger.setReload({ accountId: ACCOUNT, terms: TERMS });
}

/** A call from its hold to its settle. */
export async function callOf(ledger: Ledger, amountNanoUsd: bigint, number: number, nowMs = START_MS): Promise<void> {
  const call = { accountId: ACCOUNT, holdId: makeHoldId(nowMs, number), amountNanoUsd, tokens: 1n, cells: [] };
  await ledger.hold({ ...call, modelLabels: ['opus'], leaseMs: 60_000 });
  await ledger.settle({ ...call, modelLabels: ['opus'] });
}
