import type { Ledger } from '../ledger/ledger.ts';
import type { Logger } from '../observability/create-logger.ts';
import type { Metrics } from '../observability/metrics.ts';
import type { StoreOperation } from '../observability/settle-metrics.ts';
import type { OpenCalls } from './open-calls.ts';
import type { Timers } from './timers.ts';

export interface SweeperParts {
  ledger: Pick<Ledger, 'findDue' | 'reclaim' | 'tick'>;
  openCalls: Pick<OpenCalls, 'has'>;
  timers: Timers;
  metrics: Pick<Metrics, 'storeFailed' | 'holdsReclaimed'>;
  logger: Pick<Logger, 'warn' | 'error'>;
}

export interface Sweeper {
  /** One sweep; never rejects. A sweep that is asked for while one is under way is that one. */
  sweep(): Promise<void>;
  stop(): void;
}

const SWEEP_EVERY_MS = 1_000;
/** Of each kind, per sweep; what is left waits a second. */
const SWEEP_AT_MOST = 100;

/**
 * Gives back the holds of processes that died, and activates and expires grants on time. Any number of replicas may
 * sweep: the ledger checks the deadline itself.
 */
export function createSweeper(parts: SweeperParts): Sweeper {
  let running: Promise<void> | undefined;
  const sweep = (): Promise<void> => {
    running ??= sweepOnce(parts).finally(() => {
      running = undefined;
    });
    return running;
  };
  return { sweep, stop: parts.timers.every(SWEEP_EVERY_MS, () => void sweep()) };
}

async function sweepOnce(parts: SweeperParts): Promise<void> {
  const { ledger, openCalls } = parts;
  const due = await attempt(parts, 'read', () => ledger.findDue(SWEEP_AT_MOST));
  if (due === undefined) return;
  // A call of our own that missed its heartbeats in an outage is alive; its next heartbeat prolongs it.
  const orphans = due.holds.filter(({ holdId }) => !openCalls.has(holdId));
  for (const orphan of orphans) await attempt(parts, 'reclaim', () => reclaim(parts, orphan));
  for (const accountId of due.accounts) await attempt(parts, 'tick', () => ledger.tick({ accountId }));
}

async function reclaim(parts: SweeperParts, hold: { accountId: string; holdId: string }): Promise<void> {
  const reply = await parts.ledger.reclaim({ ...hold, details: { reason: 'lease_ended' } });
  if (reply.result !== 'reclaimed') return;
  parts.metrics.holdsReclaimed(1);
  parts.logger.warn({ account_id: hold.accountId, hold_id: hold.holdId }, 'reclaimed a hold whose lease had ended');
}

/** One account that cannot be read must not keep the rest from being swept. */
async function attempt<T>(
  { metrics, logger }: SweeperParts,
  operation: StoreOperation,
  run: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await run();
  } catch (error) {
    metrics.storeFailed(operation);
    logger.error({ err: error, operation }, 'a step of the sweep failed');
    return undefined;
  }
}
