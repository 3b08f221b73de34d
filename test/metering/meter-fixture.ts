import type { MessagesRequest } from '../../src/domain/call-request.ts';
import type { RateCard } from '../../src/domain/rate-card.ts';
import type { Ledger } from '../../src/ledger/ledger.ts';
import { createGraceBudget } from '../../src/metering/grace-budget.ts';
import { createMeter } from '../../src/metering/meter.ts';
import type { MeteredCall } from '../../src/metering/metered-call.ts';
import { createOpenCalls } from '../../src/metering/open-calls.ts';
import { createPriceBook } from '../../src/metering/price-book.ts';
import { createSettleQueue } from '../../src/metering/settle-queue.ts';
import { openSettleSpool } from '../../src/metering/settle-spool.ts';
import { createMetrics } from '../../src/observability/metrics.ts';
import { createLog, loadRateCard } from '../support/shared-parts.ts';
import { makePrincipal, makeRequest, openFolder, openLedgerFixture } from './metering-fixtures.ts';

export const FACTS = { requestId: 'req_1', arrivedAtMs: Date.UTC(2026, 10, 20, 12), sessionId: 'session-1' };
export const GRACE_LIFE_MS = 600_000;
export const limits = { holdLeaseMs: 120_000, holdHeartbeatMs: 30_000 };

export interface MeterFixtureOptions {
  creditUsd?: number;
  /** How long the credit lasts; one day unless given. */
  creditDays?: number;
  /** Instant at which the clock stands. */
  startMs?: number;
  entriesMax?: number;
  /** The one that is delivered unless given. */
  rateCard?: RateCard;
  /** The grace budget; none unless given. */
  graceNanoUsd?: bigint;
  /** Whether the store may be trusted; always unless given. */
  isFit?(): boolean;
  /** Puts something between the meter and the ledger. */
  wrap?(ledger: Ledger): Ledger;
}

/** A meter on the embedded ledger in memory, with all that it works with. */
export async function openMeter(options: MeterFixtureOptions = {}) {
  const fixture = await openLedgerFixture(options.creditUsd ?? 10, options);
  const folder = await openFolder();
  const { spool, waiting } = await openSettleSpool(folder.file('spool'));
  const { log, logger } = createLog();
  const { timers } = fixture;
  const rateCard = loadRateCard();
  const metrics = createMetrics({ models: rateCard.models, nowMs: timers.nowMs, processMetrics: false });
  const priceBook = createPriceBook(options.rateCard ?? rateCard);
  const ledger = options.wrap?.(fixture.ledger) ?? fixture.ledger;
  const openCalls = createOpenCalls();
  const shared = { ledger, timers, metrics, logger, openCalls, limits };
  const { graceNanoUsd: budgetNanoUsd, isFit = () => true } = options;
  const graceParts = { lifeMs: GRACE_LIFE_MS, nowMs: timers.nowMs, isFit, waiting, metrics };
  const grace = budgetNanoUsd === undefined ? undefined : createGraceBudget({ ...graceParts, budgetNanoUsd });
  const settleQueue = createSettleQueue({
    ...shared,
    spool,
    waiting,
    entriesMax: options.entriesMax ?? 10,
    onAcknowledged: (write) => grace?.acknowledge(write),
  });
  return {
    fixture,
    grace,
    log,
    metrics,
    openCalls,
    priceBook,
    settleQueue,
    shared,
    meter: createMeter({ ...shared, priceBook, settleQueue, ...(grace === undefined ? {} : { grace }) }),
    async [Symbol.asyncDispose]() {
      await settleQueue.close();
      await fixture[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}

export type MeterFixture = Awaited<ReturnType<typeof openMeter>>;

export async function admit(
  { meter }: MeterFixture,
  request = makeRequest(),
  principal = makePrincipal(),
): Promise<MeteredCall> {
  const admission = await meter.admit(principal, request, FACTS);
  if (!admission.admitted) throw new Error(admission.refusal.kind);
  return admission.call;
}

export async function refusal({ meter }: MeterFixture, request: MessagesRequest, principal = makePrincipal()) {
  const admission = await meter.admit(principal, request, FACTS);
  return admission.admitted ? 'admitted' : admission.refusal;
}
