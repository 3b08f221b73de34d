import { formatUsd } from '../money.ts';
import {
  findReloadOutOfRange,
  isCharge,
  MAX_RELOAD_NANO_USD,
  MIN_RELOAD_NANO_USD,
  type ReloadTerms,
} from './reload-state.ts';

/** Requests within any hour, unless stated. */
export const DEFAULT_HOURLY_LIMIT = 3;
const CHARGE_MESSAGE = `must be whole cents, ${formatUsd(MIN_RELOAD_NANO_USD)} to ${formatUsd(MAX_RELOAD_NANO_USD)}`;

export interface ReloadFault {
  /** As the admin API and a file call it. */
  field: 'threshold_usd' | 'amount_usd' | 'target_usd' | 'monthly_cap_usd' | 'hourly_limit';
  message: string;
}

/** What is wrong with terms, for the person who chose them; undefined: nothing. */
export function findReloadFault(terms: ReloadTerms): ReloadFault | undefined {
  const own = terms.mode === 'fixed' ? 'amount_usd' : 'target_usd';
  switch (findReloadOutOfRange(terms)) {
    case undefined:
      return undefined;
    case 'thresholdNanoUsd':
      return { field: 'threshold_usd', message: `must be at most ${formatUsd(MAX_RELOAD_NANO_USD)}` };
    case 'amountNanoUsd':
      return { field: own, message: isCharge(terms.amountNanoUsd) ? 'must be above threshold_usd' : CHARGE_MESSAGE };
    case 'monthlyCapNanoUsd':
      return { field: 'monthly_cap_usd', message: CHARGE_MESSAGE };
    default:
      return { field: 'hourly_limit', message: 'is out of range' };
  }
}
