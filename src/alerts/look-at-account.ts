import type { AlertKind } from '../domain/alert-kinds.ts';
import type { GrantState } from '../domain/credit/credit-types.ts';
import { limitAt, type Quota } from '../domain/quota.ts';
import { MAX_QUOTAS } from '../domain/quota-rules.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { readQuotaUse } from '../ledger/read-quota-use.ts';
import { readBurn } from '../reports/read-burn.ts';
import type { ReportFold } from '../reports/report-fold.ts';
import type { ReportStore } from '../reports/report-store.ts';
import { findRunway } from '../reports/runway.ts';
import type { AlertBook } from './alert-book.ts';
import { describeBalance, describeBurn, describeExpiry } from './alert-facts.ts';
import type { AlertCondition, AlertRule } from './alert-rule.ts';
import { observeBalance, observeQuotas } from './observe-account.ts';
import type { QuietAccounts } from './quiet-accounts.ts';
import { readBurnRate } from './read-burn-rate.ts';
import {
  findExpiring,
  findLastPurchase,
  netBalance,
  readBurnLevels,
  readExpiryLevels,
  readRunwayLevels,
  readShareLevels,
} from './read-levels.ts';
import type { AlertWatch } from './watch-alerts.ts';
import type { WatchedAccount } from './watched-accounts.ts';

export interface LookParts {
  watch: Pick<AlertWatch, 'observe'>;
  book: Pick<AlertBook, 'findAccountRules'>;
  /** Told before what it remembers may come to be another. */
  quiet: Pick<QuietAccounts, 'forget'>;
  directory: { listQuotas(accountId: string, page: { limit: number }): Promise<Quota[]> };
  ledger: Pick<Ledger, 'readBalance' | 'readGrants' | 'readCells'>;
  reports: { fold: Pick<ReportFold, 'foldAccount'>; store: Pick<ReportStore, 'readDays'> };
  nowMs: () => number;
}

type BalanceCondition = Extract<AlertCondition, { kind: 'balance_low' }>;

/** Reads of an account what its rules need, and nothing more, and shows it to the watch. A closed account is left out. */
export async function lookAtAccount(parts: LookParts, account: WatchedAccount): Promise<void> {
  if (account.closedAtMs !== undefined) return;
  const rules = await parts.book.findAccountRules(account.id);
  const has = (kind: AlertKind): boolean => rules.some(({ condition }) => condition.kind === kind);
  if (has('quota_used')) await lookAtQuotas(parts, account, rules);
  const needsBalance = has('balance_low') || account.lowBalanceNanoUsd.length > 0;
  const needsGrants = has('balance_low') || has('credit_expiry');
  const grants = needsGrants ? await parts.ledger.readGrants(account.id) : [];
  if (has('credit_expiry')) lookAtExpiry(parts, account, rules, grants);
  const needsSums = has('burn_rate') || rules.some(({ condition }) => 'hoursLeft' in condition);
  if (needsSums) await parts.reports.fold.foldAccount(account.id);
  if (has('burn_rate')) await lookAtBurn(parts, account, rules);
  if (needsBalance) await lookAtBalance(parts, account, rules, grants);
}

async function lookAtQuotas(parts: LookParts, account: WatchedAccount, rules: readonly AlertRule[]): Promise<void> {
  const quotas = await parts.directory.listQuotas(account.id, { limit: MAX_QUOTAS });
  const at = { atMs: parts.nowMs(), timezone: account.timezone };
  const uses = await readQuotaUse(parts.ledger, account.id, quotas, at);
  const readings = uses.map(({ quota, used, held }) => ({
    quotaId: quota.id,
    measure: quota.measure,
    limit: limitAt(quota, at.atMs),
    used: quota.measure === 'concurrency' ? held : used,
  }));
  parts.quiet.forget(account.id);
  observeQuotas(parts.watch, account, rules, readings, true);
}

function lookAtExpiry(
  { watch, nowMs }: LookParts,
  account: WatchedAccount,
  rules: readonly AlertRule[],
  grants: readonly GrantState[],
): void {
  for (const rule of rules) {
    const { condition } = rule;
    if (condition.kind !== 'credit_expiry') continue;
    const expiring = findExpiring(condition, grants, nowMs());
    watch.observe({
      ...{ rule, account, isWhole: true },
      readings: readExpiryLevels(expiring),
      describe: () => describeExpiry(expiring),
    });
  }
}

async function lookAtBurn(parts: LookParts, account: WatchedAccount, rules: readonly AlertRule[]): Promise<void> {
  const burn = await readBurnRate(parts.reports.store, account.id, parts.nowMs());
  for (const rule of rules) {
    const { condition } = rule;
    if (condition.kind !== 'burn_rate') continue;
    parts.watch.observe({
      ...{ rule, account, isWhole: true },
      readings: readBurnLevels(condition, burn),
      describe: () => describeBurn(burn),
    });
  }
}

async function lookAtBalance(
  parts: LookParts,
  account: WatchedAccount,
  rules: readonly AlertRule[],
  grants: readonly GrantState[],
): Promise<void> {
  const balance = await parts.ledger.readBalance(account.id);
  if (balance === undefined) return;
  const runwayMs = await findRunwayMs(parts, account, rules, grants);
  parts.quiet.forget(account.id);
  observeBalance(parts.watch, account, rules, balance, runwayMs);
  const readings = (condition: BalanceCondition) => {
    if ('hoursLeft' in condition) return readRunwayLevels(condition.hoursLeft, runwayMs);
    if (!('shareMillionths' in condition)) return undefined;
    return readShareLevels(condition.shareMillionths, netBalance(balance), findLastPurchase(grants));
  };
  for (const rule of rules) {
    const { condition } = rule;
    const read = condition.kind === 'balance_low' ? readings(condition) : undefined;
    if (read === undefined || condition.kind !== 'balance_low') continue;
    parts.watch.observe({
      ...{ rule, account, isWhole: true, readings: read },
      describe: (state) => describeBalance(condition, balance, state, runwayMs),
    });
  }
}

/** How long the credit lasts at the burn of the last days; undefined: no rule asks, or longer than is looked ahead. */
async function findRunwayMs(
  { reports, nowMs }: LookParts,
  account: WatchedAccount,
  rules: readonly AlertRule[],
  grants: readonly GrantState[],
): Promise<number | undefined> {
  if (!rules.some(({ condition }) => 'hoursLeft' in condition)) return undefined;
  const { perDayNanoUsd } = await readBurn(reports.store, account.id, nowMs());
  const { endsAtMs } = findRunway(grants, perDayNanoUsd, nowMs());
  return endsAtMs === undefined ? undefined : endsAtMs - nowMs();
}
