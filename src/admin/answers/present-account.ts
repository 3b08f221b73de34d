import type { Account } from '../../directory/directory.ts';
import type { AccountBalance } from '../../domain/credit/credit-types.ts';
import { presentBalance } from '../../domain/credit/present-balance.ts';
import { formatUsd } from '../../domain/money.ts';
import type { AccountAnswer } from '../schemas/account-schemas.ts';
import { presentPricing } from './present-pricing.ts';
import { writeOptionalTime, writeTime } from './write-time.ts';

/**
 * An account as the API shows it, to who may read money or without it. Status, mode and credit limit are the ledger's, which decides by them; where it has
 * lost the books, mode and limit are as the directory has them.
 */
export function presentAccount(
  account: Account,
  balance: AccountBalance | undefined,
  showsMoney: boolean,
): AccountAnswer {
  return {
    id: account.id,
    name: account.name,
    status: balance?.status ?? 'without_books',
    timezone: account.timezone,
    ...(showsMoney ? presentMoney(account, balance) : {}),
    closed_at: writeOptionalTime(account.closedAtMs),
    created_at: writeTime(account.createdAtMs),
  };
}

function presentMoney(account: Account, balance: AccountBalance | undefined) {
  return {
    mode: balance?.mode ?? account.mode,
    credit_limit_usd: formatUsd(balance?.creditLimitNanoUsd ?? account.creditLimitNanoUsd),
    on_disconnect: account.onDisconnect,
    on_exhausted: account.onExhausted,
    low_balance_usd: account.lowBalanceNanoUsd.map(formatUsd),
    pricing: presentPricing(account),
    balance: balance === undefined ? null : presentBalance(balance),
  };
}
