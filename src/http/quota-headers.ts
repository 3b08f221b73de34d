import type { Quota } from '../domain/quota.ts';
import type { BindingQuota } from '../metering/call-quotas.ts';

/**
 * `anthropic-ratelimit-unified-*`: how Anthropic's own gateway tells Claude Code of a spend limit, names and values
 * alike. Resets are seconds since 1970.
 */
const PREFIX = 'anthropic-ratelimit-unified';

type Headers = { [name: string]: string };

/** Highest first: Claude Code warns its user at each. */
const THRESHOLDS = [95n, 75n];

/** What a call that was let through says of the quota that limits it most; nothing where none does. */
export function createQuotaHeaders(binding: BindingQuota | undefined): Headers {
  if (binding === undefined) return {};
  const { used, limit } = binding;
  const threshold = THRESHOLDS.find((percent) => used * 100n >= limit * percent);
  const status = threshold === undefined ? 'allowed' : 'allowed_warning';
  const percent = (used * 100n) / limit;
  return {
    [`${PREFIX}-status`]: status,
    [`${PREFIX}-representative-claim`]: 'overage',
    [`${PREFIX}-overage-status`]: status,
    // What is let through is never shown as used up.
    [`${PREFIX}-overage-utilization`]: `${Number(percent > 99n ? 99n : percent) / 100}`,
    ...(threshold === undefined ? {} : { [`${PREFIX}-overage-surpassed-threshold`]: `${Number(threshold) / 100}` }),
    ...createResetHeaders(binding.endsAtMs),
  };
}

/**
 * What a refusal says of the quota that is used up. Without a representative claim and an overage status, or the client
 * would show a sentence of its own in place of ours.
 */
export function createExhaustedHeaders({ window }: Pick<Quota, 'window'>, endsAtMs: number | undefined): Headers {
  const period = PERIODS[window];
  return {
    [`${PREFIX}-status`]: 'rejected',
    [`${PREFIX}-overage-utilization`]: '1',
    [`${PREFIX}-overage-surpassed-threshold`]: '1',
    [`${PREFIX}-overage-disabled-reason`]: 'org_spend_cap_reached',
    ...(period === undefined ? {} : { [`${PREFIX}-overage-period`]: period }),
    ...createResetHeaders(endsAtMs),
  };
}

/** The gateway knows these three; other windows go unnamed. */
const PERIODS: { readonly [window in Quota['window']]?: string } = { day: 'daily', week: 'weekly', month: 'monthly' };

function createResetHeaders(endsAtMs: number | undefined): Headers {
  if (endsAtMs === undefined) return {};
  const reset = `${Math.ceil(endsAtMs / 1000)}`;
  return { [`${PREFIX}-reset`]: reset, [`${PREFIX}-overage-reset`]: reset };
}
