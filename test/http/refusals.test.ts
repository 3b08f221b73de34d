import { describe, expect, it } from 'vitest';
import type { Quota } from '../../src/domain/quota.ts';
import { answerRefusal, type Refusal, TOP_UP_HINT } from '../../src/http/refusals.ts';
import { makePrincipal } from '../metering/metering-fixtures.ts';

const nowMs = Date.UTC(2026, 10, 20, 12);
const context = { principal: makePrincipal(), nowMs, topUpHint: TOP_UP_HINT };

const aQuota = (changes: Partial<Quota> = {}): Quota => ({
  id: 'quota_1',
  accountId: 'acct_1',
  scope: { type: 'team', id: 'team_1' },
  window: 'day',
  measure: 'usd',
  limit: 25_000_000_000n,
  mode: 'hard',
  raises: [],
  createdAtMs: 0,
  ...changes,
});

function quota(changes: Partial<Quota>, endsAtMs?: number, needed = 1n): Refusal {
  const end = endsAtMs === undefined ? {} : { endsAtMs };
  const named = aQuota(changes);
  return { kind: 'quota_exceeded', quota: named, limit: named.limit, room: 500_000_000n, needed, ...end };
}

/** The table that clients were tried against: kind, status, type, whether a retry is told off, retry-after. */
const TABLE: [Refusal, number, string, boolean, string | undefined][] = [
  [{ kind: 'insufficient_credit', availableNanoUsd: 1n, neededNanoUsd: 2n }, 402, 'billing_error', true, undefined],
  [{ kind: 'account_frozen' }, 402, 'billing_error', true, undefined],
  [{ kind: 'account_closed' }, 402, 'billing_error', true, undefined],
  [quota({}, nowMs + 3_600_000), 429, 'billing_error', true, '3600'],
  [quota({ window: 'hour', measure: 'requests' }, nowMs + 9), 429, 'billing_error', true, '1'],
  [quota({ window: 'total', measure: 'tokens' }), 429, 'billing_error', true, undefined],
  [quota({ window: 'minute', measure: 'requests' }, nowMs + 30_001), 429, 'rate_limit_error', false, '31'],
  [quota({ window: 'minute', measure: 'usd' }, nowMs + 60_000), 429, 'rate_limit_error', false, '59'],
  [quota({ window: 'total', measure: 'concurrency' }), 429, 'rate_limit_error', false, '1'],
  [quota({ limit: 0n }, nowMs + 3_600_000), 429, 'billing_error', true, undefined],
  [quota({ window: 'minute', limit: 0n }, nowMs + 30_000), 429, 'billing_error', true, undefined],
  [quota({ window: 'total', measure: 'concurrency', limit: 0n }), 429, 'billing_error', true, undefined],
  [quota({ window: 'minute', measure: 'tokens', limit: 9n }, nowMs + 9, 10n), 429, 'billing_error', true, undefined],
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

  it('the sentence tells credit for other models apart', () => {
    const { message } = answerRefusal(
      {
        kind: 'insufficient_credit',
        availableNanoUsd: 0n,
        neededNanoUsd: 2_500_000_000n,
        elsewhereNanoUsd: 7_000_000_000n,
      },
      context,
    );
    expect(message).toContain(
      'has $0.00 of credit left for this model (and $7.00 that is for other models only), and this request may need up to $2.50',
    );
  });

  it('a budget says when it resets, in the headers that Claude Code reads too', () => {
    const { message, headers } = answerRefusal(quota({}, nowMs + 3_600_000, 900_000_000n), context);
    expect(message).toBe(
      'Team "Research" has $0.50 left of its limit of $25.00 a day, and this request may need up to $0.90. ' +
        'It resets at 2026-11-20T13:00:00.000Z.',
    );
    const reset = String((nowMs + 3_600_000) / 1_000);
    expect(headers).toEqual({
      'x-should-retry': 'false',
      'retry-after': '3600',
      'anthropic-ratelimit-unified-status': 'rejected',
      'anthropic-ratelimit-unified-reset': reset,
      'anthropic-ratelimit-unified-overage-reset': reset,
      'anthropic-ratelimit-unified-overage-utilization': '1',
      'anthropic-ratelimit-unified-overage-surpassed-threshold': '1',
      'anthropic-ratelimit-unified-overage-period': 'daily',
      'anthropic-ratelimit-unified-overage-disabled-reason': 'org_spend_cap_reached',
    });
  });

  it.each<[Refusal, string]>([
    [
      quota({ scope: { type: 'account', id: 'acct_1' }, window: 'month', models: ['opus', 'fable'] }, nowMs, 2n),
      'Account "Acme" has $0.50 left of its limit of $25.00 a month for opus, fable, and this request may need up to ' +
        '$0.000000002. It resets at 2026-11-20T12:00:00.000Z.',
    ],
    [
      quota({ scope: { type: 'key', id: 'key_1' }, window: 'total', measure: 'tokens' }, undefined, 1_000_000_000n),
      'API key "laptop" of team "Research" has 500,000,000 tokens left of its limit of 25,000,000,000 tokens in all, ' +
        'and this request may need up to 1,000,000,000 tokens.',
    ],
    [
      quota({ measure: 'requests', window: 'minute' }, nowMs),
      'Team "Research" has 500,000,000 requests left of its limit of 25,000,000,000 requests a minute. It resets at ' +
        '2026-11-20T12:00:00.000Z.',
    ],
    [
      quota({ measure: 'requests', window: 'total', limit: 5n }, undefined, 6n),
      'The limit of team "Research" is 5 requests in all, and this batch has 6 requests. Send fewer at once.',
    ],
    [
      quota({ measure: 'concurrency', window: 'total', limit: 5n }),
      'Team "Research" has as many requests open as it may: 5. Wait for one of them to end.',
    ],
    [
      quota({ measure: 'tokens', window: 'minute', limit: 9n }, nowMs, 10n),
      'The limit of team "Research" is 9 tokens a minute, and this request may need up to 10 tokens. Ask for fewer ' +
        'max_tokens.',
    ],
    [
      quota({ scope: { type: 'member', id: 'mem_1' }, limit: 0n, models: ['opus'] }, nowMs),
      'The member is blocked for opus by a limit of zero. Ask your Tollgate operator.',
    ],
  ])('a quota is named in full: %#', (refusal, sentence) => {
    expect(answerRefusal(refusal, context).message).toBe(sentence);
  });

  it('only a limit that waiting passes lets clients retry', () => {
    for (const changes of [
      { window: 'minute', measure: 'tokens' },
      { window: 'total', measure: 'concurrency' },
    ] as const) {
      const { headers } = answerRefusal(quota(changes, nowMs + 30_000), context);
      expect(Object.keys(headers)).toEqual(['retry-after']);
    }
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
