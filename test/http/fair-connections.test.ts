import { expect, it } from 'vitest';
import { createId } from '../../src/directory/create-id.ts';
import { createKeySecret } from '../../src/directory/key-secret.ts';
import { type ProxyUnderTest, SMALL_REQUEST, STREAM_REQUEST, startProxy } from '../support/proxy-under-test.ts';
import { delivered } from '../support/simulated-api.ts';
import { until } from '../support/until.ts';

/** The key of an account besides the proxy's own. */
async function addTenant(proxy: ProxyUnderTest): Promise<string> {
  const account = { ...proxy.account, id: createId('acct', Date.now()), name: 'Quiet' };
  const { secret, secretHash, hint } = createKeySecret();
  await proxy.directory.createAccount(account);
  const { teamId: _, ...key } = proxy.key;
  await proxy.directory.createKey({ ...key, id: createId('key', Date.now()), accountId: account.id, secretHash, hint });
  return secret;
}

it.each(['/v1/messages/count_tokens', '/v1/messages'])(
  'a free connection goes to the account without one, whoever asked before: %s',
  async (path) => {
    await using proxy = await startProxy({ limits: { upstreamConnections: 2 } });
    const quiet = await addTenant(proxy);
    proxy.api.enqueue(delivered({ holdBefore: [1] }), delivered({ holdBefore: [1] }));
    const running = [await proxy.send(STREAM_REQUEST), await proxy.send(STREAM_REQUEST)];
    const calls = [await proxy.api.nextRequest(), await proxy.api.nextRequest()];
    let refused = 0;
    const noisy = Array.from({ length: 20 }, () => proxy.send(SMALL_REQUEST, { path }));
    for (const sent of noisy) void sent.then(({ status }) => (refused += status === 529 ? 1 : 0));
    await until(() => proxy.upstreamQueued() === 20, { what: 'all of the noisy ones wait' });
    const asked = proxy.send(
      { ...SMALL_REQUEST, system: 'quiet' },
      { path: '/v1/messages/count_tokens', headers: { 'x-api-key': quiet } },
    );
    await until(() => proxy.upstreamQueued() === 21);
    calls[0]?.releaseAll();
    expect((await asked).status).toBe(200);
    calls[1]?.releaseAll();
    expect((await Promise.all(noisy)).every(({ status }) => status === 200)).toBe(true);
    const order = proxy.api.requests.map(({ body }) => body.includes('quiet')).slice(2);
    expect([order.indexOf(true), refused]).toEqual([0, 0]);
    for (const response of running) expect(await response.text()).toContain('message_stop');
    await proxy.expectBilled();
  },
);
