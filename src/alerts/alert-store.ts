import type { NanoUsd } from '../domain/money.ts';
import type { LevelState } from './low-balance.ts';

/**
 * The alerts of all accounts, shared by all replicas, and the notices on their way to people.
 * A store that does not answer throws {@link AlertStoreUnavailable}: whether the write took effect is unknown.
 */
export interface AlertStore {
  readAlerts(accountId: string): Promise<AccountAlerts>;
  /**
   * Replaces an account's states, and puts the notice into the outbox, in one step; does neither when another
   * replica changed them since `change.revision` was read.
   */
  changeAlerts(change: AlertChange): Promise<'changed' | 'stale'>;
  /** Puts a notice of anything else into the outbox; without effect while one of its id is there. */
  addNotice(notice: Notice, nowMs: number): Promise<void>;
  /** The levels fired and not recovered, latest first. `limit` is 1 to 1,000. */
  listFired(limit: number): Promise<FiredLevel[]>;

  /**
   * Takes notices that are due, for `leaseMs`: nobody else gets them until then. A holder that dies loses them to the
   * next. `limit` is 1 to 100.
   */
  claimDue(claim: { nowMs: number; leaseMs: number; limit: number }): Promise<ClaimedNotice[]>;
  /** The notice arrived. Harmless when repeated. */
  completeNotice(noticeId: string): Promise<void>;
  /** Makes it due again; without effect when it was claimed again since, or completed. */
  postponeNotice(notice: NoticeClaim & { dueAtMs: number }): Promise<void>;
  /** Gives it up; it is kept among the last {@link ABANDONED_NOTICES_KEPT}. Without effect as `postponeNotice`. */
  abandonNotice(notice: NoticeClaim): Promise<void>;
  /** Notices given up, latest first. `limit` is 1 to 1,000. */
  listAbandoned(limit: number): Promise<Notice[]>;
}

export const ABANDONED_NOTICES_KEPT = 1_000;

export interface AccountAlerts {
  /** Opaque; what `changeAlerts` compares. */
  revision: string;
  states: LevelState[];
}

export interface AlertChange {
  accountId: string;
  revision: string;
  states: readonly LevelState[];
  notice?: Notice;
  nowMs: number;
}

/** A message to people. */
export interface Notice {
  /** Stable over attempts, so that a receiver can tell a repetition. */
  id: string;
  /** JSON, the very bytes that are signed and sent. */
  payload: string;
}

export interface NoticeClaim {
  id: string;
  /** Which attempt this is, from 1. */
  attempt: number;
}
export type ClaimedNotice = Notice & NoticeClaim;

export interface FiredLevel {
  accountId: string;
  levelNanoUsd: NanoUsd;
}

/** The store did not answer, or cannot take writes. */
export class AlertStoreUnavailable extends Error {
  readonly code = 'ALERT_STORE_UNAVAILABLE';
  override readonly name = 'AlertStoreUnavailable';
}
