import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Directory, DirectoryUnavailable } from '../../src/directory/directory.ts';
import { hashKeySecret } from '../../src/directory/key-secret.ts';
import { until } from '../support/until.ts';
import { type AdminUnderTest, openAccount, openAdmin, START_MS, TOKEN } from './admin-under-test.ts';

let admin: AdminUnderTest;
let accountId: string;
/** The directory's calls that fail, by name. */
let broken: Set<keyof Directory>;
beforeEach(async () => {
  broken = new Set();
  admin = await openAdmin(({ directory }) => ({ directory: breakable(directory, broken) }));
  accountId = (await openAccount(admin)).id;
});
afterEach(() => admin.close());

/** A real directory whose named calls take effect or not at all, and whose answers are lost. */
function breakable(directory: Directory, names: Set<keyof Directory>): Directory {
  return new Proxy(directory, {
    get: (target, name: keyof Directory) =>
      names.has(name)
        ? async () => {
            throw new DirectoryUnavailable('no answer');
          }
        : target[name],
  });
}

const KEY = { 'idempotency-key': 'order-4711' };
const GRANT = { amount_usd: '5', kind: 'paid' };
const grant = (body: object = GRANT, headers: { [name: string]: string } = KEY) =>
  admin.call('POST', `/accounts/${accountId}/grants`, body, headers);
const available = async () => (await admin.call('GET', `/accounts/${accountId}`)).body.balance.available_usd;

describe('the same key', () => {
  test('with the same body is answered the same and done once, whatever the order of its fields', async () => {
    const first = await grant();
    admin.clock.nowMs += 60_000;
    const second = await grant({ kind: 'paid', amount_usd: '5' });
    expect([second.status, second.body]).toEqual([201, first.body]);
    expect(second.headers['idempotent-replayed']).toBe('true');
    expect(first.headers['idempotent-replayed']).toBeUndefined();
    expect(await available()).toBe('5.00');
  });

  test('with another body is refused', async () => {
    await grant();
    const other = await grant({ ...GRANT, amount_usd: '50' });
    expect([other.status, other.body.type]).toEqual([409, 'urn:tollgate:problem:idempotency-conflict']);
    expect(await available()).toBe('5.00');
  });

  test('in another account is another write', async () => {
    await grant();
    const other = await openAccount(admin, { name: 'Other' });
    const granted = await admin.call('POST', `/accounts/${other.id}/grants`, GRANT, KEY);
    expect([granted.status, granted.headers['idempotent-replayed']]).toEqual([201, undefined]);
  });

  test('replays a refusal too', async () => {
    await admin.call('POST', `/accounts/${accountId}/close`);
    const first = await grant();
    expect(first.status).toBe(409);
    const second = await grant();
    expect([second.status, second.body, second.headers['content-type']]).toEqual([
      409,
      first.body,
      first.headers['content-type'],
    ]);
  });

  test('replays a deletion, which has no body', async () => {
    const team = (await admin.call('POST', `/accounts/${accountId}/teams`, { name: 'T' })).body;
    const path = `/accounts/${accountId}/teams/${team.id}`;
    expect((await admin.call('DELETE', path, undefined, KEY)).status).toBe(204);
    const again = await admin.call('DELETE', path, undefined, KEY);
    expect([again.status, again.text, again.headers['idempotent-replayed']]).toEqual([204, '', 'true']);
  });

  test('twice at once is done once', async () => {
    const answers = await Promise.all(Array.from({ length: 8 }, () => grant()));
    const statuses = answers.map((answer) => answer.status);
    expect(statuses).toContain(201);
    expect(statuses.every((status) => status === 201 || status === 409)).toBe(true);
    expect(await available()).toBe('5.00');
  });

  test('after an invalid body can be used for the right one', async () => {
    expect((await grant({ amount_usd: 'five', kind: 'paid' })).status).toBe(400);
    expect((await grant()).status).toBe(201);
  });
});

test('without a key each call is a write of its own', async () => {
  await grant(GRANT, {});
  await grant(GRANT, {});
  expect(await available()).toBe('10.00');
});

test.each(['', 'x'.repeat(256), 'two words', 'ä'])('the key %j is refused', async (key) => {
  const answer = await grant(GRANT, { 'idempotency-key': key });
  expect([answer.status, answer.body.errors[0].field]).toEqual([400, 'idempotency-key']);
  expect(await available()).toBe('0.00');
});

describe('a write cut off before its answer', () => {
  test('of a grant is finished with the terms of its first try', async () => {
    broken.add('completeIdempotencyKey');
    const first = await grant();
    expect(first.status).toBe(201);
    broken.clear();
    admin.clock.nowMs += 60_000;
    const second = await grant();
    expect([second.status, second.body]).toEqual([201, first.body]);
    expect(await available()).toBe('5.00');
    expect((await grant()).headers['idempotent-replayed']).toBe('true');
  });

  test('of a key gives a new secret, and the one nobody saw is dead', async () => {
    const path = `/accounts/${accountId}/keys`;
    broken.add('completeIdempotencyKey');
    const first = await admin.call('POST', path, { name: 'k' }, KEY);
    broken.clear();
    admin.clock.nowMs += 1;
    const second = await admin.call('POST', path, { name: 'k' }, KEY);
    expect(second.body.id).toBe(first.body.id);
    expect(second.body.secret).not.toBe(first.body.secret);
    expect((await admin.directory.findPrincipal(hashKeySecret(second.body.secret)))?.key.id).toBe(second.body.id);
    const unseen = await admin.directory.findPrincipal(hashKeySecret(first.body.secret));
    expect(unseen === undefined || (unseen.secretExpiresAtMs ?? Infinity) <= admin.clock.nowMs).toBe(true);
    expect((await admin.call('GET', path)).body.data).toHaveLength(1);
  });

  test("of a rotation leaves the client's old secret its grace", async () => {
    const path = `/accounts/${accountId}/keys`;
    const key = (await admin.call('POST', path, { name: 'k' })).body;
    broken.add('completeIdempotencyKey');
    await admin.call('POST', `${path}/${key.id}/rotate`, { grace_seconds: 600 }, KEY);
    broken.clear();
    const second = await admin.call('POST', `${path}/${key.id}/rotate`, { grace_seconds: 600 }, KEY);
    expect((await admin.directory.findPrincipal(hashKeySecret(key.secret)))?.secretExpiresAtMs).toBe(
      START_MS + 600_000,
    );
    expect((await admin.directory.findPrincipal(hashKeySecret(second.body.secret)))?.key.id).toBe(key.id);
  });

  test('of a deletion is finished as a deletion', async () => {
    const team = (await admin.call('POST', `/accounts/${accountId}/teams`, { name: 'T' })).body;
    const path = `/accounts/${accountId}/teams/${team.id}`;
    broken.add('completeIdempotencyKey');
    expect((await admin.call('DELETE', path, undefined, KEY)).status).toBe(204);
    broken.clear();
    expect((await admin.call('DELETE', path, undefined, KEY)).status).toBe(204);
  });

  test('is not done at all while its key cannot be claimed', async () => {
    broken.add('claimIdempotencyKey');
    const refused = await grant();
    expect([refused.status, refused.headers['retry-after']]).toEqual([503, '1']);
    broken.clear();
    expect(await available()).toBe('0.00');
    expect((await grant()).status).toBe(201);
  });
});

test('a client that leaves before its answer finds the write done, and its key free', async () => {
  let reached: () => void = () => undefined;
  let goOn: () => void = () => undefined;
  const atGrant = new Promise<void>((resolve) => {
    reached = resolve;
  });
  const clientGone = new Promise<void>((resolve) => {
    goOn = resolve;
  });
  const slow = await openAdmin(({ ledger }) => ({
    ledger: {
      ...ledger,
      grant: async (command) => {
        reached();
        await clientGone;
        return ledger.grant(command);
      },
    },
  }));
  const { id } = await openAccount(slow);
  await slow.app.listen({ host: '127.0.0.1', port: 0 });
  const { port } = slow.app.server.address() as AddressInfo;
  const leaving = new AbortController();
  const sent = fetch(`http://127.0.0.1:${port}/admin/v1/accounts/${id}/grants`, {
    method: 'POST',
    headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json', ...KEY },
    body: JSON.stringify(GRANT),
    signal: leaving.signal,
  });
  await atGrant;
  leaving.abort();
  await expect(sent).rejects.toThrow();
  goOn();
  const again = await until(async () => {
    const answer = await slow.call('POST', `/accounts/${id}/grants`, GRANT, KEY);
    return answer.status === 201 ? answer : undefined;
  });
  expect(again.body.amount_usd).toBe('5.00');
  expect((await slow.call('GET', `/accounts/${id}`)).body.balance.granted_usd).toBe('5.00');
  await slow.close();
});

test('a replayed key creation shows no secret', async () => {
  const path = `/accounts/${accountId}/keys`;
  const first = await admin.call('POST', path, { name: 'k' }, KEY);
  const second = await admin.call('POST', path, { name: 'k' }, KEY);
  expect(second.headers['idempotent-replayed']).toBe('true');
  expect(second.body).toEqual({ ...first.body, secret: null });
});
