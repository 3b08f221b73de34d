import type { AlertKind } from '../domain/alert-kinds.ts';
import type { NanoUsd } from '../domain/money.ts';
import { type AlertRule, DAY_MS, LOW_BALANCE_ID } from './alert-rule.ts';

type PlainKind = Exclude<AlertKind, 'balance_low' | 'quota_used' | 'burn_rate' | 'credit_expiry'>;

/** Kinds that are told of from the start, each by a rule that a record of its id takes the place of. */
const BUILT_IN_KINDS: readonly PlainKind[] = [
  'unpriced_model',
  'usage_missing',
  'ledger_drift',
  'store_down',
  'upstream_credit',
  'reload_failed',
];

export const BUILT_IN_RULES: readonly AlertRule[] = BUILT_IN_KINDS.map((kind) => ({
  id: `alert_${kind}`,
  condition: { kind },
  recovery: true,
  quietMs: DAY_MS,
  enabled: true,
  createdAtMs: 0,
}));

export function findBuiltInRule(id: string): AlertRule | undefined {
  return BUILT_IN_RULES.find((rule) => rule.id === id);
}

/** The rule of an account's levels, of which there may be none. */
export function createLowBalanceRule(account: { id: string; lowBalanceNanoUsd: readonly NanoUsd[] }): AlertRule {
  return {
    id: LOW_BALANCE_ID,
    accountId: account.id,
    condition: { kind: 'balance_low', amountsNanoUsd: account.lowBalanceNanoUsd },
    recovery: true,
    quietMs: DAY_MS,
    enabled: true,
    createdAtMs: 0,
  };
}
