import { larger, type NanoUsd } from '../money.ts';
import type { InsufficientCredit } from './credit-commands.ts';
import type { AccountBalance } from './credit-types.ts';

/** What may still be owed: the credit limit, less what is owed and what open calls may come to owe. */
export function findCreditRoom(
  books: Pick<AccountBalance, 'creditLimitNanoUsd' | 'debtNanoUsd' | 'debtHeldNanoUsd'>,
): NanoUsd {
  return larger(books.creditLimitNanoUsd - books.debtNanoUsd - books.debtHeldNanoUsd, 0n);
}

/** What calls can still spend, of some model at least: credit, and the room on the credit limit. */
export function findCreditLeft(balance: AccountBalance): NanoUsd {
  return balance.availableNanoUsd + findCreditRoom(balance);
}

export function refuseCredit(
  availableNanoUsd: NanoUsd,
  neededNanoUsd: NanoUsd,
  elsewhereNanoUsd: NanoUsd,
): InsufficientCredit {
  const elsewhere = elsewhereNanoUsd > 0n ? { elsewhereNanoUsd } : {};
  return { result: 'insufficient_credit', availableNanoUsd, neededNanoUsd, ...elsewhere };
}
