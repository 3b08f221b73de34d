import { formatUsd } from '../money.ts';
import type { AccountBalance } from './credit-types.ts';

/** A balance as callers and operators are shown it: decimal dollar strings, the same names on both listeners. */
export function presentBalance(balance: AccountBalance) {
  return {
    granted_usd: formatUsd(balance.grantedNanoUsd),
    available_usd: formatUsd(balance.availableNanoUsd),
    pending_usd: formatUsd(balance.pendingNanoUsd),
    held_usd: formatUsd(balance.heldNanoUsd),
    spent_usd: formatUsd(balance.spentNanoUsd),
    expired_usd: formatUsd(balance.expiredNanoUsd),
    voided_usd: formatUsd(balance.voidedNanoUsd),
    debt_usd: formatUsd(balance.debtNanoUsd),
    charged_usd: formatUsd(balance.chargedNanoUsd),
  };
}
