import type { NanoUsd } from '../domain/money.ts';
import type {
  AccountBalance,
  AccountMode,
  AccountStatus,
  CellUse,
  GrantKind,
  GrantState,
  HoldState,
  JournalEntry,
} from '../domain/credit/credit-types.ts';

/**
 * The ledger: credit, holds, quota cells and the journal of every account.
 *
 * Every transition is atomic, appends at most one journal entry and is idempotent by the id it names: sending it
 * again changes nothing. Refusals are values; a store that does not answer is a {@link LedgerUnavailable} fault,
 * which means "unknown", never "no".
 */
export interface Ledger {
  /** Opens the books of an account. Sent again with the same policy it answers `exists`. */
  openAccount(command: OpenAccountCommand): Promise<OpenAccountReply>;
  /** Changes status (frozen or open again), mode or credit limit. */
  setPolicy(command: SetPolicyCommand): Promise<SetPolicyReply>;
  /** Ends an account: remaining credit expires, open holds may still settle. */
  closeAccount(command: AccountCommand): Promise<CloseAccountReply>;
  /** Adds credit; debt is repaid first. Idempotent by grant id. */
  grant(command: GrantCommand): Promise<GrantReply>;
  /** Takes back what is left of a grant (chargeback, mistake). Spent credit stays spent. */
  voidGrant(command: VoidGrantCommand): Promise<VoidGrantReply>;
  /** Reserves credit and quota cells, all or nothing, in one step. */
  hold(command: HoldCommand): Promise<HoldReply>;
  /** Prolongs the lease of a hold and, with `moreNanoUsd` above zero, enlarges it. */
  extend(command: ExtendCommand): Promise<ExtendReply>;
  /** Closes a hold at the true cost. Self-contained: it is charged exactly once even if the hold was lost. */
  settle(command: SettleCommand): Promise<SettleReply>;
  /** Closes a hold at nothing. On an unknown id it leaves a tombstone, so that a delayed hold cannot come alive. */
  release(command: ReleaseCommand): Promise<ReleaseReply>;
  /** Releases a hold whose lease has ended. A settle that turns up later is still charged once. */
  reclaim(command: ReleaseCommand): Promise<ReclaimReply>;
  /** Expires and activates grants that are due. */
  tick(command: AccountCommand): Promise<TickReply>;

  readBalance(accountId: string): Promise<AccountBalance | undefined>;
  /** In burn order, then by creation; spent and expired ones included. */
  readGrants(accountId: string): Promise<GrantState[]>;
  readHolds(accountId: string): Promise<HoldState[]>;
  /** Entries with a sequence above `afterSequence`, in sequence. */
  readJournal(accountId: string, options: { afterSequence: number; limit: number }): Promise<JournalEntry[]>;
  /** Used and held of the cells named, in the order asked; a cell never written is zero. */
  readCells(accountId: string, cells: readonly CellName[]): Promise<{ used: bigint; held: bigint }[]>;
  /** What the sweeper should look at now: holds past their lease, accounts with a grant to activate or expire. */
  findDue(limit: number): Promise<{ holds: { accountId: string; holdId: string }[]; accounts: string[] }>;
  /** Throws {@link LedgerUnavailable} when the store cannot take writes. */
  ping(): Promise<void>;
  close(): Promise<void>;
}

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
  | { result: 'insufficient_credit'; availableNanoUsd: NanoUsd; neededNanoUsd: NanoUsd }
  | { result: 'quota_exceeded'; quotaId: string; window: string; limit: bigint; room: bigint; endsAtMs?: number }
  /** The id's time is more than 30 s off the store's. */
  | { result: 'bad_time' }
  | OutOfRange
  | AccountRefusal;

export interface ExtendCommand extends AccountCommand {
  holdId: string;
  /** Zero is a heartbeat: it prolongs the lease and writes no journal entry. */
  moreNanoUsd: NanoUsd;
  leaseMs: number;
  modelLabels: readonly string[];
  /** The hold's cells, with their limits as of now. */
  cells: readonly QuotaCell[];
}
export type ExtendReply =
  | { result: 'extended'; amountNanoUsd: NanoUsd; balance: AccountBalance }
  | { result: 'insufficient_credit'; availableNanoUsd: NanoUsd; neededNanoUsd: NanoUsd }
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
  cells: readonly Pick<QuotaCell, 'quotaId' | 'window' | 'measure' | 'endsAtMs'>[];
  details?: EntryDetails;
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
  details?: EntryDetails;
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
export type TickReply = { result: 'advanced'; balance: AccountBalance } | { result: 'idle' } | { result: 'no_account' };

/** The store did not answer, or cannot take writes. Whether the command took effect is unknown: send it again. */
export class LedgerUnavailable extends Error {
  readonly code = 'LEDGER_UNAVAILABLE';
  override readonly name = 'LedgerUnavailable';
}

/** The store holds a state that breaks an invariant, or a reply that cannot be read. Nothing was written. */
export class LedgerCorrupt extends Error {
  readonly code = 'LEDGER_CORRUPT';
  override readonly name = 'LedgerCorrupt';
}
