import { formatUsd } from '../domain/money.ts';
import type { Reconciliation } from '../ledger/reconcile-account.ts';
import type { Notice } from './alert-store.ts';

const DAY_MS = 86_400_000;

/** The message that an account's books are not the fold of its journal: one id for each account and day. */
export function createLedgerDriftNotice(found: Reconciliation, nowMs: number): Notice {
  const foundAt = new Date(nowMs).toISOString();
  const data = {
    account: { id: found.accountId },
    sequence: found.sequence,
    drift_usd: formatUsd(found.driftNanoUsd),
    differences: found.differences.length,
    first_difference: found.differences[0] ?? null,
    found_at: foundAt,
  };
  return {
    // No dots: Standard Webhooks joins id, time and body by them before signing.
    id: `alert_${found.accountId}_ledger_drift_${Math.floor(nowMs / DAY_MS)}`,
    payload: JSON.stringify({ type: 'ledger.drift', timestamp: foundAt, data }),
  };
}
