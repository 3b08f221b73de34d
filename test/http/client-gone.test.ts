import { describe, expect, it } from 'vitest';
import { createUsageReader } from '../../src/anthropic/create-usage-reader.ts';
import { readMessagesRequest } from '../../src/anthropic/messages-request.ts';
import { finishWork } from '../../src/anthropic/work.ts';
import { completeUsage, estimateUsage } from '../../src/domain/estimate-usage.ts';
import { priceCall } from '../../src/domain/price-call.ts';
import { findModel, type ModelCard } from '../../src/domain/rate-card.ts';
import { type ProxyUnderTest, SMALL_REQUEST, STREAM_REQUEST, startProxy } from '../support/proxy-under-test.ts';
import { messagesHead, openRaw, type RawConnection } from '../support/raw-http.ts';
import { delivered } from '../support/simulated-api.ts';
import { until } from '../support/until.ts';

/*
 * A client can leave before the headers, in the middle, after the last figures, or while it waits. The account's
 * policy says whether its call is read to the end (exact) or aborted (estimated). In each case the hold is closed once.
 */

async function sendAndWait(proxy: ProxyUnderTest, body: unknown): Promise<RawConnection> {
  const connection = await openRaw(proxy.port);
  const text = JSON.stringify(body);
  connection.write(messagesHead(proxy.secret, [`content-length: ${text.length}`]) + text);
  return connection;
}

/** The index of the event before which the stream is held. */
const EARLY = 3;
const STREAM_EVENTS = { kind: 'answer', answer: { deltas: 4 } } as const;

function callLine(proxy: ProxyUnderTest) {
  const lines = proxy.log.filter((line) => line.event === 'call');
  expect(lines).toHaveLength(1);
  return lines[0];
}

describe('a client that leaves under drain', () => {
  it.each([
    ['before the headers', SMALL_REQUEST, 'beforeHeaders'],
    ['before the headers of a stream', STREAM_REQUEST, 'beforeHeaders'],
    ['before the first byte', STREAM_REQUEST, 'beforeFirstByte'],
  ] as const)('%s is charged the true cost', async (_, body, gate) => {
    await using proxy = await startProxy();
    let go = (): void => undefined;
    proxy.api.enqueue(delivered({ [gate]: new Promise<void>((resolve) => (go = resolve)) }));
    const client = await sendAndWait(proxy, body);
    const call = await proxy.api.nextRequest();
    client.socket.destroy();
    await noticed(proxy);
    go();
    expect(await call.ended).toBe('finished');
    await proxy.expectBilled();
    expect(callLine(proxy)).toMatchObject({ outcome: 'client_gone', basis: 'reported' });
  });

  it.each([EARLY, 8, 9])('in the middle, held before event %d, is charged the true cost', async (index) => {
    await using proxy = await startProxy();
    proxy.api.enqueue({ ...STREAM_EVENTS, delivery: { holdBefore: [index] } });
    const client = await sendAndWait(proxy, STREAM_REQUEST);
    const call = await proxy.api.nextRequest();
    await call.held();
    await client.receives(/message_start/);
    client.socket.destroy();
    call.releaseAll();
    expect(await call.ended).toBe('finished');
    await proxy.expectBilled();
    expect(callLine(proxy)).toMatchObject({ basis: 'reported' });
  });

  it('is read on even where it had stopped reading before it left', async () => {
    await using proxy = await startProxy();
    proxy.api.enqueue({ kind: 'answer', answer: { text: 'x'.repeat(32_000_000), deltas: 400 } });
    const client = await sendAndWait(proxy, { ...STREAM_REQUEST, max_tokens: 60_000 });
    client.socket.pause();
    const call = await proxy.api.nextRequest();
    await until(() => call.eventsSent > 3);
    client.socket.destroy();
    expect(await call.ended).toBe('finished');
    await proxy.expectBilled();
  });

  it('is cut off at the time limit and charged an estimate', async () => {
    await using proxy = await startProxy({ limits: { disconnectDrainMs: 30 } });
    proxy.api.enqueue({ ...STREAM_EVENTS, delivery: { holdBefore: [EARLY] } });
    const client = await sendAndWait(proxy, STREAM_REQUEST);
    const call = await proxy.api.nextRequest();
    await client.receives(/message_start/);
    client.socket.destroy();
    expect(await call.ended).toBe('client_gone');
    expect(await proxy.expectSound()).toBeGreaterThan(0n);
    expect(callLine(proxy)).toMatchObject({ outcome: 'client_gone', basis: 'estimated' });
  });

  it('is cancelled where as many as allowed are drained already', async () => {
    await using proxy = await startProxy({ limits: { disconnectDrains: 1 } });
    proxy.api.enqueue(
      { ...STREAM_EVENTS, delivery: { holdBefore: [EARLY] } },
      { ...STREAM_EVENTS, delivery: { holdBefore: [EARLY] } },
    );
    const first = await sendAndWait(proxy, STREAM_REQUEST);
    const firstCall = await proxy.api.nextRequest();
    const second = await sendAndWait(proxy, STREAM_REQUEST);
    const secondCall = await proxy.api.nextRequest();
    await Promise.all([first.receives(/message_start/), second.receives(/message_start/)]);
    first.socket.destroy();
    await until(() => proxy.openCalls.size === 2);
    second.socket.destroy();
    // Which of the two was noticed first is the network's business; one is drained, the other is not.
    await until(() => proxy.openCalls.size === 1);
    firstCall.releaseAll();
    secondCall.releaseAll();
    const ends = await Promise.all([firstCall.ended, secondCall.ended]);
    expect(ends.toSorted()).toEqual(['client_gone', 'finished']);
    expect(await proxy.expectSound()).toBeGreaterThan(0n);
    const bases = proxy.log.filter((line) => line.event === 'call').map(({ basis }) => String(basis));
    expect(bases.toSorted()).toEqual(['estimated', 'reported']);
  });
});

describe('a client that leaves under cancel', () => {
  const account = { onDisconnect: 'cancel' } as const;

  it.each([SMALL_REQUEST, STREAM_REQUEST])(
    'before the headers is charged an estimate of its prompt: %o',
    async (body) => {
      await using proxy = await startProxy({ account });
      let go = (): void => undefined;
      proxy.api.enqueue(delivered({ beforeHeaders: new Promise<void>((resolve) => (go = resolve)) }));
      const client = await sendAndWait(proxy, body);
      const call = await proxy.api.nextRequest();
      client.socket.destroy();
      expect(await call.ended).toBe('client_gone');
      go();
      expect(await proxy.expectSound()).toBe(estimatedPrice(proxy, JSON.stringify(body)));
      expect(callLine(proxy)).toMatchObject({ outcome: 'client_gone', basis: 'estimated', status: 0 });
    },
  );

  it('in the middle aborts the upstream at once and is charged what was seen', async () => {
    await using proxy = await startProxy({ account });
    proxy.api.enqueue({ ...STREAM_EVENTS, delivery: { holdBefore: [EARLY + 1] } });
    const client = await sendAndWait(proxy, STREAM_REQUEST);
    const call = await proxy.api.nextRequest();
    await call.held();
    const seen = await client.receives(/content_block_delta/);
    client.socket.destroy();
    expect(await call.ended).toBe('client_gone');
    const charged = await proxy.expectSound();
    // Everything the simulated API had sent is what was seen.
    expect(charged).toBe(seenPrice(proxy, JSON.stringify(STREAM_REQUEST), seen));
    const billed = (await call.billed)?.amountNanoUsd ?? 0n;
    expect(charged).toBeGreaterThanOrEqual(billed);
  });

  it('after the last figures is charged exactly', async () => {
    await using proxy = await startProxy({ account });
    const events = 9;
    proxy.api.enqueue({ ...STREAM_EVENTS, delivery: { holdBefore: [events] } });
    const client = await sendAndWait(proxy, STREAM_REQUEST);
    const call = await proxy.api.nextRequest();
    await client.receives(/message_delta[\s\S]*output_tokens[\s\S]*\n\n/);
    client.socket.destroy();
    await call.ended;
    await proxy.expectSound();
    expect(callLine(proxy)).toMatchObject({ basis: 'reported' });
  });
});

describe('a client that leaves while it waits', () => {
  it('for an upstream connection pays nothing and is never sent', async () => {
    await using proxy = await startProxy({ limits: { upstreamConnections: 1 } });
    proxy.api.enqueue(delivered({ holdBefore: [0] }));
    const first = proxy.send(STREAM_REQUEST);
    const call = await proxy.api.nextRequest();
    const second = await sendAndWait(proxy, STREAM_REQUEST);
    await until(() => proxy.openCalls.size === 2);
    second.socket.destroy();
    await until(() => proxy.openCalls.size === 1);
    call.releaseAll();
    await (await first).arrayBuffer();
    expect(proxy.api.counters.requests).toBe(1);
    await proxy.expectBilled();
  });

  it('within its own body costs nothing and holds nothing', async () => {
    await using proxy = await startProxy();
    using connection = await openRaw(proxy.port);
    connection.write(`${messagesHead(proxy.secret, ['content-length: 5000'])}{"model":`);
    connection.socket.destroy();
    await (await proxy.send(SMALL_REQUEST)).arrayBuffer();
    expect(proxy.api.counters.requests).toBe(1);
    await proxy.expectBilled();
  });

  it('that takes nothing of its answer is let go after the longest silence', async () => {
    await using proxy = await startProxy({ limits: { upstreamSilenceMs: 300 }, account: { onDisconnect: 'cancel' } });
    proxy.api.enqueue({ kind: 'answer', answer: { text: 'x'.repeat(64_000_000), deltas: 400 } });
    using client = await sendAndWait(proxy, { ...STREAM_REQUEST, max_tokens: 60_000 });
    client.socket.pause();
    const call = await proxy.api.nextRequest();
    expect(await call.ended).toBe('client_gone');
    expect(await proxy.expectSound()).toBeGreaterThan(0n);
  });
});

/** The proxy has seen the client's leaving when it serves another connection's request that came after it. */
async function noticed(proxy: ProxyUnderTest): Promise<void> {
  await fetch(`${proxy.baseUrl}/livez`);
}

function estimatedPrice(proxy: ProxyUnderTest, body: string): bigint {
  const { request, model } = readBody(proxy, body);
  return price(proxy, estimateUsage(request, model, 0));
}

function seenPrice(proxy: ProxyUnderTest, body: string, answer: string): bigint {
  const reader = createUsageReader('text/event-stream');
  reader.push(Buffer.from(dechunk(answer), 'latin1'));
  const { usage, visibleCharacters } = reader.snapshot();
  if (usage === undefined) throw new Error('no usage was seen');
  return price(proxy, completeUsage(usage, readBody(proxy, body).request, visibleCharacters));
}

function price(proxy: ProxyUnderTest, usage: Parameters<typeof priceCall>[1]): bigint {
  const priced = priceCall(proxy.rateCard, usage, Date.now());
  if (!priced.priced) throw new Error(`no price for ${priced.model}`);
  return priced.receipt.amountNanoUsd;
}

function readBody(proxy: ProxyUnderTest, body: string) {
  const read = finishWork(readMessagesRequest(Buffer.from(body), { depth: 64, keys: 1_000 }));
  if (!read.ok) throw new Error(read.message);
  return { request: read.request, model: findModel(proxy.rateCard, read.request.model) as ModelCard };
}

function dechunk(answer: string): string {
  return answer.slice(answer.indexOf('\r\n\r\n') + 4).replace(/(^|\r\n)[0-9a-f]+\r\n/g, '');
}
