import type { AccountBooks } from '../domain/credit/account-books.ts';
import type {
  AccountCommand,
  CellName,
  CloseAccountReply,
  CorrectCommand,
  CorrectReply,
  ExtendCommand,
  ExtendReply,
  GrantCommand,
  GrantReply,
  HoldCommand,
  HoldReply,
  OpenAccountCommand,
  OpenAccountReply,
  ReclaimReply,
  RefundCommand,
  RefundReply,
  ReleaseCommand,
  ReleaseReply,
  SetPolicyCommand,
  SetPolicyReply,
  SettleCommand,
  SettleReply,
  TickReply,
  VoidGrantCommand,
  VoidGrantReply,
} from '../domain/credit/credit-commands.ts';
import type { AccountBalance, GrantState, HoldState, JournalEntry } from '../domain/credit/credit-types.ts';
import type { ReloadLedger } from './reload-ledger.ts';

export type * from '../domain/credit/credit-commands.ts';
export type * from '../domain/credit/reload-commands.ts';

/**
 * The ledger: credit, holds, quota cells and the journal of every account.
 *
 * Every transition is atomic, appends at most one journal entry and is idempotent by the id it names: sending it
 * again changes nothing. Refusals are values; a store that does not answer is a {@link LedgerUnavailable} fault,
 * which means "unknown", never "no".
 */
export interface Ledger extends ReloadLedger {
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
  /** Prolongs the lease of a hold and, with `toNanoUsd` above its amount, enlarges it. */
  extend(command: ExtendCommand): Promise<ExtendReply>;
  /** Closes a hold at the true cost. Self-contained: it is charged exactly once even if the hold was lost. */
  settle(command: SettleCommand): Promise<SettleReply>;
  /** Closes a hold at nothing. On an unknown id it leaves a tombstone, so that a delayed hold cannot come alive. */
  release(command: ReleaseCommand): Promise<ReleaseReply>;
  /** Releases a hold whose lease has ended. A settle that turns up later is still charged once. */
  reclaim(command: ReleaseCommand): Promise<ReclaimReply>;
  /**
   * Gives back, inside the account, what a settled call was charged: never more than that over all its refunds.
   * Idempotent by refund id for good.
   */
  refund(command: RefundCommand): Promise<RefundReply>;
  /** Sets what an ended call is charged: the difference is given back, or charged. Idempotent by its id for good. */
  correct(command: CorrectCommand): Promise<CorrectReply>;
  /** Expires and activates grants that are due. */
  tick(command: AccountCommand): Promise<TickReply>;

  readBalance(accountId: string): Promise<AccountBalance | undefined>;
  /** In burn order, then by creation; spent and expired ones included. */
  readGrants(accountId: string): Promise<GrantState[]>;
  readHolds(accountId: string): Promise<HoldState[]>;
  /**
   * All that the store keeps of the account, as of one sequence and without doing what is due. How holds ended is left
   * out. For reconciliation: it reads everything.
   */
  readBooks(accountId: string): Promise<AccountBooks | undefined>;
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

/** The store did not answer, or cannot take writes. Whether the command took effect is unknown: send it again. */
export class LedgerUnavailable extends Error {
  readonly code: string = 'LEDGER_UNAVAILABLE';
  override readonly name: string = 'LedgerUnavailable';
}

/** The write was made, and it is not known to outlast a fail-over. Sent again with the same ids it is waited for again. */
export class LedgerUnacknowledged extends LedgerUnavailable {
  override readonly code = 'LEDGER_UNACKNOWLEDGED';
  override readonly name = 'LedgerUnacknowledged';
}

/** The store holds a state that breaks an invariant, or a reply that cannot be read. Nothing was written. */
export class LedgerCorrupt extends Error {
  readonly code = 'LEDGER_CORRUPT';
  override readonly name = 'LedgerCorrupt';
}
