import type { NanoUsd } from '../domain/money.ts';

/** Why a call was not admitted. Nothing was sent upstream and no credit is held. */
export type AdmissionRefusal =
  | { kind: 'insufficient_credit'; availableNanoUsd: NanoUsd; neededNanoUsd: NanoUsd }
  | {
      kind: 'quota_exceeded';
      quotaId: string;
      window: string;
      measure: 'usd' | 'tokens' | 'requests' | 'concurrency';
      limit: bigint;
      room: bigint;
      /** When the window ends, in ms; undefined where it has no end. */
      endsAtMs?: number;
    }
  | { kind: 'model_not_allowed'; model: string }
  | { kind: 'model_not_priced'; model: string }
  /** The dearest this call can be is beyond any amount the ledger can hold, or cannot be bounded. */
  | { kind: 'unbounded_cost'; reason: string }
  | { kind: 'account_frozen' }
  | { kind: 'account_closed' }
  /** The store did not answer: fail closed. */
  | { kind: 'ledger_unavailable' }
  /** Too many settles wait for the store. */
  | { kind: 'spool_full' };
