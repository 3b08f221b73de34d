import type { Principal } from '../directory/directory.ts';
import { formatUsd } from '../domain/money.ts';
import type { Quota } from '../domain/quota.ts';
import type { AdmissionRefusal } from '../metering/admission-refusal.ts';
import { describeScope } from './caller-names.ts';
import type { ErrorAnswer } from './envelope.ts';
import { createExhaustedHeaders } from './quota-headers.ts';

export type QuotaRefusal = Extract<AdmissionRefusal, { kind: 'quota_exceeded' }>;

/** SDKs wait by themselves for as long as this; for more, some of them retry at once. */
const PATIENCE_SECONDS = 59;

/**
 * The answer to a call that a hard quota refuses. A minute passes by waiting, and so does a full house: clients retry
 * those by themselves. A budget does not, nor does a call that is larger than the limit itself.
 */
export function answerQuota(refusal: QuotaRefusal, principal: Principal | undefined, nowMs: number): ErrorAnswer {
  const { quota } = refusal;
  const message = describeRefusal(refusal, principal);
  if (neverFits(refusal)) {
    const headers = { 'x-should-retry': 'false', ...createExhaustedHeaders(quota, undefined) };
    return { status: 429, type: 'billing_error', message, headers };
  }
  if (quota.measure === 'concurrency') {
    return { status: 429, type: 'rate_limit_error', message, headers: { 'retry-after': '1' } };
  }
  const { endsAtMs } = refusal;
  const seconds = endsAtMs === undefined ? undefined : Math.max(1, Math.ceil((endsAtMs - nowMs) / 1000));
  if (quota.window === 'minute') {
    const headers = { 'retry-after': `${Math.min(seconds ?? PATIENCE_SECONDS, PATIENCE_SECONDS)}` };
    return { status: 429, type: 'rate_limit_error', message, headers };
  }
  const headers = {
    'x-should-retry': 'false',
    ...(seconds === undefined ? {} : { 'retry-after': `${seconds}` }),
    ...createExhaustedHeaders(quota, endsAtMs),
  };
  return { status: 429, type: 'billing_error', message, headers };
}

/** Waiting would not help: the limit is zero, or less than this one call may need. */
function neverFits({ limit, needed }: QuotaRefusal): boolean {
  return limit === 0n || needed > limit;
}

function describeRefusal(refusal: QuotaRefusal, principal: Principal | undefined): string {
  const { quota, limit, room, needed, endsAtMs } = refusal;
  const whose = describeScope(quota.scope.type, principal);
  const models = quota.models === undefined ? '' : ` for ${quota.models.join(', ')}`;
  const whole = `${describeAmount(quota.measure, limit)}${PER_WINDOW[quota.window]}${models}`;
  if (limit === 0n) return `${whose} is blocked${models} by a limit of zero. Ask your Tollgate operator.`;
  if (quota.measure === 'concurrency') {
    return `${whose} has as many requests open as it may${models}: ${limit}. Wait for one of them to end.`;
  }
  const isBatch = quota.measure === 'requests' && needed > 1n;
  const amount = describeAmount(quota.measure, needed);
  const need = isBatch ? `this batch has ${amount}` : `this request may need up to ${amount}`;
  const advice = isBatch ? 'Send fewer at once.' : 'Ask for fewer max_tokens.';
  if (needed > limit) return `The limit of ${lowerFirst(whose)} is ${whole}, and ${need}. ${advice}`;
  const resets = endsAtMs === undefined ? '' : ` It resets at ${new Date(endsAtMs).toISOString()}.`;
  const left = `${whose} has ${describeAmount(quota.measure, room)} left of its limit of ${whole}`;
  return quota.measure === 'requests' && !isBatch ? `${left}.${resets}` : `${left}, and ${need}.${resets}`;
}

const PER_WINDOW: { readonly [window in Quota['window']]: string } = {
  minute: ' a minute',
  hour: ' an hour',
  day: ' a day',
  week: ' a week',
  month: ' a month',
  total: ' in all',
};

const SINGULAR = { tokens: 'token', requests: 'request', concurrency: 'open request' } as const;

function describeAmount(measure: Quota['measure'], amount: bigint): string {
  if (measure === 'usd') return `$${formatUsd(amount)}`;
  return `${amount.toLocaleString('en-US')} ${amount === 1n ? SINGULAR[measure] : measure}`;
}

/** For the middle of a sentence. "API key" stays as it is. */
function lowerFirst(text: string): string {
  return text.startsWith('API') ? text : `${text.charAt(0).toLowerCase()}${text.slice(1)}`;
}
