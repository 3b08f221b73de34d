import type {
  AnswerReloadCommand,
  AnswerReloadReply,
  ClaimReloadCommand,
  ClaimReloadReply,
  RequestReloadCommand,
  RequestReloadReply,
  SetReloadCommand,
  SetReloadReply,
} from '../domain/credit/reload-commands.ts';
import type { ReloadState } from '../domain/credit/reload-state.ts';

/** The part of the ledger that keeps balances up. What it decides is one transition each, as all of the ledger is. */
export interface ReloadLedger {
  /** Turns auto-reload on by these terms, or off. What is pending stays so, and lands. */
  setReload(command: SetReloadCommand): Promise<SetReloadReply>;
  /** Makes a request, if one is due: one at a time, within the caps of the month and of the hour. */
  requestReload(command: RequestReloadCommand): Promise<RequestReloadReply>;
  /** What became of a request: credit, once, or a decline. Sent again it answers `exists`. */
  answerReload(command: AnswerReloadCommand): Promise<AnswerReloadReply>;
  /** Takes the turn to ask for payment; it is no transition and leaves no entry. */
  claimReload(command: ClaimReloadCommand): Promise<ClaimReloadReply>;
  /** Undefined: the account has no books. */
  readReload(accountId: string): Promise<ReloadState | undefined>;
  /**
   * Accounts with a request for whose payment it is time to ask, now or within `aheadMs`, those that wait longest first.
   */
  findDueReloads(limit: number, aheadMs?: number): Promise<string[]>;
}
