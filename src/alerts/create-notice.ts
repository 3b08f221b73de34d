import type { AlertKind } from '../domain/alert-kinds.ts';
import { type AlertRule, LOW_BALANCE_ID } from './alert-rule.ts';
import type { Notice } from './alert-store.ts';
import type { AlertState } from './decide-alert.ts';

/** What a notice of each kind is called; that it is over ends in `.recovered`. */
export const NOTICE_TYPES: { readonly [kind in AlertKind]: string } = {
  balance_low: 'balance.low',
  quota_used: 'quota.used',
  burn_rate: 'burn.high',
  credit_expiry: 'credit.expiring',
  reload_failed: 'reload.failed',
  unpriced_model: 'model.unpriced',
  usage_missing: 'usage.missing',
  ledger_drift: 'ledger.drift',
  store_down: 'store.down',
  upstream_credit: 'upstream.refused',
};

/** Facts of a notice: money in decimal dollars, times in RFC 3339. */
export type NoticeData = { readonly [name: string]: unknown };

export interface NoticeQuestion {
  rule: AlertRule;
  account: { id: string; name: string } | undefined;
  /** Fired: tells of the alert. Recovered: tells that it is over. */
  state: AlertState;
  data: NoticeData;
  nowMs: number;
}

export interface AlertNotice extends Notice {
  type: string;
}

/** The message of an alert. Its id follows from the crossing, so that it is one however many tell it. */
export function createAlertNotice({ rule, account, state, data, nowMs }: NoticeQuestion): AlertNotice {
  const { kind } = rule.condition;
  const isOver = state.state === 'recovered';
  const type = isOver ? `${NOTICE_TYPES[kind]}.recovered` : NOTICE_TYPES[kind];
  const firedAt = new Date(state.firedAtMs).toISOString();
  const content = {
    ...(account === undefined ? {} : { account: { id: account.id, name: account.name } }),
    ...data,
    fired_at: firedAt,
    ...(isOver ? { recovered_at: new Date(nowMs).toISOString() } : {}),
    alert: { id: rule.id, kind, ...(rule.name === undefined ? {} : { name: rule.name }) },
  };
  return {
    type,
    // No dots: Standard Webhooks joins id, time and body by them before signing. No blanks: the outbox adds the channel.
    id: [...nameCrossing(rule, account), state.level, state.firedAtMs, ...(isOver ? ['recovered'] : [])]
      .join('_')
      .replaceAll(/[^\w-]/g, '-'),
    payload: JSON.stringify({ type, timestamp: new Date(nowMs).toISOString(), data: content }),
  };
}

function nameCrossing({ id }: AlertRule, account: { id: string } | undefined): string[] {
  if (id === LOW_BALANCE_ID) return ['alert', account?.id ?? '', 'balance_low'];
  return account === undefined ? [id] : [id, account.id];
}
