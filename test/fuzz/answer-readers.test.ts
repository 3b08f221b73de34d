import { describe, expect, it } from 'vitest';
import { createUsageReader } from '../../src/anthropic/create-usage-reader.ts';
import { createEventSplitter } from '../../src/anthropic/event-splitter.ts';
import type { UsageSnapshot } from '../../src/anthropic/usage-reader.ts';
import { loadCorpus } from '../support/corpus.ts';
import { createRandomNumbers, FUZZ_ROUNDS, FUZZ_SEED, mutateBytes, splitBytes } from './mutate-bytes.ts';

const corpus = loadCorpus();
const KINDS = [
  ['text/event-stream', corpus.filter(({ streaming }) => streaming).map(({ body }) => body)],
  ['application/json', corpus.filter(({ streaming }) => !streaming).map(({ body }) => body)],
] as const;

function readAll(contentType: string, pieces: readonly Buffer[]): UsageSnapshot {
  const reader = createUsageReader(contentType, 'claude-haiku-4-5');
  for (const piece of pieces) {
    reader.push(piece);
    // Looked at in between, as the metering does.
    reader.snapshot();
  }
  reader.end();
  return reader.snapshot();
}

describe.each(KINDS)(`the reader of %s, seed ${FUZZ_SEED}`, (contentType, bodies) => {
  it('never throws and says the same however the bytes are split', () => {
    const random = createRandomNumbers(FUZZ_SEED);
    for (let round = 0; round < FUZZ_ROUNDS / 20; round += 1) {
      const bytes = mutateBytes(random, bodies);
      expect(readAll(contentType, splitBytes(random, bytes)), bytes.toString('latin1')).toEqual(
        readAll(contentType, [bytes]),
      );
    }
  });

  it('keeps next to nothing of what is large', () => {
    const reader = createUsageReader(contentType, 'claude-haiku-4-5');
    const [start, end] =
      contentType === 'application/json'
        ? ['{"type":"message","content":[{"type":"text","text":"', '"}]}']
        : ['data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"', '"}}\n\n'];
    reader.push(Buffer.from(start));
    const piece = Buffer.alloc(1_024 * 1_024, 0x61);
    globalThis.gc?.();
    const before = process.memoryUsage();
    for (let megabyte = 0; megabyte < 32; megabyte += 1) reader.push(piece);
    const after = process.memoryUsage();
    expect(after.heapUsed + after.arrayBuffers - before.heapUsed - before.arrayBuffers).toBeLessThan(8 * 1_024 * 1_024);
    reader.push(Buffer.from(end));
    expect(reader.snapshot().visibleCharacters).toBe(32 * piece.length);
  });
});

describe(`the splitter of events, seed ${FUZZ_SEED}`, () => {
  it('loses no byte, and cuts in the same places however the bytes are split', () => {
    const random = createRandomNumbers(FUZZ_SEED);
    for (let round = 0; round < FUZZ_ROUNDS / 20; round += 1) {
      const bytes = mutateBytes(random, KINDS[0][1]);
      const cut = (pieces: readonly Buffer[]): string[] => {
        const splitter = createEventSplitter();
        const events = pieces
          .flatMap((piece) => splitter.push(piece))
          .map((event) => Buffer.from(event).toString('latin1'));
        return [...events, Buffer.from(splitter.takeRest()).toString('latin1')];
      };
      const whole = cut([bytes]);
      expect(whole.join('')).toBe(bytes.toString('latin1'));
      const split = cut(splitBytes(random, bytes));
      expect(split.join('')).toBe(bytes.toString('latin1'));
      // The feed of a pair that was split comes with the event that follows it.
      expect(split.map(withoutFeed)).toEqual(whole.map(withoutFeed));
    }
  });
});

function withoutFeed(event: string): string {
  return event.replace(/^\n/, '').replace(/\r\n$/, '\r');
}
