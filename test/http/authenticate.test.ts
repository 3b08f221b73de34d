import { describe, expect, it } from 'vitest';
import { createKeySecret, hashKeySecret } from '../../src/directory/key-secret.ts';
import { LedgerUnavailable } from '../../src/ledger/ledger.ts';
import { type ProxyUnderTest, SMALL_REQUEST, startProxy } from '../support/proxy-under-test.ts';
import { openRaw } from '../support/raw-http.ts';
import { until } from '../support/until.ts';

async function ask(proxy: ProxyUnderTest, headers: Record<string, string>, path = '/v1/balance') {
  const response = await fetch(`${proxy.baseUrl}${path}`, { headers });
  const body = (await response.json()) as { error?: { type: string; message: string } };
  return { status: response.status, retry: response.headers.get('x-should-retry'), error: body.error };
}

describe('the key', () => {
  it('comes as x-api-key, as a bearer or as both', async () => {
    await using proxy = await startProxy();
    const { secret } = proxy;
    for (const headers of [
      { 'x-api-key': secret },
      { authorization: `Bearer ${secret}` },
      { authorization: `bearer   ${secret}` },
      { 'x-api-key': secret, authorization: `Bearer ${secret}` },
      // As at the API, x-api-key counts where they differ; an empty one is none.
      { 'x-api-key': secret, authorization: 'Bearer of-another-service' },
      { 'x-api-key': '', authorization: `Bearer ${secret}` },
      // In the place of a token's signature: whatever the token says, it is the key that counts.
      { authorization: `Bearer eyJhbGciOiJub25lIn0.eyJhdWQiOiJjbGF1ZGUtZ2F0ZXdheSJ9.${secret}` },
    ]) {
      expect(await ask(proxy, headers as Record<string, string>)).toMatchObject({ status: 200 });
    }
  });

  it.each<[string, Record<string, string>]>([
    ['none', {}],
    ['an unknown one', { 'x-api-key': createKeySecret().secret }],
    ['no key at all', { 'x-api-key': 'sk-ant-api03-mine' }],
    ['another scheme', { authorization: 'Basic dTpw' }],
    ['an unknown one in a token', { authorization: `Bearer a.b.${createKeySecret().secret}` }],
    ['one elsewhere in a token', { authorization: 'Bearer GOOD.a.b' }],
    ['one in what is no token', { authorization: 'Bearer a.GOOD' }],
    ['one in a longer token', { authorization: 'Bearer a.b.c.GOOD' }],
    ['an unknown one before a good bearer', { 'x-api-key': createKeySecret().secret, authorization: 'Bearer GOOD' }],
    ['a very long one', { 'x-api-key': `tg_${'x'.repeat(8_000)}` }],
  ])('%s is a 401 that nobody retries', async (_, headers) => {
    await using proxy = await startProxy();
    const sent = Object.fromEntries(
      Object.entries(headers).map(([name, value]) => [name, value.replace('GOOD', proxy.secret)]),
    );
    for (const path of ['/v1/balance', '/v1/models']) {
      expect(await ask(proxy, sent, path)).toMatchObject({
        status: 401,
        retry: 'false',
        error: { type: 'authentication_error' },
      });
    }
    expect(proxy.api.counters.requests).toBe(0);
    expect(JSON.stringify(proxy.log)).not.toContain('tg_xxx');
  });

  it('stops working the moment it is revoked, and says so', async () => {
    await using proxy = await startProxy();
    expect(await ask(proxy, { 'x-api-key': proxy.secret })).toMatchObject({ status: 200 });
    await proxy.directory.updateKey(proxy.account.id, proxy.key.id, { revokedAtMs: Date.now() });
    expect(await ask(proxy, { 'x-api-key': proxy.secret })).toMatchObject({
      status: 401,
      retry: 'false',
      error: { message: 'This API key has been revoked.' },
    });
  });

  it('stops working when it expires', async () => {
    await using proxy = await startProxy({ key: { expiresAtMs: Date.now() - 1 } });
    expect(await ask(proxy, { 'x-api-key': proxy.secret })).toMatchObject({
      status: 401,
      error: { message: 'This API key has expired.' },
    });
  });

  it('works after a rotation in its old form until its grace ends', async () => {
    await using proxy = await startProxy();
    const fresh = createKeySecret();
    const rotation = { secretHash: fresh.secretHash, hint: fresh.hint, oldExpiresAtMs: Date.now() + 60_000 };
    await proxy.directory.rotateKey(proxy.account.id, proxy.key.id, rotation);
    expect(hashKeySecret(fresh.secret)).toBe(fresh.secretHash);
    expect(await ask(proxy, { 'x-api-key': proxy.secret })).toMatchObject({ status: 200 });
    expect(await ask(proxy, { 'x-api-key': fresh.secret })).toMatchObject({ status: 200 });
    await proxy.directory.rotateKey(proxy.account.id, proxy.key.id, {
      ...rotation,
      secretHash: 'f'.repeat(64),
      oldExpiresAtMs: Date.now() - 1,
    });
    expect((await ask(proxy, { 'x-api-key': fresh.secret })).status).toBe(401);
  });

  it('a flood of wrong keys on one connection asks the store for few of them at once, and honest callers are served', async () => {
    await using proxy = await startProxy();
    expect(await ask(proxy, { 'x-api-key': proxy.secret })).toMatchObject({ status: 200 });
    const held = Promise.withResolvers<void>();
    let asked = 0;
    const { findPrincipal } = proxy.directory;
    proxy.directory.findPrincipal = async (hash) => {
      asked += 1;
      await held.promise;
      return findPrincipal(hash);
    };
    using connection = await openRaw(proxy.port);
    for (let index = 0; index < 1_000; index += 1) {
      connection.write(`GET /v1/balance HTTP/1.1\r\nhost: x\r\nx-api-key: ${createKeySecret().secret}\r\n\r\n`);
    }
    const refused = /^tollgate_admission_denied_total\{reason="key_look_ups",scope="none"\} [1-9]/m;
    await until(async () => refused.test((await proxy.metrics.render()).body));
    expect(asked).toBe(256);
    expect(await ask(proxy, { 'x-api-key': proxy.secret })).toMatchObject({ status: 200 });
    held.resolve();
    const statuses = (): string[] => connection.received().match(/HTTP\/1\.1 \d+/g) ?? [];
    await until(() => statuses().length === 1_000);
    expect(statuses().indexOf('HTTP/1.1 529')).toBe(256);
  });

  it('a stranger is answered before the body is read', async () => {
    await using proxy = await startProxy();
    const response = await proxy.send('x'.repeat(1_000_000), { headers: { 'x-api-key': 'nobody' } });
    expect(response.status).toBe(401);
  });
});

describe('admission on the wire', () => {
  it('without credit one request is refused with our sentence, and none is sent', async () => {
    await using proxy = await startProxy({ creditUsd: 0 });
    const response = await proxy.send(SMALL_REQUEST);
    expect([response.status, response.headers.get('x-should-retry')]).toEqual([402, 'false']);
    const body = (await response.json()) as { error: { type: string; message: string } };
    expect(body.error.type).toBe('billing_error');
    expect(body.error.message).toContain('"Acme" has $0.00 of credit left');
    expect(proxy.api.counters.requests).toBe(0);
    expect(proxy.log).toContainEqual(
      expect.objectContaining({ outcome: 'refused', reason: 'insufficient_credit', status: 402 }),
    );
    expect((await proxy.metrics.render()).body).toContain(
      'tollgate_admission_denied_total{reason="credit",scope="account"} 1',
    );
  });

  it('parallel calls cannot spend one credit twice', async () => {
    await using proxy = await startProxy({ creditUsd: 0.01 });
    const responses = await Promise.all(
      Array.from({ length: 50 }, () => proxy.send({ ...SMALL_REQUEST, max_tokens: 500 })),
    );
    const statuses = responses.map(({ status }) => status);
    expect(new Set(statuses)).toEqual(new Set([200, 402]));
    await Promise.all(responses.map((response) => response.arrayBuffer()));
    await proxy.expectBilled();
    const balance = await proxy.ledger.readBalance(proxy.account.id);
    expect(balance?.debtNanoUsd).toBe(0n);
    expect(balance?.chargedNanoUsd).toBeLessThanOrEqual(10_000_000n);
  });

  it('a key with a list of models may call those alone', async () => {
    await using proxy = await startProxy({ key: { allowedModels: ['claude-sonnet-5'] } });
    const response = await proxy.send(SMALL_REQUEST);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({
      error: { type: 'invalid_request_error', message: expect.stringContaining('claude-haiku-4-5') },
    });
    expect(proxy.api.counters.requests).toBe(0);
  });

  it('a store that is silent refuses, and is told to release', async () => {
    let down = true;
    const released: string[] = [];
    await using proxy = await startProxy({
      wrapLedger: (ledger) => ({
        ...ledger,
        hold: (command) => (down ? Promise.reject(new LedgerUnavailable('down')) : ledger.hold(command)),
        release(command) {
          released.push(command.holdId);
          return ledger.release(command);
        },
      }),
    });
    const response = await proxy.send(SMALL_REQUEST);
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '1']);
    expect(await response.json()).toMatchObject({ error: { type: 'api_error' } });
    expect(released).toHaveLength(1);
    down = false;
    expect((await proxy.send(SMALL_REQUEST)).status).toBe(200);
    await proxy.expectBilled();
  });

  it('a fault of ours is a 500 in the envelope without its text', async () => {
    await using proxy = await startProxy({
      wrapLedger: (ledger) => ({ ...ledger, hold: () => Promise.reject(new Error('a private detail')) }),
    });
    const response = await proxy.send(SMALL_REQUEST);
    const text = await response.text();
    expect(response.status).toBe(500);
    expect(JSON.parse(text)).toMatchObject({
      type: 'error',
      error: { type: 'api_error', message: 'Internal server error' },
    });
    expect(text).not.toContain('private');
    expect(proxy.log).toContainEqual(expect.objectContaining({ level: 'error', msg: 'a request failed' }));
  });
});
