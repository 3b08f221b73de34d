import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { Quota } from '../../src/domain/quota.ts';
import { answerRefusal, type Refusal } from '../../src/http/refusals.ts';
import { readMarkdownTable } from '../support/markdown-table.ts';

const NOW_MS = Date.UTC(2026, 10, 21);
const exceeded = (changes: Partial<Quota>) =>
  ({
    kind: 'quota_exceeded',
    quota: {
      id: 'quota_a',
      accountId: 'acct_a',
      scope: { type: 'key', id: 'key_a' },
      window: 'day',
      measure: 'usd',
      limit: 5n,
      mode: 'hard',
      raises: [],
      createdAtMs: 0,
      ...changes,
    },
    limit: changes.limit ?? 5n,
    room: 0n,
    needed: 1n,
    endsAtMs: NOW_MS + 30_000,
  }) as const;

/** One of each, by the name that the document gives it. A kind that is missing here does not compile. */
const EXAMPLES: { [name in Refusal['kind'] | `${Refusal['kind']} (${string})`]?: unknown } & {
  [name in Exclude<Refusal['kind'], 'upstream_refused_operator'>]: Refusal & { kind: name };
} = {
  insufficient_credit: { kind: 'insufficient_credit', availableNanoUsd: 1n, neededNanoUsd: 2n },
  account_frozen: { kind: 'account_frozen' },
  account_closed: { kind: 'account_closed' },
  quota_exceeded: exceeded({}),
  'quota_exceeded (minute)': exceeded({ measure: 'tokens', window: 'minute' }),
  'quota_exceeded (concurrency)': exceeded({ measure: 'concurrency', window: 'total' }),
  'quota_exceeded (never fits)': exceeded({ limit: 0n }),
  too_many_open: { kind: 'too_many_open', owner: 'key', limit: 2 },
  overloaded: { kind: 'overloaded', cause: 'event_loop' },
  model_not_allowed: { kind: 'model_not_allowed', model: 'm' },
  model_not_priced: { kind: 'model_not_priced', model: 'm' },
  unbounded_cost: { kind: 'unbounded_cost', reason: 'web search without max_uses' },
  ledger_unavailable: { kind: 'ledger_unavailable' },
  spool_full: { kind: 'spool_full' },
  directory_unavailable: { kind: 'directory_unavailable' },
  key_missing: { kind: 'key_missing' },
  key_unknown: { kind: 'key_unknown' },
  key_expired: { kind: 'key_expired' },
  key_revoked: { kind: 'key_revoked' },
  route_not_found: { kind: 'route_not_found' },
  method_not_allowed: { kind: 'method_not_allowed', allow: 'POST' },
  shutting_down: { kind: 'shutting_down' },
  body_too_large: { kind: 'body_too_large', limitBytes: 1 },
  inflated_body_too_large: { kind: 'inflated_body_too_large', limitBytes: 1 },
  malformed: { kind: 'malformed', reason: 'model: Field required' },
  file_not_found: { kind: 'file_not_found', id: 'file_a' },
  batch_not_found: { kind: 'batch_not_found', id: 'msgbatch_a' },
  request_timeout: { kind: 'request_timeout' },
  headers_too_large: { kind: 'headers_too_large' },
  upstream_unreachable: { kind: 'upstream_unreachable' },
  upstream_unreadable: { kind: 'upstream_unreadable' },
  upstream_slow: { kind: 'upstream_slow' },
  upstream_busy: { kind: 'upstream_busy' },
  'upstream_refused_operator (credit)': { kind: 'upstream_refused_operator', cause: 'credit' },
  'upstream_refused_operator (credential)': { kind: 'upstream_refused_operator', cause: 'credential' },
  upstream_rate_limited: { kind: 'upstream_rate_limited', retryAfter: '7' },
  internal: { kind: 'internal' },
};

const RETRY_AFTER: { [words: string]: string } = { "seconds to the window's end": '30', 'as the upstream said': '7' };

describe('docs/errors.md', () => {
  const rows = readMarkdownTable(readFileSync('docs/errors.md', 'utf8'), 'Refusals');
  const named = rows.map((row) => (row.refusal ?? '').replaceAll('`', ''));

  test('names every refusal and no other', () => {
    expect(named.toSorted()).toEqual(Object.keys(EXAMPLES).toSorted());
  });

  test.each(rows)('$refusal is answered as written', (row) => {
    const refusal = EXAMPLES[(row.refusal ?? '').replaceAll('`', '') as Refusal['kind']] as Refusal;
    const answer = answerRefusal(refusal, { nowMs: NOW_MS, topUpHint: 'Top up.' });
    expect([String(answer.status), answer.type]).toEqual([row.status, row.type]);
    expect(answer.headers['x-should-retry'] ?? '').toBe(row['x-should-retry']);
    const retryAfter = row['retry-after'] ?? '';
    expect(answer.headers['retry-after'] ?? '').toBe(RETRY_AFTER[retryAfter] ?? retryAfter);
  });
});
