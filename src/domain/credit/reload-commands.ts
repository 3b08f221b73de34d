import type { NanoUsd } from '../money.ts';
import type { AccountCommand, AccountRefusal, EntryDetails, OutOfRange } from './credit-commands.ts';
import type { AccountBalance } from './credit-types.ts';
import type { PendingReload, ReloadTerms } from './reload-state.ts';

export interface SetReloadCommand extends AccountCommand {
  /** Turns it on by these; absent: turns it off, and what is pending still lands. */
  terms?: ReloadTerms;
  details?: EntryDetails;
}
export type SetReloadReply =
  | { result: 'set' | 'unchanged'; balance: AccountBalance }
  | OutOfRange
  | { result: 'closed' }
  | { result: 'no_account' };

export interface RequestReloadCommand extends AccountCommand {
  /** When the account's calendar month ends, in its time zone. */
  monthEndsAtMs: number;
  /** A hold that was refused for want of credit; absent: the balance is what asks. */
  refused?: { neededNanoUsd: NanoUsd; modelLabels: readonly string[] };
}
export type RequestReloadReply =
  | { result: 'requested'; pending: PendingReload; balance: AccountBalance }
  /** It is off, or one is pending, or there is credit enough. */
  | { result: 'off' | 'pending' | 'not_needed' }
  /** A reload would not let the refused hold in, so none is asked for. */
  | { result: 'too_small' }
  /** After a decline; after as many requests within an hour as there may be; the month's cap is used up. */
  | { result: 'waiting' | 'too_often' | 'cap_reached'; untilMs: number }
  | { result: 'postpaid' }
  /** The month's end is not within a month of the store's clock. */
  | { result: 'bad_time' }
  | OutOfRange
  | AccountRefusal;

export interface AnswerReloadCommand extends AccountCommand {
  reloadId: string;
  outcome: 'paid' | 'declined';
  /** As requested: what becomes credit when paid. */
  amountNanoUsd: NanoUsd;
  /** Of the credit, which is in effect at once. */
  expiresAtMs: number;
  details?: EntryDetails;
}
export type AnswerReloadReply =
  | { result: 'paid'; balance: AccountBalance }
  /** `nextAtMs` 0: that was the last, and auto-reload is off by now. */
  | { result: 'declined'; declines: number; nextAtMs: number; disabled: boolean; balance: AccountBalance }
  /** Answered so before. */
  | { result: 'exists'; balance: AccountBalance }
  /** Answered otherwise before. Nothing is changed. */
  | { result: 'conflict' }
  | { result: 'unknown' }
  | { result: 'bad_time' }
  | OutOfRange
  | { result: 'closed' }
  | { result: 'no_account' };

export interface ClaimReloadCommand extends AccountCommand {
  /** Of the pending request. */
  number: number;
  /** Until it is due again. */
  pauseMs: number;
}
export type ClaimReloadReply =
  | { result: 'claimed' }
  /** It is not due: another process has it, or has just had it. */
  | { result: 'early' }
  /** It is not pending. */
  | { result: 'none' }
  | { result: 'no_account' };
