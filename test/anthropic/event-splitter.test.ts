import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createEventSplitter } from '../../src/anthropic/event-splitter.ts';
import { loadCorpus } from '../support/corpus.ts';

const encoder = new TextEncoder();
const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

function split(stream: string, chunkBytes: number): { events: string[]; rest: string } {
  const splitter = createEventSplitter();
  const bytes = encoder.encode(stream);
  const events: string[] = [];
  for (let at = 0; at < bytes.length; at += chunkBytes)
    events.push(...splitter.push(bytes.subarray(at, at + chunkBytes)).map(text));
  return { events, rest: text(splitter.takeRest()) };
}

describe('the bytes of a stream', () => {
  test.each([1, 3, 7, 1_000])('are cut at blank lines, in chunks of %i bytes', (chunkBytes) => {
    const stream = 'event: a\ndata: 1\n\n: a comment\n\ndata: 2\ndata: 3\n\ndata: {"ty';
    expect(split(stream, chunkBytes)).toEqual({
      events: ['event: a\ndata: 1\n\n', ': a comment\n\n', 'data: 2\ndata: 3\n\n'],
      rest: 'data: {"ty',
    });
  });

  test.each(['\n', '\r\n', '\r'])('have lines ended by %j', (end) => {
    const event = `event: x${end}data: é${end}${end}`;
    const { events, rest } = split(`${event}${event}event: y`, 1);
    expect(events.map((one) => one.trim())).toEqual([event.trim(), event.trim()]);
    expect(`${events.join('')}${rest}`).toBe(`${event}${event}event: y`);
  });

  test('a carriage return and a line feed that come apart end one event, not two', () => {
    const splitter = createEventSplitter();
    const events = ['data: 1\r\n\r', '\ndata: 2\r\n\r\n'].flatMap((chunk) => [...splitter.push(encoder.encode(chunk))]);
    expect(events.map((event) => text(event).trim())).toEqual(['data: 1', 'data: 2']);
  });

  test('of every recorded stream come out as they went in, at any chunking', () => {
    const streams = loadCorpus().flatMap(({ streaming, body }) => (streaming ? [body] : []));
    expect(streams.length).toBeGreaterThan(10);
    fc.assert(
      fc.property(
        fc.constantFrom(...streams),
        fc.array(fc.integer({ min: 1, max: 3_000 }), { minLength: 1 }),
        (bytes, sizes) => {
          const splitter = createEventSplitter();
          const passed: Uint8Array[] = [];
          for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
            const size = sizes[turn % sizes.length]!;
            passed.push(...splitter.push(bytes.subarray(at, at + size)));
            at += size;
          }
          expect(Buffer.concat([...passed, splitter.takeRest()]).equals(bytes)).toBe(true);
        },
      ),
      { numRuns: 60 },
    );
  });

  test('an event longer than any comes in pieces, and all that follows', () => {
    const splitter = createEventSplitter();
    expect(splitter.push(encoder.encode('data: 1\n\ndata: '))).toHaveLength(1);
    const chunk = new Uint8Array(1_024 * 1_024).fill(0x61);
    let passed = 0;
    for (let count = 0; count < 20; count += 1)
      passed += splitter.push(chunk).reduce((sum, { length }) => sum + length, 0);
    expect(passed).toBe(20 * chunk.length + 'data: '.length);
    expect(splitter.isLost).toBe(true);
  });
});
