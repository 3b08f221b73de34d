// The program with a receiver of traces: a call's span arrives, and a receiver that never answers holds up nothing.
import { createServer } from 'node:net';
import { expect, test } from 'vitest';
import { startReceiver } from '../alerts/webhook-receiver.ts';
import { startTollgate } from '../support/running-tollgate.ts';
import { until } from '../support/until.ts';

const BODY = { model: 'claude-haiku-4-5', max_tokens: 64, messages: [{ role: 'user', content: 'hello' }] };
const TRACE = 'c'.repeat(32);

test("a call's span arrives in the caller's trace, and no word of the prompt with it", async () => {
  const receiver = await startReceiver();
  await using tollgate = await startTollgate({
    environment: { OTEL_EXPORTER_OTLP_ENDPOINT: new URL(receiver.url).origin },
  });
  const caller = await tollgate.createCaller();
  const body = { ...BODY, messages: [{ role: 'user', content: 'canary-in-prompt' }] };
  const headers = { traceparent: `00-${TRACE}-${'d'.repeat(16)}-01` };
  const answer = await tollgate.send(caller, body, { headers });
  const message = (await answer.json()) as { model: string; usage: { output_tokens: number } };
  // The end of the process sends what is left.
  await tollgate.stop();
  const { body: sent } = await until(() => receiver.received[0]);
  const [span] = JSON.parse(sent).resourceSpans[0].scopeSpans[0].spans;
  expect(span).toMatchObject({ traceId: TRACE, parentSpanId: 'd'.repeat(16), name: 'chat claude-haiku-4-5' });
  expect(span.attributes).toContainEqual({
    key: 'gen_ai.usage.output_tokens',
    value: { intValue: `${message.usage.output_tokens}` },
  });
  expect(span.attributes).toContainEqual({ key: 'gen_ai.response.model', value: { stringValue: message.model } });
  expect(span.attributes).toContainEqual({ key: 'tollgate.account_id', value: { stringValue: caller.accountId } });
  expect(sent).not.toContain('canary-in-prompt');
  expect(sent).not.toContain(caller.secret);
  await receiver.stop();
});

test('a receiver that takes connections and never answers holds up neither answers nor the end', async () => {
  const silent = createServer(() => undefined).listen(0, '127.0.0.1');
  await until(() => silent.listening);
  const { port } = silent.address() as { port: number };
  await using tollgate = await startTollgate({
    environment: { OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}` },
  });
  const caller = await tollgate.createCaller();
  const answers = await Promise.all(Array.from({ length: 20 }, () => tollgate.send(caller, BODY)));
  expect(answers.map(({ status }) => status)).toEqual(Array(20).fill(200));
  await Promise.all(answers.map((answer) => answer.text()));
  await tollgate.expectSettled();
  expect(await tollgate.stop()).toEqual({ code: 0, signal: null });
  silent.close();
});
