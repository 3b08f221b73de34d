import type { AccountBalance } from '../domain/credit/credit-types.ts';
import { describeBalance, describeQuota } from './alert-facts.ts';
import type { AlertCondition, AlertRule } from './alert-rule.ts';
import { createLowBalanceRule } from './built-in-rules.ts';
import { netBalance, type QuotaReading, readBalanceLevels, readQuotaLevels } from './read-levels.ts';
import type { AlertWatch } from './watch-alerts.ts';
import type { WatchedAccount } from './watched-accounts.ts';

export type QuotaUseReading = QuotaReading & { measure: string };

/** Shows a balance to the rules that go by amounts, the account's own levels among them. */
export function observeBalance(
  watch: Pick<AlertWatch, 'observe'>,
  account: WatchedAccount,
  rules: readonly AlertRule[],
  balance: AccountBalance,
  runwayMs: number | undefined,
): void {
  for (const rule of [createLowBalanceRule(account), ...rules]) {
    const { condition } = rule;
    if (condition.kind !== 'balance_low' || !('amountsNanoUsd' in condition)) continue;
    watch.observe({
      rule,
      account,
      readings: readBalanceLevels(condition.amountsNanoUsd, netBalance(balance)),
      isWhole: true,
      sequence: balance.sequence,
      describe: (state) => describeBalance(condition, balance, state, runwayMs),
    });
  }
}

/** @param isWhole these are all quotas of the account. */
export function observeQuotas(
  watch: Pick<AlertWatch, 'observe'>,
  account: WatchedAccount,
  rules: readonly AlertRule[],
  quotas: readonly QuotaUseReading[],
  isWhole: boolean,
): void {
  for (const rule of rules) {
    const { condition } = rule;
    if (condition.kind !== 'quota_used') continue;
    const wanted = quotas.filter((quota) => countsQuota(condition, quota));
    if (wanted.length === 0 && !isWhole) continue;
    watch.observe({
      rule,
      account,
      readings: readQuotaLevels(condition.sharesMillionths, wanted),
      isWhole,
      describe: (state) => describeQuota(wanted, state),
    });
  }
}

function countsQuota({ quotaId }: Extract<AlertCondition, { kind: 'quota_used' }>, quota: QuotaReading): boolean {
  return quotaId === undefined || quotaId === quota.quotaId;
}
