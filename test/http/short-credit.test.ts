// Goal: a call that may cost more than the account has runs as far as the credit goes, and no further where that is
// the account's wish; a client sees a clear stop.
// Method: the public listener before a simulated API whose answer is stepped, read by the vendor's own client.
import Anthropic from '@anthropic-ai/sdk';
import { describe, expect, test } from 'vitest';
import type { Account } from '../../src/directory/directory.ts';
import type { Scenario } from '../../src/simulator/simulator-types.ts';
import { type ProxyUnderTest, startProxy } from '../support/proxy-under-test.ts';
import { delivered, failing } from '../support/simulated-api.ts';
import { until } from '../support/until.ts';

const NANO = 1_000_000_000n;
/** As Claude Code asks: its output alone may cost $3.52, where US inference is possible. */
const REQUEST = {
  model: 'claude-opus-5',
  max_tokens: 128_000,
  messages: [{ role: 'user' as const, content: 'Write on and on about toll roads.' }],
};
const start = (onExhausted: Account['onExhausted'], creditUsd: number) =>
  startProxy({ account: { onExhausted }, creditUsd });
const connect = ({ baseUrl, secret }: ProxyUnderTest) =>
  new Anthropic({ apiKey: secret, authToken: null, baseURL: baseUrl, maxRetries: 0 });

/** An answer of 60,000 tokens in pieces of a thousand characters, less than the reserve, each of which waits. */
const LONG: Scenario = {
  kind: 'answer',
  answer: { outputTokens: 60_000, text: 'road '.repeat(48_000), deltas: 240 },
  delivery: { holdBefore: 'every_event' },
};

/** Opus 5 costs $5 and $25 a million tokens. */
const priceOf = ({ input_tokens, output_tokens }: Anthropic.Usage): bigint =>
  BigInt(input_tokens) * 5_000n + BigInt(output_tokens) * 25_000n;

/** Lets a stepped answer go on, piece by piece, until it ends. */
async function stepThrough(proxy: ProxyUnderTest): Promise<void> {
  const call = await proxy.api.nextRequest('/v1/messages');
  let over = false;
  void call.ended.then(() => {
    over = true;
  });
  await until(
    async () => {
      if (!over) call.release();
      return over;
    },
    { what: 'the answer ends', intervalMs: 15, timeoutMs: 25_000 },
  );
}

describe('an account with three dollars and a request that may cost more', () => {
  test.each(['cut', 'finish'] as const)('%s: it is admitted, and charged what it cost', async (policy) => {
    await using proxy = await start(policy, 3);
    const message = await connect(proxy).messages.stream(REQUEST).finalMessage();
    expect(message.stop_reason).toBe('end_turn');
    await proxy.expectBilled();
  });

  test('refuse: it is not', async () => {
    await using proxy = await start('refuse', 3);
    await expect(connect(proxy).messages.stream(REQUEST).finalMessage()).rejects.toMatchObject({ status: 402 });
    expect(proxy.api.counters.messages).toBe(0);
    expect(await proxy.expectSound()).toBe(0n);
  });

  test('cut: an answer that comes whole cannot be cut, so it is refused; finish lets it run', async () => {
    await using cut = await start('cut', 3);
    expect((await cut.send(REQUEST)).status).toBe(402);
    await using finish = await start('finish', 3);
    expect((await finish.send(REQUEST)).status).toBe(200);
    await finish.expectBilled();
  });
});

describe('an answer longer than the credit', () => {
  test('cut: the client sees the end of an answer that is as long as it may be, and no debt is made', async () => {
    await using proxy = await start('cut', 0.6);
    proxy.api.enqueue(LONG);
    const answer = connect(proxy).messages.stream(REQUEST).finalMessage();
    await stepThrough(proxy);
    const message = await answer;
    expect(message.stop_reason).toBe('max_tokens');
    expect(message.content[0]).toMatchObject({ type: 'text', text: expect.stringMatching(/^road road/) });
    expect(message.usage.output_tokens).toBeGreaterThan(8_192);
    const charged = await proxy.expectSound();
    const balance = await proxy.ledger.readBalance(proxy.account.id);
    expect(balance?.debtNanoUsd).toBe(0n);
    expect(charged).toBeLessThanOrEqual((6n * NANO) / 10n);
    expect(charged).toBeGreaterThanOrEqual(proxy.api.bill().totalNanoUsd);
    const journal = await proxy.ledger.readJournal(proxy.account.id, { afterSequence: 0, limit: 100 });
    expect(journal.filter(({ operation }) => operation === 'extend').length).toBeGreaterThan(0);
    expect(journal.at(-1)?.details).toMatchObject({ reason: 'credit_exhausted', basis: 'estimated' });
  });

  test('cut: a piece that no credit covers is neither passed on nor charged', async () => {
    await using proxy = await start('cut', 0.6);
    // 40,000 characters are estimated at more than the dollars there are; the model has written a quarter of that.
    const answer = { outputTokens: 60_000, text: 'road '.repeat(48_000), deltas: 6 };
    proxy.api.enqueue({ kind: 'answer', answer, delivery: { holdBefore: 'every_event' } });
    const stream = connect(proxy).messages.stream(REQUEST).finalMessage();
    await stepThrough(proxy);
    const message = await stream;
    expect(message.stop_reason).toBe('max_tokens');
    expect(message.content).toEqual([expect.objectContaining({ type: 'text', text: '' })]);
    const charged = await proxy.expectSound();
    expect(charged).toBe(priceOf(message.usage));
    expect((await proxy.ledger.readBalance(proxy.account.id))?.debtNanoUsd).toBe(0n);
  });

  test('cut: where a quota leaves no more, the stream and the journal say so', async () => {
    await using proxy = await start('cut', 100);
    const quota = {
      id: 'quota_1',
      accountId: proxy.account.id,
      scope: { type: 'account', id: proxy.account.id },
    } as const;
    const terms = { window: 'total', measure: 'usd', limit: (6n * NANO) / 10n, mode: 'hard', raises: [] } as const;
    await proxy.directory.createQuota({ ...quota, ...terms, createdAtMs: 0 });
    const answer = { outputTokens: 60_000, text: 'road '.repeat(48_000), deltas: 6 };
    proxy.api.enqueue({ kind: 'answer', answer, delivery: { holdBefore: 'every_event' } });
    const sent = proxy.send({ ...REQUEST, stream: true }).then((response) => response.text());
    await stepThrough(proxy);
    expect(await sent).toContain('"tollgate":{"stopped":"quota_exhausted"}');
    await proxy.expectSound();
    const journal = await proxy.ledger.readJournal(proxy.account.id, { afterSequence: 0, limit: 100 });
    expect(journal.at(-1)?.details).toMatchObject({ reason: 'quota_exhausted', basis: 'estimated' });
  });

  test('finish: it comes to its end, and what is missing is debt', async () => {
    await using proxy = await start('finish', 0.6);
    proxy.api.enqueue(LONG);
    const answer = connect(proxy).messages.stream(REQUEST).finalMessage();
    await stepThrough(proxy);
    expect((await answer).stop_reason).toBe('end_turn');
    await proxy.expectBilled();
    expect((await proxy.ledger.readBalance(proxy.account.id))?.debtNanoUsd).toBeGreaterThan(0n);
  });
});

describe('the count of a prompt', () => {
  // 60,000 bytes bound the prompt at $0.33; it has a quarter of as many tokens.
  const LARGE = { ...REQUEST, max_tokens: 100, messages: [{ role: 'user' as const, content: 'road '.repeat(12_000) }] };

  test('is asked for only when credit is short of the bound, and makes the call fit', async () => {
    await using rich = await start('refuse', 3);
    expect((await rich.send(LARGE)).status).toBe(200);
    expect(rich.api.counters.countTokens).toBe(0);
    await using poor = await start('refuse', 0.2);
    expect((await poor.send({ ...LARGE, metadata: { user_id: 'x' } })).status).toBe(200);
    expect(poor.api.counters.countTokens).toBe(1);
    await poor.expectBilled();
  });

  test('is not asked for where it could not help', async () => {
    await using proxy = await start('refuse', 0.2);
    expect((await proxy.send({ ...LARGE, max_tokens: 50_000 })).status).toBe(402);
    expect(proxy.api.counters.countTokens).toBe(0);
  });

  test('that fails or does not come in time leaves the bound as it was', async () => {
    await using proxy = await startProxy({ creditUsd: 0.2, limits: { countTokensMs: 50 } });
    proxy.api.enqueue(failing('rate_limit'), delivered({ beforeHeaders: new Promise(() => undefined) }));
    expect((await proxy.send(LARGE)).status).toBe(402);
    expect((await proxy.send(LARGE)).status).toBe(402);
    expect(proxy.api.counters.messages).toBe(0);
    expect(await proxy.expectSound()).toBe(0n);
  });
});
