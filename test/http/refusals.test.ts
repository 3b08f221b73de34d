import { describe, expect, it } from 'vitest';
import { answerRefusal, type Refusal, TOP_UP_HINT } from '../../src/http/refusals.ts';
import { makePrincipal } from '../metering/metering-fixtures.ts';

const nowMs = Date.UTC(2026, 10, 20, 12);
const context = { principal: makePrincipal(), nowMs, topUpHint: TOP_UP_HINT };

function quota(measure: 'usd' | 'tokens' | 'requests' | 'concurrency', window: string, endsAtMs?: number): Refusal {
  const end = endsAtMs === undefined ? {} : { endsAtMs };
  return {
    kind: 'quota_exceeded',
    quotaId: 'quota_1',
    window,
    measure,
    limit: 25_000_000_000n,
    room: 500_000_000n,
    ...end,
  };
}

/** The table that clients were tried against: kind, status, type, whether a retry is told off, retry-after. */
const TABLE: [Refusal, number, string, boolean, string | undefined][] = [
  [{ kind: 'insufficient_credit', availableNanoUsd: 1n, neededNanoUsd: 2n }, 402, 'billing_error', true, undefined],
  [{ kind: 'account_frozen' }, 402, 'billing_error', true, undefined],
  [{ kind: 'account_closed' }, 402, 'billing_error', true, undefined],
  [quota('usd', 'day:2026-11-20', nowMs + 3_600_000), 429, 'billing_error', true, '3600'],
  [quota('usd', 'total'), 429, 'billing_error', true, undefined],
  [quota('requests', 'minute:2026-11-20T12:00', nowMs + 30_001), 429, 'rate_limit_error', false, '31'],
  [quota('concurrency', 'total'), 429, 'rate_limit_error', false, '1'],
  [{ kind: 'key_missing' }, 401, 'authentication_error', true, undefined],
  [{ kind: 'key_unknown' }, 401, 'authentication_error', true, undefined],
  [{ kind: 'key_expired' }, 401, 'authentication_error', true, undefined],
  [{ kind: 'key_revoked' }, 401, 'authentication_error', true, undefined],
  [{ kind: 'model_not_allowed', model: 'm' }, 400, 'invalid_request_error', false, undefined],
  [{ kind: 'model_not_priced', model: 'm' }, 400, 'invalid_request_error', false, undefined],
  [{ kind: 'unbounded_cost', reason: 'r' }, 400, 'invalid_request_error', false, undefined],
  [{ kind: 'route_not_found' }, 404, 'not_found_error', true, undefined],
  [{ kind: 'method_not_allowed', allow: 'POST' }, 405, 'invalid_request_error', true, undefined],
  [{ kind: 'body_too_large', limitBytes: 5 }, 413, 'request_too_large', false, undefined],
  [{ kind: 'inflated_body_too_large', limitBytes: 5 }, 413, 'request_too_large', false, undefined],
  [{ kind: 'malformed', reason: 'max_tokens: Field required' }, 400, 'invalid_request_error', false, undefined],
  [{ kind: 'request_timeout' }, 408, 'timeout_error', false, undefined],
  [{ kind: 'headers_too_large' }, 431, 'invalid_request_error', false, undefined],
  [{ kind: 'ledger_unavailable' }, 503, 'api_error', false, '1'],
  [{ kind: 'directory_unavailable' }, 503, 'api_error', false, '1'],
  [{ kind: 'spool_full' }, 503, 'api_error', false, '1'],
  [{ kind: 'shutting_down' }, 503, 'api_error', false, '1'],
  [{ kind: 'upstream_unreachable' }, 502, 'api_error', false, undefined],
  [{ kind: 'upstream_unreadable' }, 502, 'api_error', false, undefined],
  [{ kind: 'upstream_slow' }, 504, 'timeout_error', false, undefined],
  [{ kind: 'upstream_busy' }, 529, 'overloaded_error', false, undefined],
  [{ kind: 'upstream_refused_operator', cause: 'credit' }, 529, 'overloaded_error', false, undefined],
  [{ kind: 'upstream_refused_operator', cause: 'credential' }, 503, 'api_error', false, undefined],
  [{ kind: 'upstream_rate_limited', retryAfter: '9' }, 429, 'rate_limit_error', false, '9'],
  [{ kind: 'upstream_rate_limited', retryAfter: undefined }, 429, 'rate_limit_error', false, undefined],
  [{ kind: 'internal' }, 500, 'api_error', false, undefined],
];

describe('refusals', () => {
  it.each(TABLE)('%o is a %i %s', (refusal, status, type, noRetry, retryAfter) => {
    const answer = answerRefusal(refusal, context);
    expect(answer).toMatchObject({ status, type });
    expect(answer.headers['x-should-retry']).toBe(noRetry ? 'false' : undefined);
    expect(answer.headers['retry-after']).toBe(retryAfter);
    expect(answer.message.length).toBeGreaterThan(8);
    expect(answer.message).not.toMatch(/[\r\n]|Anthropic|console|Plans & Billing/);
  });

  it('the sentence names who, what is left, what was needed and what to do', () => {
    const { message } = answerRefusal(
      { kind: 'insufficient_credit', availableNanoUsd: 12_345_678n, neededNanoUsd: 2_500_000_000n },
      context,
    );
    for (const part of ['"Acme"', '"laptop"', '"Research"', '$0.012345678', '$2.50', TOP_UP_HINT])
      expect(message).toContain(part);
  });

  it('a budget says when it resets, in the headers that Claude Code reads too', () => {
    const { message, headers } = answerRefusal(quota('usd', 'day:2026-11-20', nowMs + 3_600_000), context);
    for (const part of ['$0.50 of $25.00', '2026-11-20T13:00:00.000Z', '"laptop"', '"Research"'])
      expect(message).toContain(part);
    expect(headers).toMatchObject({
      'anthropic-ratelimit-unified-status': 'rejected',
      'anthropic-ratelimit-unified-reset': String((nowMs + 3_600_000) / 1_000),
      'anthropic-ratelimit-unified-overage-disabled-reason': 'org_spend_cap_reached',
    });
    expect(headers).not.toHaveProperty('anthropic-ratelimit-unified-representative-claim');
  });

  it('names of people cannot break out of their quotes, lines or terminals', () => {
    const principal = makePrincipal({ name: `a\r\nset-cookie: x\u001b[31m\u202e${'long '.repeat(100)}` });
    const { message } = answerRefusal(
      { kind: 'insufficient_credit', availableNanoUsd: 0n, neededNanoUsd: 1n },
      { ...context, principal },
    );
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
    expect(message).not.toMatch(/[\u0000-\u001f\u202e]/);
    expect(message.length).toBeLessThan(600);
  });
});
