import Anthropic, { type APIError, RateLimitError } from '@anthropic-ai/sdk';
import { describe, expect, it } from 'vitest';
import { createId } from '../../src/directory/create-id.ts';
import type { Quota } from '../../src/domain/quota.ts';
import { findWindow } from '../../src/domain/quota-window.ts';
import { type ProxyUnderTest, SMALL_REQUEST, STREAM_REQUEST, startProxy } from '../support/proxy-under-test.ts';
import { until } from '../support/until.ts';

/** As the SDK's types want it. */
const SDK_REQUEST = { ...SMALL_REQUEST, messages: [...SMALL_REQUEST.messages] };
const PREFIX = 'anthropic-ratelimit-unified';

async function setQuota(proxy: ProxyUnderTest, changes: Partial<Quota>): Promise<Quota> {
  const quota: Quota = {
    id: createId('quota', Date.now()),
    accountId: proxy.account.id,
    scope: { type: 'team', id: proxy.key.teamId ?? '' },
    window: 'month',
    measure: 'usd',
    limit: 1_000_000_000n,
    mode: 'hard',
    raises: [],
    createdAtMs: Date.now(),
    ...changes,
  };
  expect((await proxy.directory.createQuota(quota)).result).toBe('created');
  return quota;
}

/** Uses a part of a quota by settled calls of another making, at this price each. */
async function use(proxy: ProxyUnderTest, quota: Quota, requests: number, amountNanoUsd = 0n): Promise<void> {
  const { name } = findWindow(quota.window, Date.now(), 'UTC');
  for (let count = 0; count < requests; count += 1) {
    await proxy.ledger.settle({
      accountId: proxy.account.id,
      holdId: createId('hold', Date.now()),
      amountNanoUsd,
      tokens: 0n,
      modelLabels: [],
      cells: [{ quotaId: quota.id, window: name, measure: quota.measure }],
    });
  }
}

const unifiedOf = (headers: Headers) =>
  Object.fromEntries(
    [...headers]
      .filter(([name]) => name.startsWith(PREFIX))
      .map(([name, value]) => [name.slice(PREFIX.length + 1), value]),
  );

async function deniedCount(proxy: ProxyUnderTest, labels: string): Promise<number> {
  const { body } = await proxy.metrics.render();
  const line = body.split('\n').find((one) => one.startsWith(`tollgate_admission_denied_total{${labels}}`));
  return Number(line?.split(' ').at(-1));
}

describe('a quota that is used up', () => {
  it('is told to the SDK once, as an error with our sentence, and nothing is sent upstream', async () => {
    await using proxy = await startProxy();
    const quota = await setQuota(proxy, { measure: 'requests', limit: 1n });
    const client = new Anthropic({ apiKey: proxy.secret, baseURL: proxy.baseUrl });
    await client.messages.create(SDK_REQUEST);
    await proxy.quiet();
    const error = await client.messages.create(SDK_REQUEST).catch((fault: unknown) => fault);
    expect(error).toBeInstanceOf(RateLimitError);
    const { endsAtMs = 0 } = findWindow('month', Date.now(), 'UTC');
    const resets = new Date(endsAtMs).toISOString();
    expect(error).toMatchObject({
      status: 429,
      error: {
        type: 'error',
        error: {
          type: 'billing_error',
          message: `Team "Research" has 0 requests left of its limit of 1 request a month. It resets at ${resets}.`,
        },
      },
    });
    const { headers } = error as APIError;
    expect(headers?.get('x-should-retry')).toBe('false');
    const seconds = Number(headers?.get('retry-after'));
    expect(Math.abs(seconds - (endsAtMs - Date.now()) / 1000)).toBeLessThan(5);
    expect(unifiedOf(headers as Headers)).toEqual({
      status: 'rejected',
      reset: `${endsAtMs / 1000}`,
      'overage-reset': `${endsAtMs / 1000}`,
      'overage-utilization': '1',
      'overage-surpassed-threshold': '1',
      'overage-period': 'monthly',
      'overage-disabled-reason': 'org_spend_cap_reached',
    });
    expect(proxy.api.requests).toHaveLength(1);
    expect(await deniedCount(proxy, 'reason="quota",scope="team"')).toBe(1);
    expect(quota.limit).toBe(1n);
    await proxy.expectBilled();
  });

  it('in dollars names what is left and what was needed', async () => {
    await using proxy = await startProxy();
    const quota = await setQuota(proxy, { scope: { type: 'key', id: proxy.key.id }, window: 'total' });
    await use(proxy, quota, 1, 999_990_000n);
    const refused = await proxy.send(SMALL_REQUEST);
    const { error } = (await refused.json()) as { error: { type: string; message: string } };
    expect(error.type).toBe('billing_error');
    expect(error.message).toMatch(
      /^API key "laptop" of team "Research" has \$0\.00001 left of its limit of \$1\.00 in all, and this request may need up to \$0\.00\d+\.$/,
    );
    expect(refused.headers.has('retry-after')).toBe(false);
    expect(await deniedCount(proxy, 'reason="quota",scope="key"')).toBe(1);
    expect(await proxy.expectSound()).toBe(999_990_000n);
  });

  it('of open calls is retried by the SDK until one has ended', async () => {
    await using proxy = await startProxy();
    const accountId = proxy.account.id;
    const scope = { type: 'account', id: accountId } as const;
    const quota = await setQuota(proxy, { window: 'total', measure: 'concurrency', limit: 1n, scope });
    const holdId = createId('hold', Date.now());
    const cell = { quotaId: quota.id, window: 'total', measure: 'concurrency', limit: 1n, mode: 'hard' } as const;
    const common = { accountId, holdId, amountNanoUsd: 0n, tokens: 0n, modelLabels: [], leaseMs: 60_000 };
    expect((await proxy.ledger.hold({ ...common, cells: [cell] })).result).toBe('held');
    const client = new Anthropic({ apiKey: proxy.secret, baseURL: proxy.baseUrl, maxRetries: 5 });
    const answer = client.messages.create(SDK_REQUEST);
    await until(async () => (await deniedCount(proxy, 'reason="rate_limit",scope="account"')) > 0);
    await proxy.ledger.release({ accountId, holdId });
    expect((await answer).type).toBe('message');
    await proxy.expectBilled();
  });

  it('of a minute is a rate limit, which clients wait for', async () => {
    await using proxy = await startProxy();
    await setQuota(proxy, {
      window: 'minute',
      measure: 'requests',
      limit: 1n,
      scope: { type: 'account', id: proxy.account.id },
    });
    // The minute may end between the two; then a third finds the second's.
    const answers = [];
    for (let count = 0; count < 3; count += 1) answers.push(await proxy.send(SMALL_REQUEST));
    const refused = answers.find(({ status }) => status === 429);
    expect(await refused?.json()).toMatchObject({ error: { type: 'rate_limit_error' } });
    const seconds = Number(refused?.headers.get('retry-after'));
    expect(seconds).toBeGreaterThan(0);
    expect(seconds).toBeLessThan(60);
    expect(refused?.headers.has('x-should-retry')).toBe(false);
    expect(unifiedOf(refused?.headers as Headers)).toEqual({});
    expect(await deniedCount(proxy, 'reason="rate_limit",scope="account"')).toBeGreaterThan(0);
  });
});

describe('a quota that is not used up', () => {
  it.each([SMALL_REQUEST, STREAM_REQUEST])('warns Claude Code at 75 and at 95 per cent: %#', async (request) => {
    await using proxy = await startProxy();
    const quota = await setQuota(proxy, { measure: 'requests', limit: 200n });
    const told = async () => {
      const response = await proxy.send(request);
      expect(response.status).toBe(200);
      await response.text();
      await proxy.quiet();
      const { reset, 'overage-reset': overageReset, ...rest } = unifiedOf(response.headers);
      expect(reset).toBe(`${(findWindow('month', Date.now(), 'UTC').endsAtMs ?? 0) / 1000}`);
      expect(overageReset).toBe(reset);
      return rest;
    };
    const quiet = { status: 'allowed', 'representative-claim': 'overage', 'overage-status': 'allowed' };
    const warning = {
      status: 'allowed_warning',
      'representative-claim': 'overage',
      'overage-status': 'allowed_warning',
    };
    expect(await told()).toEqual({ ...quiet, 'overage-utilization': '0' });
    await use(proxy, quota, 148);
    expect(await told()).toEqual({ ...quiet, 'overage-utilization': '0.74' });
    expect(await told()).toEqual({ ...warning, 'overage-utilization': '0.75', 'overage-surpassed-threshold': '0.75' });
    await use(proxy, quota, 39);
    expect(await told()).toEqual({ ...warning, 'overage-utilization': '0.95', 'overage-surpassed-threshold': '0.95' });
    await use(proxy, quota, 8);
    expect(await told()).toEqual({ ...warning, 'overage-utilization': '0.99', 'overage-surpassed-threshold': '0.95' });
    expect((await proxy.send(request)).status).toBe(429);
  });

  it("says nothing of limits where there are none, the upstream's least of all", async () => {
    await using proxy = await startProxy();
    await setQuota(proxy, { mode: 'soft' });
    expect(unifiedOf((await proxy.send(SMALL_REQUEST)).headers)).toEqual({});
  });
});

describe('GET /v1/balance', () => {
  it("shows the caller's quotas with their use, and no trial of the operator's", async () => {
    await using proxy = await startProxy();
    const usd = await setQuota(proxy, {});
    const open = await setQuota(proxy, {
      scope: { type: 'key', id: proxy.key.id },
      window: 'total',
      measure: 'concurrency',
      limit: 7n,
      models: ['opus'],
    });
    await setQuota(proxy, { mode: 'shadow' });
    await (await proxy.send(SMALL_REQUEST)).text();
    const charged = await proxy.expectSound();
    const response = await fetch(`${proxy.baseUrl}/v1/balance`, { headers: { 'x-api-key': proxy.secret } });
    const { quotas, balance } = (await response.json()) as { quotas: unknown; balance: { charged_usd: string } };
    expect(charged).toBeGreaterThan(0n);
    expect(quotas).toEqual([
      {
        id: usd.id,
        scope: usd.scope,
        window: 'month',
        mode: 'hard',
        models: null,
        limit_usd: '1.00',
        used_usd: balance.charged_usd,
        held_usd: '0.00',
        resets_at: new Date(findWindow('month', Date.now(), 'UTC').endsAtMs ?? 0).toISOString(),
      },
      {
        id: open.id,
        scope: open.scope,
        window: 'total',
        mode: 'hard',
        models: ['opus'],
        limit_concurrency: 7,
        used_concurrency: 0,
        held_concurrency: 0,
        resets_at: null,
      },
    ]);
  });
});
