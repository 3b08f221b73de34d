// Goal: a call of which it is not known whether the API bills it is charged by the operator's policy and marked; one of
// which it is known is neither.
// Method: each way a call can end without an answer, through the public listener, under both policies.
import { describe, expect, it } from 'vitest';
import { systemTimers } from '../../src/metering/timers.ts';
import type { Scenario } from '../../src/simulator/simulator-types.ts';
import { SMALL_REQUEST, STREAM_REQUEST, startProxy } from '../support/proxy-under-test.ts';
import { cutAt, errorEventAt, failing, silentAt } from '../support/simulated-api.ts';

interface Case {
  what: string;
  scenario: Scenario;
  /** Time that passes before the answer. */
  workedMs?: number;
  upstreamFirstByteMs?: number;
}

const late = (
  error: 'api_error' | 'overloaded' | 'rate_limit',
  workedMs: number,
): Pick<Case, 'scenario' | 'workedMs'> => ({
  scenario: failing(error),
  workedMs,
});

const DOUBTFUL: Case[] = [
  { what: 'the connection ended before the headers', scenario: cutAt('before_headers') },
  { what: 'the headers did not come in time', scenario: silentAt('before_headers'), upstreamFirstByteMs: 80 },
  { what: 'a 500 after ten seconds of work', ...late('api_error', 10_000) },
  { what: 'a 529 after an hour of work', ...late('overloaded', 3_600_000) },
  { what: 'headers of a success, and not a byte after them', scenario: cutAt('after_headers') },
];
const KNOWN: Case[] = [
  { what: 'a 500 at once', ...late('api_error', 0) },
  { what: 'a 500 after less than ten seconds', ...late('api_error', 1_000) },
  { what: 'a 429 after ten seconds', ...late('rate_limit', 20_000) },
  { what: 'an error event', scenario: errorEventAt({ afterEventType: 'content_block_start' }) },
];

/** What comes of one such call: its last journal entry, and what was charged. */
async function endOne(doubtfulEnds: 'release' | 'estimate', { scenario, workedMs = 0, upstreamFirstByteMs }: Case) {
  let passedMs = 0;
  await using proxy = await startProxy({
    policies: { unboundedRequests: 'hold', doubtfulEnds },
    timers: { ...systemTimers, nowMs: () => Date.now() + passedMs },
    ...(upstreamFirstByteMs === undefined ? {} : { limits: { upstreamFirstByteMs } }),
  });
  const { promise, resolve } = Promise.withResolvers<void>();
  const delivery = { ...scenario.delivery, ...(workedMs > 0 ? { beforeHeaders: promise } : {}) };
  proxy.api.enqueue({ ...scenario, delivery });
  const answer = proxy.send(STREAM_REQUEST).then((response) => response.text().catch(() => 'broken off'));
  await proxy.api.nextRequest('/v1/messages');
  passedMs = workedMs;
  resolve();
  await answer;
  const charged = await proxy.expectSound();
  const journal = await proxy.ledger.readJournal(proxy.account.id, { afterSequence: 0, limit: 10 });
  return { charged, last: journal.at(-1) };
}

describe('whether the API bills the call is not known', () => {
  it.each(DOUBTFUL)('$what: released, and marked', async (one) => {
    const { charged, last } = await endOne('release', one);
    expect(charged).toBe(0n);
    expect(last).toMatchObject({ operation: 'release', details: { doubtful: true, basis: 'none' } });
  });

  it.each(DOUBTFUL)('$what: charged its prompt where the policy says so, and marked', async (one) => {
    const { charged, last } = await endOne('estimate', one);
    // The prompt is the bytes of the body at three a token, at $1 a million.
    expect(charged).toBe(BigInt(Math.ceil(JSON.stringify(STREAM_REQUEST).length / 3)) * 1_000n);
    expect(last).toMatchObject({
      operation: 'settle',
      details: { doubtful: true, basis: 'estimated', doubts: ['end_doubtful'] },
    });
  });
});

describe('it is known that the API does not bill the call', () => {
  it.each(KNOWN)('$what: released under either policy, and not marked', async (one) => {
    for (const policy of ['release', 'estimate'] as const) {
      const { charged, last } = await endOne(policy, one);
      expect(charged).toBe(0n);
      expect(last).toMatchObject({ operation: 'release', details: { basis: 'none' } });
      expect(last?.details).not.toHaveProperty('doubtful');
    }
  });
});

const TOOL = { name: 'tool' };
const FIVE = { max_uses: 5 };
/** What leaves the cost open, the words that say so, and the nearest request that leaves nothing open. */
const OPEN: [string, object, RegExp, object | undefined][] = [
  [
    'a search without max_uses',
    { tools: [{ ...TOOL, type: 'web_search_20250305' }] },
    /web_search has no max_uses/,
    { tools: [{ ...TOOL, ...FIVE, type: 'web_search_20250305' }] },
  ],
  [
    'an advisor without max_uses',
    { tools: [{ ...TOOL, type: 'advisor_20260301', model: 'claude-opus-5' }] },
    /advisor has no max_uses/,
    { tools: [{ ...TOOL, ...FIVE, type: 'advisor_20260301', model: 'claude-opus-5' }] },
  ],
  [
    'a chain that the API chooses',
    { fallbacks: 'default' },
    /fallbacks: "default"/,
    { fallbacks: [{ model: 'claude-opus-5' }] },
  ],
  ['a continued thread', { thread: { type: 'continue' } }, /thread: the earlier/, { thread: { type: 'create' } }],
  ['MCP servers', { mcp_servers: [{ type: 'url', name: 'm', url: 'https://example.com' }] }, /mcp_servers/, undefined],
  ['code execution', { tools: [{ ...TOOL, type: 'code_execution_20250825' }] }, /code_execution runs/, undefined],
  ['an unknown server tool', { tools: [{ ...TOOL, type: 'time_travel_20270101' }] }, /not known here/, undefined],
];

describe('a request whose cost is open', () => {
  it.each(OPEN)(
    '%s: refused where the policy says so, by name, and nothing is sent',
    async (_what, fields, says, bound) => {
      await using proxy = await startProxy({ policies: { unboundedRequests: 'refuse', doubtfulEnds: 'release' } });
      const refused = await proxy.send({ ...SMALL_REQUEST, ...fields });
      expect(refused.status).toBe(400);
      expect(await refused.json()).toMatchObject({
        error: { type: 'invalid_request_error', message: expect.stringMatching(says) },
      });
      expect(proxy.api.counters.requests).toBe(0);
      expect((await proxy.ledger.readBalance(proxy.account.id))?.heldNanoUsd).toBe(0n);
      if (bound === undefined) return;
      await (await proxy.send({ ...SMALL_REQUEST, ...bound })).text();
      expect(proxy.api.counters.messages).toBe(1);
    },
  );

  it.each(OPEN)(
    '%s: held above what the plain request may cost, and charged what it cost, by default',
    async (_what, fields) => {
      await using proxy = await startProxy({ creditUsd: 1_000 });
      await (await proxy.send(SMALL_REQUEST)).text();
      await (await proxy.send({ ...SMALL_REQUEST, ...fields })).text();
      expect(proxy.api.counters.messages).toBe(2);
      await proxy.api.idle();
      await proxy.expectSound();
      const journal = await proxy.ledger.readJournal(proxy.account.id, { afterSequence: 0, limit: 20 });
      const [plain, open] = journal
        .filter(({ operation }) => operation === 'hold')
        .map(({ amountNanoUsd }) => amountNanoUsd);
      expect(open!).toBeGreaterThan(plain! * 30n);
    },
  );
});
