import type { AlertChannel } from './alert-channel.ts';
import type { AlertDelivery } from './alert-delivery.ts';
import type { AlertRule } from './alert-rule.ts';
import type { AlertState } from './decide-alert.ts';

/**
 * Rules and channels, the states of all alerts, the notices on their way to people and the log of how they fared,
 * shared by all replicas.
 * A store that does not answer throws {@link AlertStoreUnavailable}: whether the write took effect is unknown.
 */
export interface AlertStore {
  rules: AlertRecords<AlertRule>;
  channels: AlertRecords<AlertChannel>;

  /** @param key of a rule and an account, see `alertKeyOf`. */
  readAlerts(key: string): Promise<AlertStates>;
  /**
   * Replaces an alert's states, and puts the notices into the outbox, in one step; does neither when another replica
   * changed them since `change.revision` was read.
   */
  changeAlerts(change: AlertChange): Promise<'changed' | 'stale'>;
  /** Forgets all states of a rule that is gone. */
  forgetStates(ruleId: string): Promise<void>;
  /** The levels fired and not recovered, latest first. `limit` is 1 to 1,000. */
  listFired(limit: number): Promise<FiredLevel[]>;
  /** Whether it is this replica's turn to look at all accounts: true for one of them in `everyMs`. */
  claimLook(claim: { nowMs: number; everyMs: number }): Promise<boolean>;

  /** Puts a notice of anything else into the outbox, for the built-in channel; without effect while one of its id is there. */
  addNotice(notice: Notice, nowMs: number): Promise<void>;
  /**
   * Takes notices that are due, for `leaseMs`: nobody else gets them until then. A holder that dies loses them to the
   * next. `limit` is 1 to 100.
   */
  claimDue(claim: { nowMs: number; leaseMs: number; limit: number }): Promise<ClaimedNotice[]>;
  /** The notice arrived, or was given up. Harmless when repeated. */
  completeNotice(entryId: string): Promise<void>;
  /** Makes it due again; without effect when it was claimed again since, or completed. */
  postponeNotice(claim: NoticeClaim & { dueAtMs: number }): Promise<void>;

  /** Writes an attempt down. The log keeps the last {@link DELIVERIES_KEPT} for {@link DELIVERIES_KEPT_MS}. */
  addDelivery(delivery: AlertDelivery): Promise<void>;
  findDelivery(deliveryId: string): Promise<AlertDelivery | undefined>;
  /** Latest first, after one of them. `limit` is 1 to 1,000. */
  listDeliveries(page: { accountId?: string; after?: string; limit: number }): Promise<AlertDelivery[]>;
}

export const DELIVERIES_KEPT = 10_000;
export const DELIVERIES_KEPT_MS = 90 * 24 * 3_600_000;

/** Records of accounts and of the installation, whose owner is undefined. */
export interface AlertRecords<T> {
  /** `exists`: a record of its id is there, whatever it says. `atMost`: how many an owner may have. */
  create(record: T, atMost: number): Promise<'created' | 'exists' | 'too_many'>;
  find(id: string): Promise<T | undefined>;
  /** All of an owner, in order of creation. */
  list(accountId: string | undefined): Promise<T[]>;
  /** Replaces a record by what `change` makes of it; its id and owner stay. */
  update(id: string, change: (record: T) => T): Promise<T | undefined>;
  delete(id: string): Promise<'deleted' | 'not_found'>;
}

export interface AlertStates {
  /** Opaque; what `changeAlerts` compares. */
  revision: string;
  states: AlertState[];
}

export interface AlertChange {
  key: string;
  revision: string;
  states: readonly AlertState[];
  notices?: readonly OutboxNotice[];
  nowMs: number;
}

/** A message to people. */
export interface Notice {
  /** Stable over attempts, so that a receiver can tell a repetition. */
  id: string;
  /** JSON, the very bytes that are signed and sent. */
  payload: string;
}

export interface OutboxNotice extends Notice {
  /** Absent: the built-in channel. */
  channelId?: string;
}

export interface NoticeClaim {
  /** Names the notice and its channel: see {@link entryIdOf}. */
  entryId: string;
  /** Which attempt this is, from 1. */
  attempt: number;
}
export type ClaimedNotice = OutboxNotice & NoticeClaim;

export interface FiredLevel {
  ruleId: string;
  accountId?: string;
  level: string;
}

/** The name of a notice in the outbox. That of the built-in channel is the notice's own, as it was before there were others. */
export function entryIdOf({ id, channelId }: OutboxNotice): string {
  return channelId === undefined ? id : `${id} ${channelId}`;
}

export function readEntryId(entryId: string): { id: string; channelId?: string } {
  const [id = '', channelId] = entryId.split(' ');
  return channelId === undefined ? { id } : { id, channelId };
}

/** The store did not answer, or cannot take writes. */
export class AlertStoreUnavailable extends Error {
  readonly code = 'ALERT_STORE_UNAVAILABLE';
  override readonly name = 'AlertStoreUnavailable';
}
