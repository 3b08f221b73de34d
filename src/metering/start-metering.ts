import type { Directory } from '../directory/directory.ts';
import type { StoredRegistry } from '../directory/stored-registry.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Logger } from '../observability/create-logger.ts';
import type { Metrics } from '../observability/metrics.ts';
import type { TraceExporter } from '../observability/traces/trace-exporter.ts';
import { type BatchMeter, createBatchMeter } from './batches/batch-meter.ts';
import type { CallPolicies } from './call-policies.ts';
import { createGraceBudget, type GraceBudget } from './grace-budget.ts';
import { createLeaseKeeper, type LeaseKeeper } from './lease-keeper.ts';
import { type CreditShortage, createMeter, type Meter } from './meter.ts';
import { createOpenCalls, type OpenCalls } from './open-calls.ts';
import { createOpenCostMemory } from './open-cost-memory.ts';
import type { PriceBook } from './price-book.ts';
import { recoverOrphans } from './recover-orphans.ts';
import { createSettleQueue, type SettleQueue } from './settle-queue.ts';
import { type OpenedSpool, openSettleSpool } from './settle-spool.ts';
import { createSweeper, type Sweeper } from './sweeper.ts';
import { systemTimers, type Timers } from './timers.ts';

/** Milliseconds, and places in the spool. */
export interface MeteringLimits {
  holdLeaseMs: number;
  holdHeartbeatMs: number;
  spoolEntries: number;
  graceLifeMs: number;
  callTotalMs: number;
  batchPollMs: number;
}

export interface MeteringOptions {
  ledger: Ledger;
  directory: Directory;
  stored: StoredRegistry;
  metrics: Metrics;
  priceBook: PriceBook;
  logger: Logger;
  /** File of this process alone. */
  spoolPath: string;
  limits: MeteringLimits;
  policies: CallPolicies & { orphanedCalls: 'charge' | 'release' };
  traces: TraceExporter | undefined;
  /** 0: calls are refused while the store does not answer. */
  graceBudgetNanoUsd: bigint;
  onShortOfCredit(short: CreditShortage): void;
  /** False: the store is there and must not be trusted with money. */
  isFit(): boolean;
  /** The machine's own clock unless given. */
  timers?: Timers;
  /** The spool, opened elsewhere than at its path. */
  openSpool?(): Promise<OpenedSpool>;
}

/** What meters calls, and what works for it in the background. */
export interface Metering {
  grace: GraceBudget | undefined;
  meter: Meter;
  batches: BatchMeter;
  openCalls: OpenCalls;
  settleQueue: SettleQueue;
  leaseKeeper: LeaseKeeper;
  sweeper: Sweeper;
  traces: TraceExporter | undefined;
}

/** Opens the spool and starts to deliver what an earlier process left in it. Throws the disk's errors. */
export async function startMetering(options: MeteringOptions): Promise<Metering> {
  const { ledger, metrics, logger, limits, policies, timers = systemTimers } = options;
  const openCalls = createOpenCalls();
  const shared = { ledger, timers, metrics, logger, openCalls, limits };
  const { spool, waiting, orphans, corruptLines } = await (options.openSpool?.() ??
    openSettleSpool(options.spoolPath, timers));
  if (corruptLines > 0)
    logger.error({ lines: corruptLines }, 'lines of the settle spool could not be read and were set aside');
  const grace = startGrace(options, [...waiting, ...orphans]);
  const settleQueue = createSettleQueue({
    ...shared,
    spool,
    waiting,
    entriesMax: limits.spoolEntries,
    onAcknowledged: (write) => grace?.acknowledge(write),
  });
  metrics.watchSpool(() => settleQueue.waiting());
  recoverOrphans({ settleQueue, metrics, logger }, orphans, policies.orphanedCalls);
  const { directory, stored, priceBook, traces } = options;
  const calls = { ...shared, traces, priceBook, settleQueue, policies, openCosts: createOpenCostMemory() };
  return {
    traces,
    grace,
    openCalls,
    settleQueue,
    meter: createMeter({
      ...calls,
      onShortOfCredit: options.onShortOfCredit,
      ...(grace === undefined ? {} : { grace }),
    }),
    batches: createBatchMeter({ ...calls, directory, stored }),
    leaseKeeper: createLeaseKeeper(shared),
    sweeper: createSweeper(shared),
  };
}

function startGrace(
  { graceBudgetNanoUsd, isFit, metrics, limits, timers = systemTimers }: MeteringOptions,
  waiting: Parameters<typeof createGraceBudget>[0]['waiting'],
): GraceBudget | undefined {
  if (graceBudgetNanoUsd === 0n) return undefined;
  return createGraceBudget({
    budgetNanoUsd: graceBudgetNanoUsd,
    lifeMs: limits.graceLifeMs,
    nowMs: timers.nowMs,
    isFit,
    waiting,
    metrics,
  });
}

/** Whether calls can be served: a process that says it is not ready is sent none, while they could go on. */
export async function pingOrGrace(ledger: Pick<Ledger, 'ping'>, grace: GraceBudget): Promise<void> {
  try {
    await ledger.ping();
  } catch (error) {
    if (!grace.isOpen()) throw error;
  }
}
