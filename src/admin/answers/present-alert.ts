import { type AlertRule, LOW_BALANCE_ID } from '../../alerts/alert-rule.ts';
import { findBuiltInRule } from '../../alerts/built-in-rules.ts';
import type { AlertState } from '../../alerts/decide-alert.ts';
import { formatUsd } from '../../domain/money.ts';
import { writeAlertTerms } from '../alert-terms.ts';
import { writeOptionalTime } from './write-time.ts';

export function presentAlert(rule: AlertRule, states: readonly AlertState[]) {
  const { condition } = rule;
  const fired = states.filter(({ state }) => state === 'fired').map(({ firedAtMs }) => firedAtMs);
  const isLevels = rule.id === LOW_BALANCE_ID && 'amountsNanoUsd' in condition;
  return {
    id: rule.id,
    account_id: rule.accountId ?? null,
    kind: condition.kind,
    name: rule.name ?? null,
    built_in: isLevels || findBuiltInRule(rule.id) !== undefined,
    ...(isLevels ? { amounts_usd: condition.amountsNanoUsd.map(formatUsd) } : writeAlertTerms(condition)),
    channels: rule.channels ?? null,
    recovery: rule.recovery,
    quiet_seconds: rule.quietMs / 1_000,
    enabled: rule.enabled,
    firing: fired.length > 0,
    fired_at: writeOptionalTime(fired.length === 0 ? undefined : Math.max(...fired)),
    created_at: writeOptionalTime(rule.createdAtMs === 0 ? undefined : rule.createdAtMs),
  };
}
