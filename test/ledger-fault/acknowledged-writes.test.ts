// Goal: a grant that the admin API has answered outlives its primary, and one that it has not is made once all the same.
// Method: the whole program on a real primary with one replica; the replica stops, goes on and is promoted.
import { expect, test } from 'vitest';
import { openFaultyLink } from '../support/faulty-link.ts';
import { startRedisPair } from '../support/redis-pair.ts';
import { sendRedisLine } from '../support/redis-ping.ts';
import { type RunningTollgate, startTollgate } from '../support/running-tollgate.ts';
import { until } from '../support/until.ts';

test('an acknowledged grant survives the promotion of the replica; one without is answered 503 and made once', async () => {
  await using pair = await startRedisPair();
  const { primary, replica } = pair;
  await using link = await openFaultyLink(primary.port);
  await using tollgate = await startTollgate({ redisUrl: link.url, environment: { REDIS_WAIT_REPLICAS: '1' } });
  // A busy machine may take longer than a write waits; then it is sent again.
  const { accountId } = await until(() => tollgate.createCaller({ creditUsd: '5' }).catch(() => undefined));
  const refused = await whilePaused(replica, () => grant(tollgate, accountId, 'order-1'));
  expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '1']);
  expect(await refused.json()).toMatchObject({
    type: 'urn:tollgate:problem:store-unacknowledged',
    detail: expect.stringContaining('same Idempotency-Key'),
  });
  const again = await grantInTheEnd(tollgate, accountId, 'order-1');
  expect(again.headers.get('idempotent-replayed')).toBeNull();
  expect((await grant(tollgate, accountId, 'order-1')).headers.get('idempotent-replayed')).toBe('true');
  await grantInTheEnd(tollgate, accountId, 'order-2');
  await primary.kill();
  await sendRedisLine(replica.socketPath, 'REPLICAOF NO ONE');
  link.leadTo(replica.port);
  const account = await until(() => tollgate.admin.readAccount(accountId).catch(() => undefined));
  expect(account.balance.granted_usd).toBe('19.00');
  // The old primary is gone, and nobody follows the new one: nothing is acknowledged that only it has.
  expect((await grant(tollgate, accountId, 'order-3')).status).toBe(503);
});

async function whilePaused<T>(server: { pause(): void; resume(): void }, run: () => Promise<T>): Promise<T> {
  server.pause();
  try {
    return await run();
  } finally {
    server.resume();
  }
}

function grantInTheEnd(tollgate: RunningTollgate, accountId: string, key: string): Promise<Response> {
  return until(async () => {
    const answer = await grant(tollgate, accountId, key);
    return answer.status === 201 ? answer : undefined;
  });
}

function grant({ adminUrl, adminToken }: RunningTollgate, accountId: string, key: string): Promise<Response> {
  return fetch(`${adminUrl}/admin/v1/accounts/${accountId}/grants`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${adminToken}`,
      'content-type': 'application/json',
      'idempotency-key': key,
    },
    body: JSON.stringify({ amount_usd: '7', kind: 'paid' }),
  });
}
