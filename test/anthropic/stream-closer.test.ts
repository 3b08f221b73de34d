import { describe, expect, test } from 'vitest';
import { createEventSplitter } from '../../src/anthropic/event-splitter.ts';
import { createStreamCloser, opensServerToolResult } from '../../src/anthropic/stream-closer.ts';
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
  const splitter = createEventSplitter();
  const closer = createStreamCloser();
  const bytes = encoder.encode(stream);
  for (let at = 0; at < bytes.length; at += chunkBytes)
    for (const event of splitter.push(bytes.subarray(at, at + chunkBytes))) closer.note(event);
  return closer;
}
const closing = (stream: string): { type: string; index?: number }[] =>
  [...text([follow(stream).close(12, 'quota_exhausted')]).matchAll(/^data: (.*)$/gm)].map(([, data = '']) =>
    JSON.parse(data),
  );

describe('its end', () => {
  test('closes what is open, says why it stopped and stops', () => {
    expect(closing(start + block(0) + delta(0) + stop(0) + block(1, 'tool_use') + delta(1))).toEqual([
      { type: 'content_block_stop', index: 1 },
      {
        type: 'message_delta',
        delta: { stop_reason: 'max_tokens', stop_sequence: null },
        usage: { output_tokens: 12 },
        tollgate: { stopped: 'quota_exhausted' },
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
    expect(follow(stream).isOpen).toBe(isOpen);
  });

  test.each([
    ['a search', block(1, 'web_search_tool_result'), true],
    ['code', block(2, 'code_execution_tool_result'), true],
    ['a call', block(0, 'server_tool_use'), false],
    ['text that speaks of one', delta(0).replace('a', 'web_search_tool_result'), false],
    ['no JSON', 'event: content_block_start\ndata: {"content_block"\n\n', false],
  ])('the result of a server tool is known: %s', (_what, opened, expected) => {
    expect(opensServerToolResult(encoder.encode(opened))).toBe(expected);
  });

  test('can be made after each event of every recorded stream', () => {
    for (const { streaming, body } of loadCorpus()) {
      if (!streaming) continue;
      const closer = createStreamCloser();
      const events = createEventSplitter().push(body);
      for (const event of events) {
        closer.note(event);
        if (closer.isOpen) expect(text([closer.close(1, 'credit_exhausted')])).toContain('"stop_reason":"max_tokens"');
      }
      expect(closer.isOpen).toBe(false);
    }
  });
});
