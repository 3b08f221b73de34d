import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createStreamCloser } from '../../src/anthropic/stream-closer.ts';
import { loadCorpus } from '../support/corpus.ts';

const encoder = new TextEncoder();
const text = (pieces: readonly Uint8Array[]): string =>
  new TextDecoder().decode(Uint8Array.from(pieces.flatMap((piece) => [...piece])));
const event = (data: { type: string }, end = '\n'): string =>
  `event: ${data.type}${end}data: ${JSON.stringify(data)}${end}${end}`;
const start = event({ type: 'message_start', message: { usage: {} } } as never);
const block = (index: number, type = 'text') =>
  event({ type: 'content_block_start', index, content_block: { type } } as never);
const delta = (index: number) =>
  event({ type: 'content_block_delta', index, delta: { type: 'text_delta', text: 'a\nb' } } as never);
const stop = (index: number) => event({ type: 'content_block_stop', index } as never);

function follow(stream: string, chunkBytes = 7) {
  const closer = createStreamCloser();
  const bytes = encoder.encode(stream);
  let passed = '';
  for (let at = 0; at < bytes.length; at += chunkBytes)
    passed += text(closer.push(bytes.subarray(at, at + chunkBytes)));
  return { closer, passed };
}
const closing = (stream: string): { type: string; index?: number }[] =>
  [...text([follow(stream).closer.close(12)]).matchAll(/^data: (.*)$/gm)].map(([, data = '']) => JSON.parse(data));

describe('a stream that is followed', () => {
  test('only whole events pass', () => {
    const { closer, passed } = follow(`${start}${block(0)}event: content_block_delta\ndata: {"ty`);
    expect(passed).toBe(start + block(0));
    expect(text(closer.takeRest())).toBe('event: content_block_delta\ndata: {"ty');
  });

  test.each(['\n', '\r\n', '\r'])('with lines ended by %j', (end) => {
    const whole = event({ type: 'message_start' }, end) + event({ type: 'ping' }, end);
    const { closer, passed } = follow(`${whole}event: x`, 1);
    expect(passed.trimEnd()).toBe(whole.trimEnd());
    expect(passed + text(closer.takeRest())).toBe(`${whole}event: x`);
    expect(closer.isOpen).toBe(true);
  });

  test('every recorded stream passes byte for byte, at any chunking, and can be ended after each of its events', () => {
    const streams = loadCorpus().flatMap(({ streaming, body }) => (streaming ? [body] : []));
    expect(streams.length).toBeGreaterThan(10);
    fc.assert(
      fc.property(
        fc.constantFrom(...streams),
        fc.array(fc.integer({ min: 1, max: 3_000 }), { minLength: 1 }),
        (bytes, sizes) => {
          const closer = createStreamCloser();
          const passed: Uint8Array[] = [];
          for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
            const size = sizes[turn % sizes.length]!;
            passed.push(...closer.push(bytes.subarray(at, at + size)));
            at += size;
          }
          expect(Buffer.concat([...passed, ...closer.takeRest()]).equals(bytes)).toBe(true);
          expect(closer.isOpen).toBe(false);
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe('its end', () => {
  test('closes what is open, says why it stopped and stops', () => {
    expect(closing(start + block(0) + delta(0) + stop(0) + block(1, 'tool_use') + delta(1))).toEqual([
      { type: 'content_block_stop', index: 1 },
      {
        type: 'message_delta',
        delta: { stop_reason: 'max_tokens', stop_sequence: null },
        usage: { output_tokens: 12 },
        tollgate: { stopped: 'credit_exhausted' },
      },
      { type: 'message_stop' },
    ]);
  });

  test('between two blocks closes none; of several open ones each, in order', () => {
    expect(closing(start + block(0) + stop(0)).map(({ type }) => type)).toEqual(['message_delta', 'message_stop']);
    expect(closing(start + block(3) + block(1)).slice(0, 2)).toEqual([
      { type: 'content_block_stop', index: 1 },
      { type: 'content_block_stop', index: 3 },
    ]);
  });

  test.each([
    ['before its message has begun', event({ type: 'ping' }), false],
    ['in the middle of its message', start + block(0), true],
    ['after a delta that gives no reason', `${start}${event({ type: 'message_delta', delta: {} } as never)}`, true],
    [
      'after its own reason',
      `${start}${event({ type: 'message_delta', delta: { stop_reason: 'end_turn' } } as never)}`,
      false,
    ],
    ['after its own end', start + event({ type: 'message_stop' }), false],
    ['after an error', start + event({ type: 'error' }), false],
    ['after an event of another kind that is no JSON', `${start}event: later\ndata: no json\n\n`, true],
  ])('%s', (_what, stream, isOpen) => {
    expect(follow(stream).closer.isOpen).toBe(isOpen);
  });

  test('results of server tools are counted', () => {
    const stream = start + block(0, 'server_tool_use') + stop(0) + block(1, 'web_search_tool_result') + stop(1);
    expect(follow(stream + block(2, 'code_execution_tool_result')).closer.serverToolResults).toBe(2);
  });

  test('an event longer than any passes in pieces and cannot be ended any more', () => {
    const closer = createStreamCloser();
    closer.push(encoder.encode(`${start}event: content_block_delta\ndata: `));
    const chunk = new Uint8Array(1024 * 1024).fill(0x61);
    let passed = 0;
    for (let count = 0; count < 20; count += 1)
      passed += closer.push(chunk).reduce((sum, { length }) => sum + length, 0);
    expect(passed).toBeGreaterThan(19 * chunk.length);
    expect(closer.isOpen).toBe(false);
  });
});
