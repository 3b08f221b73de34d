import type { NanoUsd } from '../money.ts';
import type { AccountBalance, AccountMode, AccountStatus, Allocation, CellUse, GrantKind } from './credit-types.ts';

export interface AccountCommand {
  accountId: string;
}
export interface OpenAccountCommand extends AccountCommand {
  mode: AccountMode;
  /** How far debt may go: zero for prepaid, the credit limit for postpaid. */
  creditLimitNanoUsd: NanoUsd;
}
export type OpenAccountReply = { result: 'opened' } | { result: 'exists' };

export interface SetPolicyCommand extends AccountCommand {
  status?: Extract<AccountStatus, 'open' | 'frozen'>;
  mode?: AccountMode;
  creditLimitNanoUsd?: NanoUsd;
}
export type SetPolicyReply = { result: 'set' } | { result: 'unchanged' } | AccountRefusal;

/** The account is not there, or its status forbids the transition. */
export type AccountRefusal = { result: 'no_account' } | { result: 'closed' } | { result: 'frozen' };

export type CloseAccountReply = { result: 'closed_now'; balance: AccountBalance } | AccountRefusal;

export interface GrantCommand extends AccountCommand {
  /** Deterministic where the caller retries: the same id with the same content answers `exists`. */
  grantId: string;
  amountNanoUsd: NanoUsd;
  kind: GrantKind;
  /** 0 (burns first) to 99; 50 unless stated. */
  priority: number;
  effectiveAtMs: number;
  /** Exclusive: the grant can be spent while `effectiveAtMs <= now < expiresAtMs`. */
  expiresAtMs: number;
  /** Model ids or families the credit may pay for; absent means all. */
  models?: readonly string[];
  details?: EntryDetails;
}
export type GrantReply =
  | { result: 'granted' | 'exists'; balance: AccountBalance }
  | { result: 'conflict' }
  | { result: 'bad_time' }
  | OutOfRange
  | AccountRefusal;

/** A number would pass 2^53 - 1 nano-dollars, or a list its limit. Nothing was written. */
export type OutOfRange = { result: 'out_of_range'; what: string };

export interface InsufficientCredit {
  result: 'insufficient_credit';
  /** For this model, the room on the credit limit included. */
  availableNanoUsd: NanoUsd;
  neededNanoUsd: NanoUsd;
  /** What grants for other models have besides; absent: nothing. */
  elsewhereNanoUsd?: NanoUsd;
}

export interface VoidGrantCommand extends AccountCommand {
  grantId: string;
  details?: EntryDetails;
}
export type VoidGrantReply =
  | { result: 'voided' | 'already_voided'; balance: AccountBalance }
  | { result: 'no_grant' }
  | AccountRefusal;

/** Facts for people and reports, carried in the journal unread by the ledger. At most 8 KB as JSON. No keys, no prompts. */
export type EntryDetails = { readonly [name: string]: unknown };

/**
 * The facts of an ended call: as they are, or as the JSON text that the journal keeps, written once for all the places
 * it goes to.
 */
export type EndDetails = EntryDetails | string;

export interface CellName {
  /** Id of the quota, which is the name of its counter. */
  quotaId: string;
  /** The window the call started in, for example `day:2026-11-21` or `total`. */
  window: string;
}

/** One quota to be checked and counted with a hold. */
export interface QuotaCell extends CellName {
  measure: 'usd' | 'tokens' | 'requests' | 'concurrency';
  /** In nano-dollars, tokens, requests or open calls. Zero blocks. */
  limit: bigint;
  mode: 'hard' | 'soft' | 'shadow';
  /** When the window ends, in ms; undefined for `total` and concurrency. */
  endsAtMs?: number;
  /** In a cell of requests, how many this is: a batch is many. One unless given. */
  count?: number;
}

export interface HoldCommand extends AccountCommand {
  /** `hold_` and a ULID made for this attempt; its time may differ from the store's by 30 s at most. */
  holdId: string;
  amountNanoUsd: NanoUsd;
  /** When `amountNanoUsd` does not fit, whatever fits from here up is held. Absent: all or nothing. */
  minNanoUsd?: NanoUsd;
  /** Ceiling of the tokens, for token quotas. */
  tokens: bigint;
  leaseMs: number;
  /** The model id and its family: a grant with a model scope matches any of these. */
  modelLabels: readonly string[];
  /** At most 32. */
  cells: readonly QuotaCell[];
}
export type HoldReply =
  | { result: 'held'; amountNanoUsd: NanoUsd; balance: AccountBalance; cells: CellUse[] }
  /** This id has an open hold already (a resend): treat as held. */
  | { result: 'exists'; amountNanoUsd: NanoUsd; balance: AccountBalance; cells: CellUse[] }
  /** This id was closed before. */
  | { result: 'done' }
  | InsufficientCredit
  | { result: 'quota_exceeded'; quotaId: string; window: string; limit: bigint; room: bigint; endsAtMs?: number }
  /** The id's time is more than 30 s off the store's. */
  | { result: 'bad_time' }
  | OutOfRange
  | AccountRefusal;

export interface ExtendCommand extends AccountCommand {
  holdId: string;
  /**
   * What the hold should amount to in all, so that a resend enlarges nothing twice. At or below its present amount
   * this is a heartbeat: it prolongs the lease and writes no journal entry.
   */
  toNanoUsd: NanoUsd;
  leaseMs: number;
  modelLabels: readonly string[];
  /** The hold's cells, with their limits as of now. */
  cells: readonly QuotaCell[];
}
export type ExtendReply =
  | { result: 'extended'; amountNanoUsd: NanoUsd; balance: AccountBalance }
  | InsufficientCredit
  | { result: 'quota_exceeded'; quotaId: string; window: string; limit: bigint; room: bigint; endsAtMs?: number }
  | { result: 'no_hold' }
  | OutOfRange
  | AccountRefusal;

export interface SettleCommand extends AccountCommand {
  holdId: string;
  /** The true cost; zero is allowed and is a charge of nothing. */
  amountNanoUsd: NanoUsd;
  tokens: bigint;
  modelLabels: readonly string[];
  cells: readonly Pick<QuotaCell, 'quotaId' | 'window' | 'measure' | 'endsAtMs' | 'count'>[];
  details?: EndDetails;
}
export type SettleReply =
  /** `late`: the hold had been reclaimed or lost; charged now, once. `overageNanoUsd`: cost beyond the hold. */
  | { result: 'settled' | 'late'; overageNanoUsd: NanoUsd; balance: AccountBalance }
  | { result: 'duplicate' }
  /** The id was closed before at another amount, or released. Nothing was charged. */
  | { result: 'conflict' }
  /** Older than the tombstones (72 h): whether it was charged can no longer be known here. */
  | { result: 'too_old' }
  | OutOfRange
  | { result: 'no_account' };

export interface ReleaseCommand extends AccountCommand {
  holdId: string;
  details?: EndDetails;
}
export type ReleaseReply =
  | { result: 'released'; balance: AccountBalance }
  | { result: 'duplicate' }
  | { result: 'done' }
  | { result: 'no_account' };
export type ReclaimReply =
  | { result: 'reclaimed'; amountNanoUsd: NanoUsd; balance: AccountBalance }
  | { result: 'early' }
  | { result: 'done' }
  | { result: 'no_hold' }
  | { result: 'no_account' };
/**
 * The charge of an ended call. The caller has read from the journal where it went: the `settle`, `draw` and `debt`
 * postings of the hold's settle or late entry.
 */
export interface ChargedCall extends AccountCommand {
  holdId: string;
  /** Of the charge, in the order they were taken. */
  allocations: readonly Allocation[];
  /** Part of the charge that became debt. */
  debtNanoUsd: NanoUsd;
  /**
   * Grants that take back, in this order, what the charge's own grants cannot: debt that other grants have repaid
   * since, and what corrections have charged besides. At most 1,000.
   */
  fallbackGrantIds: readonly string[];
  details?: EntryDetails;
}
/** Gives back, inside the account, what a settled call was charged. */
export interface RefundCommand extends ChargedCall {
  /** `refund_` and a ULID. The same id with the same content answers `exists`, for ever. */
  refundId: string;
  /** Absent: all of the charge that has not been given back yet. */
  amountNanoUsd?: NanoUsd;
}
export type RefundReply =
  /** `refundedNanoUsd`: of this hold over all its refunds. */
  | { result: 'refunded' | 'exists'; amountNanoUsd: NanoUsd; refundedNanoUsd: NanoUsd; balance: AccountBalance }
  /** The id was used for another hold or amount. */
  | { result: 'conflict' }
  /** More than is left of the charge, or nothing is left. */
  | { result: 'exceeds_charge'; chargedNanoUsd: NanoUsd; refundedNanoUsd: NanoUsd }
  /** The hold is open, or is remembered to have ended otherwise than by this charge. */
  | { result: 'not_settled' }
  /** The grants named have not that much spent. */
  | { result: 'no_credit' }
  | OutOfRange
  | { result: 'no_account' };
/**
 * Sets what an ended call is charged, by a later fact. A released call is one that was charged nothing.
 */
export interface CorrectCommand extends ChargedCall {
  /** `correction_` and a ULID. Sent again for the same call it answers `exists`, for ever. */
  correctionId: string;
  /** What the call is charged in all, refunds and earlier corrections included. */
  toNanoUsd: NanoUsd;
}
export type CorrectReply =
  /** `changeNanoUsd`: what the charge has grown by; below zero where it was given back. */
  | { result: 'corrected' | 'exists'; changeNanoUsd: NanoUsd; balance: AccountBalance }
  /** The call is charged just that. */
  | { result: 'unchanged'; balance: AccountBalance }
  /** The id was used for another call. */
  | { result: 'conflict' }
  /** The hold is open, or is remembered to have ended otherwise than by this charge. */
  | { result: 'not_settled' }
  /** The grants named have not that much spent. */
  | { result: 'no_credit' }
  | OutOfRange
  | { result: 'no_account' };
export type TickReply = { result: 'advanced'; balance: AccountBalance } | { result: 'idle' } | { result: 'no_account' };
