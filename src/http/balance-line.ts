import type { AccountBalance } from '../domain/credit/credit-types.ts';
import { formatUsd, type NanoUsd } from '../domain/money.ts';
import type { Quota } from '../domain/quota.ts';
import type { QuotaUse } from '../ledger/read-quota-use.ts';

const NANO_USD_PER_CENT = 10_000_000n;

const WINDOWS: { readonly [window in Quota['window']]: string } = {
  minute: 'minute',
  hour: 'hourly',
  day: 'daily',
  week: 'weekly',
  month: 'monthly',
  total: 'total',
};

/**
 * What is left, in a few words for a status line: credit in whole cents, never more than there is, and the quota that
 * is used up furthest.
 */
export function writeBalanceLine(balance: AccountBalance, uses: readonly QuotaUse[]): string {
  const { status, availableNanoUsd, debtNanoUsd } = balance;
  if (status !== 'open') return `account ${status}\n`;
  const credit =
    debtNanoUsd > 0n && availableNanoUsd <= 0n
      ? `${writeCents(debtNanoUsd)} owed`
      : `${writeCents(availableNanoUsd)} left`;
  const [fullest] = uses
    .filter(({ quota }) => quota.measure !== 'concurrency')
    .map((use) => ({ window: WINDOWS[use.quota.window], percent: percentOf(use) }))
    .sort((one, other) => other.percent - one.percent);
  return fullest === undefined ? `${credit}\n` : `${credit} · ${fullest.percent}% of ${fullest.window} limit used\n`;
}

function percentOf({ used, limit }: QuotaUse): number {
  return limit <= 0n ? 100 : Number((used * 100n) / limit);
}

function writeCents(amount: NanoUsd): string {
  if (amount > 0n && amount < NANO_USD_PER_CENT) return 'less than $0.01';
  return `$${formatUsd((amount / NANO_USD_PER_CENT) * NANO_USD_PER_CENT)}`;
}
