import { describe, expect, it } from 'vitest';
import { parseUsd } from '../../src/domain/money.ts';
import { LedgerUnavailable } from '../../src/ledger/ledger.ts';
import { SMALL_REQUEST, startProxy } from '../support/proxy-under-test.ts';

describe('routes of our own', () => {
  it('HEAD / says that there is a server', async () => {
    await using proxy = await startProxy();
    expect((await fetch(`${proxy.baseUrl}/`, { method: 'HEAD' })).status).toBe(200);
    expect((await fetch(`${proxy.baseUrl}/api/hello`, { method: 'HEAD' })).status).toBe(404);
  });

  it.each(['GET', 'HEAD'])('%s /livez and /readyz need no key', async (method) => {
    await using proxy = await startProxy();
    expect((await fetch(`${proxy.baseUrl}/livez`, { method })).status).toBe(200);
    expect((await fetch(`${proxy.baseUrl}/readyz`, { method })).status).toBe(200);
  });

  it('is not ready while the store does not answer, but alive', async () => {
    const ping = () => Promise.reject(new LedgerUnavailable('down'));
    await using proxy = await startProxy({ wrapLedger: (ledger) => ({ ...ledger, ping }) });
    const ready = await fetch(`${proxy.baseUrl}/readyz`);
    expect([ready.status, await ready.json()]).toEqual([503, { status: 'not_ready', reason: 'store_unavailable' }]);
    expect((await fetch(`${proxy.baseUrl}/livez`)).status).toBe(200);
  });

  it('probes do not become load on the store', async () => {
    let pings = 0;
    await using proxy = await startProxy({
      wrapLedger: (ledger) => ({
        ...ledger,
        ping: async () => {
          pings += 1;
        },
      }),
    });
    await Promise.all(Array.from({ length: 20 }, () => fetch(`${proxy.baseUrl}/readyz`)));
    expect(pings).toBeLessThanOrEqual(2);
  });

  it('GET /v1/balance tells the caller its own account, and no secret', async () => {
    await using proxy = await startProxy({ creditUsd: 5 });
    await (await proxy.send(SMALL_REQUEST)).arrayBuffer();
    await proxy.quiet();
    const response = await fetch(`${proxy.baseUrl}/v1/balance`, {
      headers: { authorization: `Bearer ${proxy.secret}` },
    });
    const text = await response.text();
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(JSON.parse(text)).toMatchObject({
      account: { id: proxy.account.id, name: 'Acme', mode: 'prepaid', status: 'open' },
      team: { name: 'Research' },
      member: null,
      key: { id: proxy.key.id, name: 'laptop', expires_at: null },
      balance: { granted_usd: '5.00', held_usd: '0.00', debt_usd: '0.00' },
      spend: { today_usd: '1.50', month_usd: '20.000000001' },
      quotas: [],
    });
    expect(text).not.toContain(proxy.secret);
    expect(text).not.toContain(proxy.key.secretHash);
  });

  it('GET /v1/balance tells who pays later what is left of the credit limit', async () => {
    await using proxy = await startProxy({ creditUsd: 0 });
    const policy = { accountId: proxy.account.id, mode: 'postpaid', creditLimitNanoUsd: 40_000_000_000n } as const;
    await proxy.ledger.setPolicy(policy);
    const answer = await proxy.send(SMALL_REQUEST);
    await answer.arrayBuffer();
    await proxy.quiet();
    const ask = (accept: string) =>
      fetch(`${proxy.baseUrl}/v1/balance`, { headers: { 'x-api-key': proxy.secret, accept } });
    const { balance } = (await (await ask('application/json')).json()) as { balance: Record<string, string> };
    expect(balance).toMatchObject({ available_usd: '0.00', credit_limit_usd: '40.00' });
    expect(parseUsd(balance.left_usd ?? '')).toBe(40_000_000_000n - (parseUsd(balance.debt_usd ?? '') ?? 0n));
    expect(await (await ask('text/plain')).text()).toMatch(/^\$39\.99 left, .*\$0\.0\d owed\n$/);
    // The header of the call that was charged says what was left then.
    expect(answer.headers.get('tollgate-balance-usd')).toMatch(/^39\.9/);
  });

  it.each([
    ['text/plain', 'text/plain; charset=utf-8', /^\$4\.99 left\n$/],
    ['text/plain; q=1', 'text/plain; charset=utf-8', /^\$4\.99 left\n$/],
    ['application/json, text/plain, */*', 'application/json; charset=utf-8', /^\{"account"/],
    ['*/*', 'application/json; charset=utf-8', /^\{"account"/],
    ['text/plainly', 'application/json; charset=utf-8', /^\{"account"/],
  ])('GET /v1/balance is one line to those alone who want text: %s', async (accept, type, expected) => {
    await using proxy = await startProxy({ creditUsd: 5 });
    await (await proxy.send(SMALL_REQUEST)).arrayBuffer();
    await proxy.quiet();
    const response = await fetch(`${proxy.baseUrl}/v1/balance`, { headers: { 'x-api-key': proxy.secret, accept } });
    expect(response.headers.get('content-type')).toBe(type);
    expect(await response.text()).toMatch(expected);
  });

  it('GET /v1/balance needs a key, and says when the store is silent', async () => {
    const readBalance = () => Promise.reject(new LedgerUnavailable('down'));
    await using proxy = await startProxy({ wrapLedger: (ledger) => ({ ...ledger, readBalance }) });
    expect((await fetch(`${proxy.baseUrl}/v1/balance`)).status).toBe(401);
    const response = await fetch(`${proxy.baseUrl}/v1/balance`, { headers: { 'x-api-key': proxy.secret } });
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '1']);
  });
});
