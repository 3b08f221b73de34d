import type { NanoUsd } from '../domain/money.ts';
import type { Quota } from '../domain/quota.ts';

/** Why a call was not admitted. Nothing was sent upstream and no credit is held. */
export type AdmissionRefusal =
  | {
      kind: 'insufficient_credit';
      /** Of credit for this model; `elsewhereNanoUsd`: of credit that is for other models alone. */
      availableNanoUsd: NanoUsd;
      neededNanoUsd: NanoUsd;
      elsewhereNanoUsd?: NanoUsd;
    }
  | {
      kind: 'quota_exceeded';
      quota: Quota;
      /** In force at the call's start; in the quota's measure, as the two below. */
      limit: bigint;
      /** What is left of it, less than is needed. */
      room: bigint;
      needed: bigint;
      /** When the window ends, in ms; undefined where it has no end. */
      endsAtMs?: number;
    }
  | { kind: 'model_not_allowed'; model: string; item?: number }
  | { kind: 'model_not_priced'; model: string; item?: number }
  /**
   * The dearest this call can be is beyond any amount the ledger can hold, or cannot be bounded. Of a batch, `item` is
   * the index of the item it is about.
   */
  | { kind: 'unbounded_cost'; reason: string; item?: number }
  | { kind: 'account_frozen' }
  | { kind: 'account_closed' }
  /** The store did not answer: fail closed. */
  | { kind: 'ledger_unavailable' }
  /** Too many settles wait for the store. */
  | { kind: 'spool_full' };
