// Goal: a batch that is large, slow, compressed or left by its client costs bounded memory and is metered all the same.

import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Caller } from '../support/admin-calls.ts';
import { type RunningTollgate, startTollgate } from '../support/running-tollgate.ts';
import { until } from '../support/until.ts';

const MIB = 1_024 * 1_024;
const PATH = '/v1/messages/batches';
let tollgate: RunningTollgate;
beforeAll(async () => {
  tollgate = await startTollgate({ environment: { LIMIT_BATCH_POLL_MS: '200' } });
});
afterAll(() => tollgate[Symbol.asyncDispose]());

const itemOf = (index: number, text: string): string =>
  JSON.stringify({
    custom_id: `item-${index}`,
    params: { model: 'claude-haiku-4-5', max_tokens: 5, messages: [{ role: 'user', content: text }] },
  });

async function* bodyOf(items: number, text: string): AsyncGenerator<Buffer> {
  yield Buffer.from('{"requests":[');
  for (let index = 0; index < items; index += 1) yield Buffer.from(`${index === 0 ? '' : ','}${itemOf(index, text)}`);
  yield Buffer.from(']}');
}

const stream = (caller: Caller, body: AsyncIterable<Buffer>, signal?: AbortSignal): Promise<Response> =>
  tollgate.send(caller, undefined, {
    path: PATH,
    body: body as never,
    duplex: 'half',
    ...(signal === undefined ? {} : { signal }),
  } as RequestInit & { path: string });

/** Of the process, the largest it has been. */
function peakMemoryBytes(): number {
  const status = readFileSync(`/proc/${tollgate.process.pid}/status`, 'utf8');
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]) * 1_024;
}

const untilCharged = async ({ accountId }: Caller): Promise<void> =>
  void (await until(async () => (await tollgate.admin.readAccount(accountId)).balance.held_usd === '0.00', {
    what: 'nothing is held',
    timeoutMs: 60_000,
  }));

test('32 MiB in small requests are taken, forwarded byte for byte and charged, in bounded memory', {
  timeout: 120_000,
}, async () => {
  const caller = await tollgate.createCaller({ creditUsd: '1000' });
  const text = 'toll '.repeat(1_600);
  const items = Math.ceil((32 * MIB) / itemOf(0, text).length);
  const before = peakMemoryBytes();
  const answer = await stream(caller, bodyOf(items, text));
  expect([answer.status, await answer.json()]).toMatchObject([200, { request_counts: { processing: items } }]);
  if (process.platform === 'linux') expect(peakMemoryBytes() - before).toBeLessThan(100 * MIB);
  tollgate.api.batches.end();
  await untilCharged(caller);
  expect((await tollgate.expectSettled()).charged).toBeGreaterThan(0n);
});

test('a compressed batch goes on as it came, and one that is no gzip is refused', async () => {
  const caller = await tollgate.createCaller();
  const plain = `{"requests":[${itemOf(0, 'hello')},${itemOf(1, 'you')}]}`;
  const headers = { 'content-encoding': 'gzip' };
  const bytes = gzipSync(plain);
  const answer = await tollgate.send(caller, bytes, { path: PATH, headers });
  expect(await answer.json()).toMatchObject({ request_counts: { processing: 2 } });
  const sent = tollgate.api.requests.at(-1);
  expect(sent?.headers).toMatchObject({ 'content-encoding': 'gzip', 'content-length': String(bytes.length) });
  expect((await tollgate.send(caller, plain, { path: PATH, headers })).status).toBe(400);
  expect((await tollgate.send(caller, bytes.subarray(0, 40), { path: PATH, headers })).status).toBe(400);
  expect((await tollgate.send(caller, bytes, { path: PATH, headers: { 'content-encoding': 'br' } })).status).toBe(400);
  tollgate.api.batches.end();
  await untilCharged(caller);
  await tollgate.expectSettled();
});

test('a client that leaves while it sends is held for nothing', async () => {
  const caller = await tollgate.createCaller();
  const asked = tollgate.api.batches.ids().length;
  const leaving = new AbortController();
  async function* unfinished() {
    yield Buffer.from(`{"requests":[${itemOf(0, 'hello')},`);
    leaving.abort();
    yield Buffer.from(itemOf(1, 'you'));
  }
  await expect(stream(caller, unfinished(), leaving.signal)).rejects.toThrow();
  // Places for uploads come back: there are four.
  for (let index = 0; index < 5; index += 1) {
    expect((await tollgate.send(caller, '{"requests":[]}', { path: PATH })).status).toBe(400);
  }
  expect(tollgate.api.batches.ids()).toHaveLength(asked);
  expect((await tollgate.admin.readJournal(caller.accountId)).some(({ operation }) => operation === 'hold')).toBe(
    false,
  );
});

test('a client that leaves in the middle of its results leaves the charge to the poller', async () => {
  const caller = await tollgate.createCaller();
  const created = await tollgate.send(caller, `{"requests":[${itemOf(0, 'hello')},${itemOf(1, 'you')}]}`, {
    path: PATH,
  });
  const { id } = (await created.json()) as { id: string };
  const leaving = new AbortController();
  tollgate.api.batches.end();
  tollgate.api.enqueue({ kind: 'answer', delivery: { ending: { kind: 'cut', at: { afterBytes: 300 } } } });
  const results = await tollgate.send(caller, undefined, {
    method: 'GET',
    path: `${PATH}/${id}/results`,
    signal: leaving.signal,
  });
  await results.text().catch(() => undefined);
  leaving.abort();
  await untilCharged(caller);
  expect((await tollgate.expectSettled()).charged).toBeGreaterThan(0n);
});
