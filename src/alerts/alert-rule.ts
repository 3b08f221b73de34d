import { ACCOUNT_ALERTS, type AlertKind } from '../domain/alert-kinds.ts';
import type { NanoUsd } from '../domain/money.ts';

/** Kinds that are told of when something happens, not while something is so. */
const EVENT_KINDS: ReadonlySet<AlertKind> = new Set([
  'reload_failed',
  'unpriced_model',
  'usage_missing',
  'ledger_drift',
  'upstream_credit',
]);

/** Shares are in millionths, factors in thousandths, so that rules are compared in integers. */
export type AlertCondition =
  /** Available + held - debt at or below one of the amounts. */
  | { kind: 'balance_low'; amountsNanoUsd: readonly NanoUsd[] }
  /** The same, at or below a share of the last paid grant. */
  | { kind: 'balance_low'; shareMillionths: number }
  /** The credit ends within so many hours at the burn of the last days. */
  | { kind: 'balance_low'; hoursLeft: number }
  /** A quota is used to one of the shares; of all quotas of the account unless one is named. */
  | { kind: 'quota_used'; sharesMillionths: readonly number[]; quotaId?: string }
  /** An hour costs so many times what the same hour of the last days did, and at least so much. */
  | { kind: 'burn_rate'; factorThousandths: number; minimumNanoUsd: NanoUsd }
  /** At least so much credit will expire within the days. */
  | { kind: 'credit_expiry'; days: number; minimumNanoUsd: NanoUsd }
  | { kind: Exclude<AlertKind, 'balance_low' | 'quota_used' | 'burn_rate' | 'credit_expiry'> };

/** What people are to be told of, and how. */
export interface AlertRule {
  /** `alert_...` */
  id: string;
  /** Absent: the installation's; a kind of accounts then holds for each of them. */
  accountId?: string;
  name?: string;
  condition: AlertCondition;
  /** Ids of channels; absent: the default channels. */
  channels?: readonly string[];
  /** Whether it is told, too, that it is over. */
  recovery: boolean;
  /** The shortest time between two tellings of the same. */
  quietMs: number;
  enabled: boolean;
  createdAtMs: number;
}

export const RULES_AT_MOST = 100;
export const CHANNELS_PER_RULE = 10;
export const DAY_MS = 24 * 3_600_000;

export function isAccountKind(kind: AlertKind): boolean {
  return ACCOUNT_ALERTS.some((one) => one === kind);
}

export function isEventKind(kind: AlertKind): boolean {
  return EVENT_KINDS.has(kind);
}

/** Where the states of a rule are kept: for each account its own. */
export function alertKeyOf(rule: Pick<AlertRule, 'id'>, accountId: string | undefined): string {
  return rule.id === LOW_BALANCE_ID ? (accountId ?? '') : `${rule.id} ${accountId ?? '-'}`;
}

/** The rule and account of a key made by {@link alertKeyOf}. */
export function readAlertKey(key: string): { ruleId: string; accountId?: string } {
  const [ruleId = '', accountId] = key.split(' ');
  // States of the levels of accounts are kept under the account alone, as they were before there were rules.
  if (accountId === undefined) return { ruleId: LOW_BALANCE_ID, accountId: ruleId };
  return accountId === '-' ? { ruleId } : { ruleId, accountId };
}

/** The rule that an account's `low_balance_usd` makes. */
export const LOW_BALANCE_ID = 'alert_low_balance';
