import { findCreditLeft } from '../domain/credit/credit-left.ts';
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
 * What is left, in a few words for a status line: credit in whole cents, never more than there is, what is owed, and
 * the quota that is used up furthest.
 */
export function writeBalanceLine(balance: AccountBalance, uses: readonly QuotaUse[]): string {
  if (balance.status !== 'open') return `account ${balance.status}\n`;
  const credit = writeCredit(balance);
  const [fullest] = uses
    .filter(({ quota }) => quota.measure !== 'concurrency')
    .map((use) => ({ window: WINDOWS[use.quota.window], percent: percentOf(use) }))
    .sort((one, other) => other.percent - one.percent);
  return fullest === undefined ? `${credit}\n` : `${credit} · ${fullest.percent}% of ${fullest.window} limit used\n`;
}

/** Who pays later has the room on the credit limit as well. */
function writeCredit(balance: AccountBalance): string {
  const left = findCreditLeft(balance);
  const owed = balance.debtNanoUsd > 0n ? `${writeCents(balance.debtNanoUsd)} owed` : undefined;
  if (owed === undefined) return `${writeCents(left)} left`;
  return left > 0n ? `${writeCents(left)} left, ${owed}` : owed;
}

function percentOf({ used, limit }: QuotaUse): number {
  return limit <= 0n ? 100 : Number((used * 100n) / limit);
}

function writeCents(amount: NanoUsd): string {
  if (amount > 0n && amount < NANO_USD_PER_CENT) return 'less than $0.01';
  return `$${formatUsd((amount / NANO_USD_PER_CENT) * NANO_USD_PER_CENT)}`;
}
