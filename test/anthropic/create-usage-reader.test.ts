import { describe, expect, it } from 'vitest';
import { createUsageReader } from '../../src/anthropic/create-usage-reader.ts';
import { encode, message, start, stop } from './answer-samples.ts';

describe('createUsageReader', () => {
  it.each(['text/event-stream', 'text/event-stream; charset=utf-8', ' Text/Event-Stream'])(
    'reads %j as a stream',
    (type) => {
      const reader = createUsageReader(type);
      reader.push(encode(start({ usage: { input_tokens: 1 } }) + stop));
      expect(reader.snapshot().complete).toBe(true);
    },
  );

  it.each([undefined, '', 'application/json', 'text/plain', 'application/text/event-stream'])(
    'reads %j as JSON',
    (type) => {
      const reader = createUsageReader(type);
      reader.push(encode(JSON.stringify(message({ usage: { input_tokens: 1 } }))));
      expect(reader.snapshot().complete).toBe(true);
    },
  );
});
