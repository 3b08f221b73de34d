import type { Limits } from '../config/settings.ts';
import type { PrincipalCache } from '../directory/principal-cache.ts';
import type { StoredRegistry } from '../directory/stored-registry.ts';
import type { NanoUsd } from '../domain/money.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { BatchMeter } from '../metering/batches/batch-meter.ts';
import type { Meter } from '../metering/meter.ts';
import type { Logger } from '../observability/create-logger.ts';
import type { Metrics } from '../observability/metrics.ts';
import type { BatchFolder } from './batches/batch-folder.ts';
import type { ForwardParts } from './forward-types.ts';

/** Everything the public listener needs. */
export interface PublicParts extends Omit<ForwardParts, 'limits' | 'metrics' | 'logger' | 'drains' | 'pace'> {
  limits: Limits;
  principals: Pick<PrincipalCache, 'find' | 'findKnown'>;
  meter: Meter;
  stored: Pick<
    StoredRegistry,
    'addFile' | 'removeFile' | 'findForeignFile' | 'listFiles' | 'findBatch' | 'listBatches' | 'removeBatch'
  >;
  batches: BatchMeter;
  /** Where batches and uploaded files are kept while they are read. */
  batchFolder: BatchFolder;
  /** Where clients reach this listener; undefined: as their requests name it. */
  publicUrl?: string | undefined;
  ledger: Pick<Ledger, 'readBalance' | 'readCells' | 'ping'>;
  /** As far as the sums over the journal have come. Faults are those of the Ledger. */
  readKeySpend(spender: {
    accountId: string;
    keyId: string;
    timezone: string;
    atMs: number;
  }): Promise<{ todayNanoUsd: NanoUsd; monthNanoUsd: NanoUsd }>;
  metrics: Pick<
    Metrics,
    | 'openStreams'
    | 'promptCounted'
    | 'admissionRefused'
    | 'requestRefused'
    | 'requestForwarded'
    | 'observeOverhead'
    | 'storeFailed'
  >;
  logger: Pick<Logger, 'info' | 'warn' | 'error'>;
  /** True from the beginning of the shutdown: new requests are refused, running ones go on. */
  isClosing(): boolean;
  /** What to tell a caller without credit; {@link TOP_UP_HINT} unless given. */
  topUpHint?: string;
}
