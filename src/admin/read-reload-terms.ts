import type { AccountMode } from '../domain/credit/credit-types.ts';
import {
  CENT_NANO_USD,
  findReloadOutOfRange,
  MAX_RELOAD_NANO_USD,
  MIN_RELOAD_NANO_USD,
  type ReloadState,
  type ReloadTerms,
} from '../domain/credit/reload-state.ts';
import { formatUsd, parseUsd } from '../domain/money.ts';
import type { FieldError } from './problem.ts';
import type { SetReloadBody } from './schemas/reload-schemas.ts';

const DEFAULT_HOURLY_LIMIT = 3;
const CHARGE_MESSAGE = `must be whole cents, ${formatUsd(MIN_RELOAD_NANO_USD)} to ${formatUsd(MAX_RELOAD_NANO_USD)}`;

interface Standing {
  reload: ReloadState;
  mode: AccountMode;
  /** Whether there is somebody to be asked to pay. */
  canBeAsked: boolean;
}

/**
 * The terms of a body that turns auto-reload on; fields left out stay as they were. Undefined: it turns it off.
 * A list: what is wrong.
 */
export function readReloadTerms(
  body: SetReloadBody,
  { reload, mode: accountMode, canBeAsked }: Standing,
): ReloadTerms | FieldError[] | undefined {
  const mode = body.mode ?? reload.mode;
  const foreign = mode === 'fixed' ? 'target_usd' : 'amount_usd';
  if (!body.enabled) return findIdleTerms(body);
  if (!canBeAsked)
    return [{ field: 'enabled', message: 'needs RELOAD_WEBHOOK_URL: there is nobody to be asked to pay' }];
  if (accountMode === 'postpaid') return [{ field: 'enabled', message: 'is for prepaid accounts only' }];
  if (body[foreign] !== undefined) return [{ field: foreign, message: `is not for mode ${mode}` }];
  const own = mode === 'fixed' ? 'amount_usd' : 'target_usd';
  const wasOfMode = mode === reload.mode;
  const terms = {
    thresholdNanoUsd: readUsd(body.threshold_usd, reload.hourlyCount > 0 ? reload.thresholdNanoUsd : undefined),
    mode,
    amountNanoUsd: readUsd(body[own], wasOfMode && reload.amountNanoUsd > 0n ? reload.amountNanoUsd : undefined),
    monthlyCapNanoUsd: readUsd(
      body.monthly_cap_usd,
      reload.monthlyCapNanoUsd > 0n ? reload.monthlyCapNanoUsd : undefined,
    ),
    hourlyCount: body.hourly_limit ?? (reload.hourlyCount === 0 ? DEFAULT_HOURLY_LIMIT : reload.hourlyCount),
  };
  const names = { thresholdNanoUsd: 'threshold_usd', amountNanoUsd: own, monthlyCapNanoUsd: 'monthly_cap_usd' };
  const missing = Object.entries(names).filter(([name]) => terms[name as keyof typeof names] === undefined);
  if (missing.length > 0) return missing.map(([, field]) => ({ field, message: 'is needed to turn it on' }));
  return checkTerms(terms as ReloadTerms, own);
}

/** Terms are changed while it is on, so that none lie ready unchecked. */
function findIdleTerms({ enabled: _, ...terms }: SetReloadBody): FieldError[] | undefined {
  const given = Object.keys(terms);
  if (given.length === 0) return undefined;
  return given.map((field) => ({ field, message: 'is only taken with enabled true' }));
}

function checkTerms(terms: ReloadTerms, own: 'amount_usd' | 'target_usd'): ReloadTerms | FieldError[] {
  switch (findReloadOutOfRange(terms)) {
    case undefined:
      return terms;
    case 'thresholdNanoUsd':
      return [{ field: 'threshold_usd', message: `must be at most ${formatUsd(MAX_RELOAD_NANO_USD)}` }];
    case 'amountNanoUsd':
      return [{ field: own, message: isCharge(terms.amountNanoUsd) ? 'must be above threshold_usd' : CHARGE_MESSAGE }];
    case 'monthlyCapNanoUsd':
      return [{ field: 'monthly_cap_usd', message: CHARGE_MESSAGE }];
    default:
      return [{ field: 'hourly_limit', message: 'is out of range' }];
  }
}

function isCharge(amount: bigint): boolean {
  return amount >= MIN_RELOAD_NANO_USD && amount <= MAX_RELOAD_NANO_USD && amount % CENT_NANO_USD === 0n;
}

function readUsd(text: string | undefined, present: bigint | undefined): bigint | undefined {
  return text === undefined ? present : parseUsd(text);
}
