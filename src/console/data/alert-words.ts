import type { Alert } from './alert-types.ts';
import { formatMoney } from './money.ts';
import { formatPercent } from './words.ts';

/** What an account can be told of, and what is asked for each. */
export const ALERT_KINDS = [
  { value: 'balance_low', label: 'The balance is low' },
  { value: 'quota_used', label: 'A limit is nearly used up' },
  { value: 'burn_rate', label: 'More is spent than usual' },
  { value: 'credit_expiry', label: 'Credit is about to expire' },
  { value: 'reload_failed', label: 'A reload failed' },
] as const;

const INSTALLATION: Readonly<Record<string, string>> = {
  unpriced_model: 'A model without prices was asked for',
  usage_missing: 'An answer reported no usage',
  ledger_drift: 'Books and journal differ',
  store_down: 'The store does not answer',
  upstream_credit: 'The upstream refused our own credit or key',
};

export function nameKind(kind: string): string {
  return ALERT_KINDS.find(({ value }) => value === kind)?.label ?? INSTALLATION[kind] ?? kind.replaceAll('_', ' ');
}

/** By what a rule goes, in a few words. */
export function describeTerms(alert: Alert): string {
  const words = [
    ...[alert.amount_usd ?? [], alert.amounts_usd ?? []].flat().map((usd) => `below ${formatMoney(usd)}`),
    alert.share_of_last_purchase === undefined
      ? ''
      : `below ${formatPercent(alert.share_of_last_purchase)} of the last purchase`,
    alert.hours_left === undefined ? '' : `less than ${alert.hours_left} hours left`,
    (alert.shares ?? []).length === 0 ? '' : `at ${alert.shares?.map(formatPercent).join(', ')}`,
    alert.factor === undefined ? '' : `${alert.factor} times the usual`,
    alert.minimum_usd === undefined ? '' : `from ${formatMoney(alert.minimum_usd)}`,
    alert.days === undefined ? '' : `${alert.days} days before`,
  ];
  return words.filter(Boolean).join(', ');
}
