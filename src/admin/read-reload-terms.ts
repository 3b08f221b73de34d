import type { AccountMode } from '../domain/credit/credit-types.ts';
import { DEFAULT_HOURLY_LIMIT, findReloadFault } from '../domain/credit/find-reload-fault.ts';
import type { ReloadState, ReloadTerms } from '../domain/credit/reload-state.ts';
import { parseUsd } from '../domain/money.ts';
import type { FieldError } from './problem.ts';
import type { SetReloadBody } from './schemas/reload-schemas.ts';

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
  const fault = findReloadFault(terms as ReloadTerms);
  return fault === undefined ? (terms as ReloadTerms) : [fault];
}

/** Terms are changed while it is on, so that none lie ready unchecked. */
function findIdleTerms({ enabled: _, ...terms }: SetReloadBody): FieldError[] | undefined {
  const given = Object.keys(terms);
  if (given.length === 0) return undefined;
  return given.map((field) => ({ field, message: 'is only taken with enabled true' }));
}

function readUsd(text: string | undefined, present: bigint | undefined): bigint | undefined {
  return text === undefined ? present : parseUsd(text);
}
