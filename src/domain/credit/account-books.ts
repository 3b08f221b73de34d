import type { NanoUsd } from '../money.ts';
import type {
  AccountBalance,
  AccountMode,
  AccountStatus,
  GrantState,
  HoldState,
  Refund,
  Tombstone,
} from './credit-types.ts';
import { createReload, type ReloadState } from './reload-state.ts';

/**
 * The state of one account that the rules read and change. A store may load only what a command can touch:
 * every grant that still has credit (remaining or held), the hold or grant named, its tombstone, the cells named.
 */
export interface AccountBooks {
  readonly accountId: string;
  status: AccountStatus;
  mode: AccountMode;
  creditLimitNanoUsd: NanoUsd;
  debtNanoUsd: NanoUsd;
  debtHeldNanoUsd: NanoUsd;
  chargedNanoUsd: NanoUsd;
  totals: GrantTotals;
  /** Sequence of the last journal entry; 0 before the first. */
  sequence: number;
  /** Instant of the last journal entry: time does not run backwards after a fail-over or a clock step. */
  lastMs: number;
  /** Grants ever made, the source of their ordinals. */
  grantCount: number;
  /** In order of creation, which is the order in which several that are due at once expire. */
  grants: Map<string, GrantState>;
  holds: Map<string, HoldState>;
  tombstones: Map<string, Tombstone>;
  /**
   * By the id of the refund or correction. Kept for good: they are few, and one sent again after months must not be
   * done twice.
   */
  refunds: Map<string, Refund>;
  /** Given back so far, by hold id, over all its refunds and corrections; below zero where those charged more. */
  refunded: Map<string, NanoUsd>;
  reload: ReloadState;
  /** By {@link cellKey}. */
  cells: Map<string, { used: bigint; held: bigint }>;
}

/** Sums over all grants of the account, archived ones included. */
export interface GrantTotals {
  grantedNanoUsd: NanoUsd;
  remainingNanoUsd: NanoUsd;
  heldNanoUsd: NanoUsd;
  spentNanoUsd: NanoUsd;
  expiredNanoUsd: NanoUsd;
  voidedNanoUsd: NanoUsd;
}

export function cellKey(cell: { quotaId: string; window: string }): string {
  return `${cell.quotaId}@${cell.window}`;
}

/** What {@link cellKey} was made of; a quota id has no `@`. */
export function readCellKey(key: string): { quotaId: string; window: string } {
  const border = key.indexOf('@');
  return { quotaId: key.slice(0, border), window: key.slice(border + 1) };
}

export function createBooks(accountId: string): AccountBooks {
  return {
    accountId,
    status: 'open',
    mode: 'prepaid',
    creditLimitNanoUsd: 0n,
    debtNanoUsd: 0n,
    debtHeldNanoUsd: 0n,
    chargedNanoUsd: 0n,
    totals: {
      grantedNanoUsd: 0n,
      remainingNanoUsd: 0n,
      heldNanoUsd: 0n,
      spentNanoUsd: 0n,
      expiredNanoUsd: 0n,
      voidedNanoUsd: 0n,
    },
    sequence: 0,
    lastMs: 0,
    grantCount: 0,
    grants: new Map(),
    holds: new Map(),
    tombstones: new Map(),
    refunds: new Map(),
    refunded: new Map(),
    reload: createReload(),
    cells: new Map(),
  };
}

/** The balance at an instant up to which the books have been advanced. */
export function balanceOf(books: AccountBooks, nowMs: number): AccountBalance {
  let pendingNanoUsd = 0n;
  for (const grant of books.grants.values()) {
    if (grant.effectiveAtMs > nowMs) pendingNanoUsd += grant.remainingNanoUsd;
  }
  const { remainingNanoUsd, ...totals } = books.totals;
  return {
    status: books.status,
    mode: books.mode,
    creditLimitNanoUsd: books.creditLimitNanoUsd,
    ...totals,
    availableNanoUsd: remainingNanoUsd - pendingNanoUsd,
    pendingNanoUsd,
    debtNanoUsd: books.debtNanoUsd,
    debtHeldNanoUsd: books.debtHeldNanoUsd,
    chargedNanoUsd: books.chargedNanoUsd,
    sequence: books.sequence,
  };
}
