import type { Notice } from '../alerts/alert-store.ts';
import { formatUsd, type NanoUsd } from '../domain/money.ts';

interface ReloadFacts {
  accountId: string;
  reloadId: string;
  amountNanoUsd: NanoUsd;
  atMs: number;
}

/** What people may want to be told of auto-reload. */
export type ReloadEvent =
  | (ReloadFacts & { type: 'reload.paid'; reference: string | undefined })
  | (ReloadFacts & { type: 'reload.declined'; reason: string | undefined; declines: number; nextAtMs: number })
  /** Too many declines in a row: it is off until it is set again. */
  | (ReloadFacts & { type: 'reload.disabled'; reason: string | undefined; declines: number })
  /** The payment side has not said for a day or more what became of the request. Nothing is charged again. */
  | (ReloadFacts & { type: 'reload.unresolved'; requestedAtMs: number });

/**
 * Called once for each event by the process that saw it, which may die before it is told: the account's auto-reload
 * says the same.
 */
export type OnReloadEvent = (event: ReloadEvent) => Promise<void>;

/** The message for the outbox. Its id follows from the request, and of those not resolved from the day too. */
export function createReloadNotice(event: ReloadEvent): Notice {
  const at = new Date(event.atMs).toISOString();
  const data = {
    account: { id: event.accountId },
    reload_id: event.reloadId,
    amount_usd: formatUsd(event.amountNanoUsd),
    ...describeRest(event),
  };
  return { id: nameNotice(event), payload: JSON.stringify({ type: event.type, timestamp: at, data }) };
}

const DAY_MS = 86_400_000;

/** No dots: Standard Webhooks joins id, time and body by them before signing. */
function nameNotice(event: ReloadEvent): string {
  const id = `alert_${event.reloadId}_${event.type.replace('reload.', '')}`;
  return event.type === 'reload.unresolved' ? `${id}_${Math.floor((event.atMs - event.requestedAtMs) / DAY_MS)}` : id;
}

function describeRest(event: ReloadEvent): object {
  switch (event.type) {
    case 'reload.paid':
      return { reference: event.reference ?? null };
    case 'reload.declined':
      return {
        reason: event.reason ?? null,
        declines: event.declines,
        next_at: event.nextAtMs === 0 ? null : new Date(event.nextAtMs).toISOString(),
      };
    case 'reload.disabled':
      return { reason: event.reason ?? null, declines: event.declines };
    case 'reload.unresolved':
      return { requested_at: new Date(event.requestedAtMs).toISOString() };
  }
}
