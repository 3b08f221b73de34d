import type { Ledger } from '../ledger/ledger.ts';
import type { Logger } from '../observability/create-logger.ts';
import type { SettleMetrics } from '../observability/settle-metrics.ts';
import type { OpenCall, OpenCalls } from './open-calls.ts';
import type { Timers } from './timers.ts';

export interface LeaseKeeperParts {
  ledger: Pick<Ledger, 'extend'>;
  openCalls: OpenCalls;
  timers: Timers;
  metrics: Pick<SettleMetrics, 'storeFailed'>;
  logger: Pick<Logger, 'warn'>;
  limits: { holdLeaseMs: number; holdHeartbeatMs: number };
}

export interface LeaseKeeper {
  /** One round of heartbeats. Never rejects: a lost one is made good by the next, well within the lease. */
  beat(): Promise<void>;
  stop(): void;
}

/**
 * Heartbeats sent together. What calls ask of the store meanwhile waits for them, and each takes it about as long as a
 * hold does, 0.1 ms in Redis.
 */
const BATCH = 16;

/** Prolongs the leases of the open calls' holds, on one shared timer, so that only a dead process's holds run out. */
export function createLeaseKeeper(parts: LeaseKeeperParts): LeaseKeeper {
  const { openCalls, timers, limits } = parts;
  let running: Promise<void> | undefined;
  const beat = async (): Promise<void> => {
    const calls = openCalls.list().filter(({ onGrace }) => onGrace !== true);
    for (let start = 0; start < calls.length; start += BATCH) {
      await Promise.all(calls.slice(start, start + BATCH).map((call) => extendLease(parts, call)));
    }
  };
  const beatOnce = (): Promise<void> => {
    running ??= beat().finally(() => {
      running = undefined;
    });
    return running;
  };
  return { beat: beatOnce, stop: timers.every(limits.holdHeartbeatMs, () => void beatOnce()) };
}

async function extendLease(
  parts: LeaseKeeperParts,
  { accountId, holdId, modelLabels, cells }: OpenCall,
): Promise<void> {
  const leaseMs = parts.limits.holdLeaseMs;
  try {
    const reply = await parts.ledger.extend({ accountId, holdId, toNanoUsd: 0n, leaseMs, modelLabels, cells });
    // The settle at the call's end still charges it, once.
    if (reply.result === 'no_hold' && parts.openCalls.has(holdId)) {
      parts.logger.warn({ account_id: accountId, hold_id: holdId }, 'a running call has lost its hold');
    }
  } catch (error) {
    parts.metrics.storeFailed('extend');
    parts.logger.warn({ err: error, hold_id: holdId }, 'a heartbeat was not answered');
  }
}
