import type { NanoUsd } from '../domain/money.ts';
import type { QuotaMeasure } from '../domain/quota.ts';
import { writeRecord } from './record-json.ts';

/** A Message Batch of an account, from before it is sent upstream until its results are charged. */
export interface BatchRecord {
  /** Our own id, `batch_...`, known before the upstream's. */
  id: string;
  accountId: string;
  keyId: string;
  teamId?: string;
  memberId?: string;
  /** Of the request that created it. */
  requestId: string;
  /** Its prices are those of this instant. */
  createdAtMs: number;
  /** `creating`: whether it exists upstream is not known. */
  state: 'creating' | 'open' | 'settled';
  /** The upstream's id, `msgbatch_...`; undefined while creating. */
  upstreamId?: string;
  /**
   * Found upstream after its creation was left without an answer. It is charged, but its client never learnt its id,
   * and that it is this account's rests on a comparison: it is shown to nobody.
   */
  isAdopted?: true;
  items: number;
  /** Tells the custom ids of this batch from those of another, in any order. */
  customIdsDigest: string;
  /** One for each model that its items ask for. */
  holds: readonly BatchHold[];
}

/** What is held for the items of one model: a grant or a quota that counts one model only must not pay for others. */
export interface BatchHold {
  holdId: string;
  /** Id of the model on the rate card. */
  model: string;
  modelLabels: readonly string[];
  amountNanoUsd: NanoUsd;
  items: number;
  /** Of all items: bytes that may be prompt tokens. What an item without a usage is estimated by. */
  promptBytes: number;
  cells: readonly BatchCell[];
}

/** A quota cell that counts a batch, in the window of its creation. */
export interface BatchCell {
  quotaId: string;
  window: string;
  measure: QuotaMeasure;
  endsAtMs?: number;
}

type StoredBatch = Omit<BatchRecord, 'holds'> & {
  holds: (Omit<BatchHold, 'amountNanoUsd'> & { amountNanoUsd: string })[];
};

/** As JSON, amounts as decimal strings. */
export function writeBatchRecord(record: BatchRecord): string {
  return writeRecord(record);
}

/** Reads what {@link writeBatchRecord} wrote. */
export function readBatchRecord(text: string): BatchRecord {
  const { holds, ...rest } = JSON.parse(text) as StoredBatch;
  return { ...rest, holds: holds.map((hold) => ({ ...hold, amountNanoUsd: BigInt(hold.amountNanoUsd) })) };
}
