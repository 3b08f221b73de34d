import type { AccountBalance } from '../domain/credit/credit-types.ts';
import { formatUsd } from '../domain/money.ts';
import type { Notice } from './alert-store.ts';
import type { LevelState } from './low-balance.ts';

/**
 * The message that an account's balance has fallen to a level. Its id follows from the crossing. Money in decimal dollars, times in RFC 3339.
 */
export function createLowBalanceNotice(
  account: { id: string; name: string },
  balance: AccountBalance,
  fired: LevelState,
): Notice {
  const firedAt = new Date(fired.firedAtMs).toISOString();
  const data = {
    account: { id: account.id, name: account.name },
    level_usd: formatUsd(fired.levelNanoUsd),
    balance_usd: formatUsd(netBalance(balance)),
    available_usd: formatUsd(balance.availableNanoUsd),
    held_usd: formatUsd(balance.heldNanoUsd),
    debt_usd: formatUsd(balance.debtNanoUsd),
    pending_usd: formatUsd(balance.pendingNanoUsd),
    // Not forecast yet: null is "unknown", which a receiver must expect later too.
    runway_seconds: null,
    fired_at: firedAt,
  };
  return {
    // No dots: Standard Webhooks joins id, time and body by them before signing.
    id: `alert_${account.id}_balance_low_${fired.levelNanoUsd}_${fired.firedAtMs}`,
    payload: JSON.stringify({ type: 'balance.low', timestamp: firedAt, data }),
  };
}

/** What alerts look at. Held credit counts: it may come back; debt does not. */
export function netBalance(balance: AccountBalance): bigint {
  return balance.availableNanoUsd + balance.heldNanoUsd - balance.debtNanoUsd;
}
