import type { NanoUsd } from '../money.ts';

export type AccountMode = 'prepaid' | 'postpaid';
export type AccountStatus = 'open' | 'frozen' | 'closed';
export type GrantKind = 'paid' | 'promotional';

/** All in nano-dollars. `granted = available + pending + held + spent + expired + voided`, `charged = spent + debt`. */
export interface AccountBalance {
  status: AccountStatus;
  mode: AccountMode;
  creditLimitNanoUsd: NanoUsd;
  grantedNanoUsd: NanoUsd;
  /** Spendable now: remaining of grants in effect. */
  availableNanoUsd: NanoUsd;
  /** Remaining of grants not yet in effect. */
  pendingNanoUsd: NanoUsd;
  heldNanoUsd: NanoUsd;
  spentNanoUsd: NanoUsd;
  expiredNanoUsd: NanoUsd;
  voidedNanoUsd: NanoUsd;
  /** Cost beyond the credit, repaid first by any later credit. */
  debtNanoUsd: NanoUsd;
  /** Part of open holds that stands on the credit limit, not on a grant. */
  debtHeldNanoUsd: NanoUsd;
  /** Cost of all settled calls: `spent + debt`. */
  chargedNanoUsd: NanoUsd;
  /** Sequence of the account's last journal entry. */
  sequence: number;
}

/** A credit grant. `granted = remaining + held + spent + expired + voided` always. */
export interface GrantState {
  grantId: string;
  kind: GrantKind;
  /** 0 burns first. */
  priority: number;
  effectiveAtMs: number;
  expiresAtMs: number;
  /** Order of creation within the account, from 1. */
  ordinal: number;
  /** Model ids or families it may pay for; absent: all. */
  models?: readonly string[];
  /** Set when it was voided: what comes back from holds is voided too. */
  voided: boolean;
  grantedNanoUsd: NanoUsd;
  remainingNanoUsd: NanoUsd;
  heldNanoUsd: NanoUsd;
  spentNanoUsd: NanoUsd;
  expiredNanoUsd: NanoUsd;
  voidedNanoUsd: NanoUsd;
}

export interface Allocation {
  grantId: string;
  amountNanoUsd: NanoUsd;
}

/** What a quota cell holds after a transition. */
export interface CellUse {
  quotaId: string;
  window: string;
  used: bigint;
  held: bigint;
}

/** A hold's share in one quota cell. */
export interface CellShare {
  quotaId: string;
  window: string;
  held: bigint;
}

export interface HoldState {
  holdId: string;
  amountNanoUsd: NanoUsd;
  deadlineMs: number;
  createdAtMs: number;
  /** In burn order; a settle consumes from the front and gives back from the back. */
  allocations: Allocation[];
  /** Part that stands on the credit limit. */
  debtHeldNanoUsd: NanoUsd;
  cells: CellShare[];
}

/** Charge given back; below zero: charged besides, by a correction. */
export interface Refund {
  holdId: string;
  amountNanoUsd: NanoUsd;
}

/** How a hold ended. `late`: charged after it was reclaimed or lost. */
export interface Tombstone {
  state: 'settled' | 'released' | 'reclaimed' | 'late';
  amountNanoUsd: NanoUsd;
  atMs: number;
}

/**
 * One balanced movement. R remaining, H held, S spent, X expired, V voided are the pockets of a grant.
 *
 * | kind | from -> to | |
 * |---|---|---|
 * | grant | issuance -> R | |
 * | hold | R -> H | |
 * | settle | H -> S | charged + |
 * | unhold | H -> R | |
 * | draw | R -> S | charged +, overage paid from live credit |
 * | expire | R -> X | |
 * | void | R -> V | |
 * | repay | R -> S | debt - |
 * | refund | S -> R | charged - |
 * | debt | | charged +, debt + (no grant) |
 * | debt_refund | | charged -, debt - (no grant) |
 * | debt_hold, debt_unhold | | room of the credit limit taken and given back (no grant) |
 */
export type PostingKind =
  | 'grant'
  | 'hold'
  | 'settle'
  | 'unhold'
  | 'draw'
  | 'expire'
  | 'void'
  | 'repay'
  | 'refund'
  | 'debt'
  | 'debt_refund'
  | 'debt_hold'
  | 'debt_unhold';

export interface Posting {
  kind: PostingKind;
  /** Absent for the kinds that touch no grant. */
  grantId?: string;
  /** Above zero. */
  amountNanoUsd: NanoUsd;
}

/** Change of one quota cell; both may be negative. */
export interface CellChange {
  quotaId: string;
  window: string;
  held: bigint;
  used: bigint;
}

export type JournalOperation =
  | 'open'
  | 'policy'
  | 'close'
  | 'grant'
  | 'void'
  | 'hold'
  | 'extend'
  | 'settle'
  | 'late'
  | 'release'
  | 'reclaim'
  | 'refund'
  | 'charge'
  | 'reload_policy'
  | 'reload_request'
  | 'reload_decline'
  | 'tick';

/** An immutable record of one transition. The state of an account is the fold of its entries. */
export interface JournalEntry {
  accountId: string;
  /** Contiguous from 1 within the account. */
  sequence: number;
  atMs: number;
  operation: JournalOperation;
  /** The grant, hold, refund, correction or reload it is about; the account id for the rest. */
  subjectId: string;
  postings: Posting[];
  cells: CellChange[];
  /** What the operation was about: grant terms, the hold's amount, the charge; zero where none. */
  amountNanoUsd: NanoUsd;
  /** The terms a fold needs: of a grant, of a policy, of a refund or correction. */
  terms?: { [name: string]: string | number | boolean | readonly string[] };
  /** The caller's facts, unread by the ledger. */
  details?: { readonly [name: string]: unknown };
}
