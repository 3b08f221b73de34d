import type { Directory } from '../../directory/directory.ts';
import type { StoredRegistry } from '../../directory/stored-registry.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import type { Logger } from '../../observability/create-logger.ts';
import type { Metrics } from '../../observability/metrics.ts';
import type { CallPolicies } from '../call-policies.ts';
import type { OpenCostMemory } from '../open-cost-memory.ts';
import type { PriceBook } from '../price-book.ts';
import type { SettleQueue } from '../settle-queue.ts';
import type { Timers } from '../timers.ts';

/** What the metering of batches works with. */
export interface BatchParts {
  ledger: Pick<Ledger, 'hold' | 'settle' | 'release'>;
  stored: Pick<
    StoredRegistry,
    'addBatch' | 'openBatch' | 'settleBatch' | 'removeBatch' | 'postponeBatch' | 'claimDueBatches' | 'findBatch'
  >;
  directory: Pick<Directory, 'findAccount'>;
  priceBook: Pick<PriceBook, 'card' | 'cardOf'>;
  /** Carries releases: they need not be waited for. */
  settleQueue: Pick<SettleQueue, 'deliver' | 'isFull'>;
  timers: Timers;
  metrics: Pick<
    Metrics,
    | 'storeFailed'
    | 'unpricedRequest'
    | 'settleAnswered'
    | 'observeOverhead'
    | 'usageMissing'
    | 'batchCreated'
    | 'batchCharged'
    | 'batchResults'
    | 'batchLookedAt'
  >;
  logger: Pick<Logger, 'info' | 'warn' | 'error'>;
  policies: CallPolicies;
  openCosts: Pick<OpenCostMemory, 'largest'>;
  limits: {
    /** Longest life of the request that creates a batch. */
    callTotalMs: number;
    /** Longest time between two looks at a batch. */
    batchPollMs: number;
  };
}
