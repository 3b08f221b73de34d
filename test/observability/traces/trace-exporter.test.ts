import type { ServerResponse } from 'node:http';
import { afterEach, expect, test } from 'vitest';
import { createTraceExporter } from '../../../src/observability/traces/trace-exporter.ts';
import { startReceiver } from '../../alerts/webhook-receiver.ts';
import { createManualTimers } from '../../support/manual-timers.ts';
import { createLog } from '../../support/shared-parts.ts';
import { until } from '../../support/until.ts';
import { finishedCall, NOW_MS } from '../metrics-fixtures.ts';

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

async function open(answer?: (response: ServerResponse, count: number) => void) {
  const receiver = await startReceiver(answer);
  const timers = createManualTimers(NOW_MS);
  const { log, logger } = createLog();
  const counts = { exported: 0, dropped: 0 };
  const exporter = createTraceExporter({
    endpoint: new URL(receiver.url).origin,
    headers: { 'x-credential': 'canary-credential' },
    serviceName: 'gate',
    version: '1.2.3',
    every: timers.every,
    onSpans: (result, count) => {
      counts[result] += count;
    },
    logger,
  });
  closers.push(receiver.stop, exporter.close);
  const spansOf = (index: number) =>
    JSON.parse(receiver.received[index]?.body ?? '{}').resourceSpans[0].scopeSpans[0].spans;
  return { receiver, exporter, timers, counts, log, spansOf };
}

const CALL = {
  context: { traceId: 'a'.repeat(32), parentId: 'b'.repeat(16), sampled: true },
  arrivedAtMs: NOW_MS,
  endedAtMs: NOW_MS + 1_250,
  finished: finishedCall({ team: { id: 'team_a', accountId: 'acct_a', name: 'Research' } }),
  requestId: 'req_1',
  upstreamRequestId: 'req_up',
  accountId: 'acct_a',
  memberId: undefined,
  keyId: 'key_1',
  sessionId: 'session-1',
  maxTokens: 64,
  stream: true,
};

test("a call is one span in the caller's trace, with the tokens, the cost and the owners", async () => {
  const { receiver, exporter, timers, counts, spansOf } = await open();
  exporter.callEnded(CALL);
  timers.advance(5_000);
  await until(() => receiver.received.length === 1);
  expect(receiver.received[0]?.headers).toMatchObject({
    'content-type': 'application/json',
    'x-credential': 'canary-credential',
  });
  const { resource, scopeSpans } = JSON.parse(receiver.received[0]?.body ?? '').resourceSpans[0];
  expect(resource.attributes).toEqual([
    { key: 'service.name', value: { stringValue: 'gate' } },
    { key: 'service.version', value: { stringValue: '1.2.3' } },
  ]);
  expect(scopeSpans[0].scope).toEqual({ name: 'tollgate', version: '1.2.3' });
  const [span] = spansOf(0);
  expect(span).toMatchObject({
    traceId: 'a'.repeat(32),
    parentSpanId: 'b'.repeat(16),
    name: 'chat claude-fable-5-latest',
    kind: 3,
    startTimeUnixNano: `${NOW_MS}000000`,
    endTimeUnixNano: `${NOW_MS + 1_250}000000`,
    status: {},
  });
  expect(span.spanId).toMatch(/^[0-9a-f]{16}$/);
  const attributes = Object.fromEntries(
    span.attributes.map((each: { key: string; value: unknown }) => [each.key, each.value]),
  );
  expect(attributes).toMatchObject({
    'gen_ai.operation.name': { stringValue: 'chat' },
    'gen_ai.provider.name': { stringValue: 'anthropic' },
    'gen_ai.request.max_tokens': { intValue: '64' },
    'gen_ai.request.stream': { boolValue: true },
    'gen_ai.response.time_to_first_chunk': { doubleValue: 0.3 },
    'gen_ai.usage.input_tokens': { intValue: '130' },
    'gen_ai.usage.output_tokens': { intValue: '57' },
    'gen_ai.usage.cache_read.input_tokens': { intValue: '100' },
    'gen_ai.usage.cache_creation.input_tokens': { intValue: '20' },
    'gen_ai.conversation.id': { stringValue: 'session-1' },
    'tollgate.cost_usd': { stringValue: '0.000001001' },
    'tollgate.team_id': { stringValue: 'team_a' },
  });
  expect(attributes).not.toHaveProperty('error.type');
  await until(() => counts.exported === 1);
});

test('a call that failed says how, a call without a trace begins one, one that is not sampled is left out', async () => {
  const { exporter, spansOf } = await open();
  const cut = finishedCall({ outcome: 'interrupted', cutReason: 'upstream_cut', receipt: undefined, status: 0 });
  exporter.callEnded({ ...CALL, context: undefined, finished: cut });
  exporter.callEnded({ ...CALL, context: { ...CALL.context, sampled: false } });
  await exporter.flush();
  expect(spansOf(0)).toHaveLength(1);
  const [span] = spansOf(0);
  expect(span.traceId).toMatch(/^[0-9a-f]{32}$/);
  expect(span).not.toHaveProperty('parentSpanId');
  expect(span.status).toEqual({ code: 2, message: 'upstream_cut' });
  expect(span.attributes).toContainEqual({ key: 'error.type', value: { stringValue: 'upstream_cut' } });
});

test('a receiver that is away for a while gets each span once it is back, and the log tells twice', async () => {
  const { exporter, receiver, counts, log, spansOf } = await open((response, count) => {
    response.writeHead(count < 3 ? 503 : 200).end('{}');
  });
  exporter.callEnded(CALL);
  for (let n = 0; n < 3; n += 1) await exporter.flush();
  expect(counts).toEqual({ exported: 1, dropped: 0 });
  expect(spansOf(2)).toEqual(spansOf(0));
  expect(receiver.received).toHaveLength(3);
  expect(log.map(({ msg }) => msg)).toEqual([
    'the receiver of traces does not answer',
    'the receiver of traces answers again',
  ]);
  expect(JSON.stringify(log)).not.toContain('canary');
});

test('what the receiver refuses is given up; what does not fit the queue is dropped, and counted', async () => {
  const { exporter, counts } = await open((response, count) => {
    response.writeHead(count === 1 ? 400 : 503).end();
  });
  exporter.callEnded(CALL);
  await exporter.flush();
  expect(counts).toEqual({ exported: 0, dropped: 1 });
  exporter.callEnded(CALL);
  await exporter.flush();
  for (let n = 0; n < 2_048; n += 1) exporter.callEnded(CALL);
  expect(counts).toEqual({ exported: 0, dropped: 2 });
  await exporter.close();
  expect(counts).toEqual({ exported: 0, dropped: 2_050 });
});

test("a model's name is cut to a bound", async () => {
  const { exporter, spansOf } = await open();
  exporter.callEnded({ ...CALL, finished: finishedCall({ model: 'm'.repeat(10_000) }) });
  await exporter.flush();
  expect(spansOf(0)[0].name.length).toBeLessThan(200);
});
