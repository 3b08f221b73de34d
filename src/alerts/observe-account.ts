import type { AccountBalance } from '../domain/credit/credit-types.ts';
import type { NanoUsd } from '../domain/money.ts';
import { describeBalance, describeQuota } from './alert-facts.ts';
import type { AlertCondition, AlertRule } from './alert-rule.ts';
import { createLowBalanceRule } from './built-in-rules.ts';
import { findBand, type QuietBand } from './quiet-accounts.ts';
import {
  balanceThresholds,
  netBalance,
  type QuotaReading,
  quotaThresholds,
  readBalanceLevels,
  readQuotaLevels,
} from './read-levels.ts';
import type { AlertWatch } from './watch-alerts.ts';
import type { WatchedAccount } from './watched-accounts.ts';

export type QuotaUseReading = QuotaReading & { measure: string };

/**
 * Shows a balance to the rules that go by amounts, the account's own levels among them.
 * @returns until when nothing comes of a balance at which the same levels are reached; 0: something is under way.
 */
export function observeBalance(
  watch: Pick<AlertWatch, 'observe'>,
  account: WatchedAccount,
  rules: readonly AlertRule[],
  balance: AccountBalance,
  runwayMs: number | undefined,
): number {
  let untilMs = Number.POSITIVE_INFINITY;
  for (const rule of [createLowBalanceRule(account), ...rules]) {
    const { condition } = rule;
    if (condition.kind !== 'balance_low' || !('amountsNanoUsd' in condition)) continue;
    const quietMs = watch.observe({
      rule,
      account,
      readings: readBalanceLevels(condition.amountsNanoUsd, netBalance(balance)),
      isWhole: true,
      sequence: balance.sequence,
      describe: (state) => describeBalance(condition, balance, state, runwayMs),
    });
    untilMs = Math.min(untilMs, quietMs);
  }
  return untilMs;
}

/** The balances around one at which the rules that go by amounts find the same. */
export function findBalanceBand(
  account: WatchedAccount,
  rules: readonly AlertRule[],
  netNanoUsd: NanoUsd,
  untilMs: number,
): QuietBand {
  const ofRules = rules.flatMap(({ condition }) => ('amountsNanoUsd' in condition ? condition.amountsNanoUsd : []));
  const thresholds = [...account.lowBalanceNanoUsd, ...ofRules].flatMap(balanceThresholds);
  return findBand(netNanoUsd, thresholds, untilMs);
}

/**
 * @param isWhole these are all quotas of the account.
 * @returns as {@link observeBalance}.
 */
export function observeQuotas(
  watch: Pick<AlertWatch, 'observe'>,
  account: WatchedAccount,
  rules: readonly AlertRule[],
  quotas: readonly QuotaUseReading[],
  isWhole: boolean,
): number {
  let untilMs = Number.POSITIVE_INFINITY;
  for (const rule of rules) {
    const { condition } = rule;
    if (condition.kind !== 'quota_used') continue;
    const wanted = quotas.filter((quota) => countsQuota(condition, quota));
    if (wanted.length === 0 && !isWhole) continue;
    const quietMs = watch.observe({
      rule,
      account,
      readings: readQuotaLevels(condition.sharesMillionths, wanted),
      isWhole,
      describe: (state) => describeQuota(wanted, state),
    });
    untilMs = Math.min(untilMs, quietMs);
  }
  return untilMs;
}

/** What may be used of a quota, around what is, at which the rules find the same. */
export function findQuotaBand(rules: readonly AlertRule[], quota: QuotaReading, untilMs: number): QuietBand {
  const thresholds = rules.flatMap(({ condition }) =>
    condition.kind === 'quota_used' && countsQuota(condition, quota)
      ? condition.sharesMillionths.flatMap((share) => quotaThresholds(share, quota.limit))
      : [],
  );
  return findBand(quota.used, thresholds, untilMs);
}

function countsQuota({ quotaId }: Extract<AlertCondition, { kind: 'quota_used' }>, quota: QuotaReading): boolean {
  return quotaId === undefined || quotaId === quota.quotaId;
}
