import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createUsageReader } from '../../src/anthropic/create-usage-reader.ts';
import {
  blockStart,
  counts,
  delta,
  encode,
  event,
  readStream,
  start,
  stop,
  textDelta,
  tokens,
} from './answer-samples.ts';

describe('a stream', () => {
  it('of an older API has only output in its delta: the input comes from the start', () => {
    const found = readStream(
      start({ usage: { input_tokens: 10, cache_read_input_tokens: 5, output_tokens: 4 } }) +
        delta({ output_tokens: 10 }) +
        stop,
    );
    expect(tokens(found)).toEqual([counts({ input: 10, cacheRead: 5, output: 10 })]);
    expect(found).toMatchObject({ complete: true, anomalies: [] });
  });

  it('replaces counts that grew or shrank and keeps those that are null', () => {
    const first = { input_tokens: 100, cache_read_input_tokens: 55_096, output_tokens: 7 };
    const second = {
      input_tokens: 181,
      cache_read_input_tokens: 0,
      cache_creation_input_tokens: null,
      output_tokens: 8,
    };
    expect(tokens(readStream(start({ usage: first }) + delta(second) + stop))).toEqual([
      counts({ input: 181, output: 8 }),
    ]);
  });

  it('adds nothing up over several deltas: each is cumulative', () => {
    const text =
      start({ usage: { input_tokens: 1, output_tokens: 1 } }) +
      delta({ output_tokens: 5 }) +
      delta({ output_tokens: 9 }) +
      stop;
    expect(tokens(readStream(text))).toEqual([counts({ input: 1, output: 9 })]);
  });

  it('without a delta is complete with its start', () => {
    const found = readStream(
      start({
        stop_reason: 'tool_use',
        usage: { input_tokens: 0, output_tokens: 0 },
        content: [{ type: 'text', text: 'abc' }],
      }) + stop,
    );
    expect(found).toMatchObject({ complete: true, visibleCharacters: 3, usage: { stopReason: 'tool_use' } });
    expect(tokens(found)).toEqual([counts({})]);
  });

  it('without usage in its start takes the delta’s', () => {
    expect(tokens(readStream(start({}) + delta({ input_tokens: 3, output_tokens: 4 }) + stop))).toEqual([
      counts({ input: 3, output: 4 }),
    ]);
    expect(tokens(readStream(start({ usage: null }) + delta({ input_tokens: 3, output_tokens: 4 }) + stop))).toEqual([
      counts({ input: 3, output: 4 }),
    ]);
  });

  it('without any usage is complete and reports none', () => {
    expect(readStream(start({}) + delta(null) + stop)).toMatchObject({ complete: true, usage: undefined });
  });

  it('keeps tier, region, speed and the split of cache writes from its start', () => {
    const usage = {
      input_tokens: 1,
      cache_creation_input_tokens: 2_056,
      cache_creation: { ephemeral_5m_input_tokens: 56, ephemeral_1h_input_tokens: 2_000 },
      service_tier: 'batch',
      inference_geo: 'us',
      speed: 'fast',
      output_tokens: 1,
    };
    const found = readStream(
      start({ usage }) + delta({ input_tokens: 1, cache_creation_input_tokens: 2_056, output_tokens: 9 }) + stop,
    );
    expect(found.usage).toMatchObject({ serviceTier: 'batch', inferenceGeo: 'us', speed: 'fast' });
    expect(tokens(found)).toEqual([counts({ input: 1, cacheWrite5m: 56, cacheWrite1h: 2_000, output: 9 })]);
  });

  it('bills writes that came after the start, without a split, at the 5-minute price', () => {
    const zero = { ephemeral_5m_input_tokens: 0, ephemeral_1h_input_tokens: 0 };
    const found = readStream(
      start({ usage: { cache_creation_input_tokens: 0, cache_creation: zero } }) +
        delta({ cache_creation_input_tokens: 17_269 }) +
        stop,
    );
    expect(tokens(found)).toEqual([counts({ cacheWrite5m: 17_269 })]);
  });

  it('forgets the split of writes that the delta takes back', () => {
    const usage = { cache_creation_input_tokens: 418, cache_creation: { ephemeral_5m_input_tokens: 418 } };
    expect(
      tokens(readStream(start({ usage }) + delta({ cache_creation_input_tokens: 0, output_tokens: 2 }) + stop)),
    ).toEqual([counts({ output: 2 })]);
  });

  it('ends in an error event after 200: incomplete, with what was reported', () => {
    const error = event({
      type: 'error',
      error: { details: null, type: 'overloaded_error', message: 'Overloaded' },
    });
    const found = readStream(start({ usage: { input_tokens: 9, output_tokens: 1 } }) + textDelta('hello') + error);
    expect(found).toMatchObject({ complete: false, errorEvent: 'overloaded_error', visibleCharacters: 5 });
    expect(tokens(found)).toEqual([counts({ input: 9, output: 1 })]);
  });

  it('names an error by its event where its data does not', () => {
    expect(readStream('event: error\ndata: {"error":{"type":"api_error"}}\n\n').errorEvent).toBe('api_error');
    expect(readStream('event: error\ndata: {}\n\n').errorEvent).toBe('unknown');
  });

  it('that breaks off is incomplete, even after its delta', () => {
    expect(readStream(start({ usage: { input_tokens: 1 } }) + delta({ output_tokens: 5 }))).toMatchObject({
      complete: false,
      errorEvent: undefined,
    });
  });

  it('whose last event lacks its blank line counts it', () => {
    const found = readStream((start({ usage: { input_tokens: 1 } }) + delta({ output_tokens: 5 })).trimEnd());
    expect(tokens(found)).toEqual([counts({ input: 1, output: 5 })]);
    expect(readStream((start({ usage: {} }) + stop).trimEnd()).complete).toBe(true);
  });

  it('whose last event is cut within its data does not count it', () => {
    const found = readStream(
      (start({ usage: { input_tokens: 1 } }) + delta({ output_tokens: 5 })).trimEnd().slice(0, -1),
    );
    expect(tokens(found)).toEqual([counts({ input: 1 })]);
  });

  it('has its stop reason never before the usage of the same event, wherever it breaks off', () => {
    const [first, last] = [
      start({ usage: { input_tokens: 10, output_tokens: 1 } }) + textDelta('a word'),
      delta({ output_tokens: 40 }),
    ];
    expect(last.indexOf('stop_reason')).toBeLessThan(last.indexOf('output_tokens'));
    for (let length = 0; length <= last.length; length += 1) {
      const reader = createUsageReader('text/event-stream', 'claude-opus-5');
      reader.push(encode(first + last.slice(0, length)));
      for (const end of [() => undefined, () => reader.end()]) {
        end();
        const { usage } = reader.snapshot();
        if (usage?.stopReason !== undefined) expect(usage.passes[0]?.tokens.output, `${length} bytes`).toBe(40);
      }
    }
  });

  it('takes nothing after its end', () => {
    const found = readStream(
      start({ usage: { input_tokens: 1 } }) + stop + delta({ output_tokens: 999_999 }) + textDelta('late'),
    );
    expect(tokens(found)).toEqual([counts({ input: 1 })]);
    expect(found.visibleCharacters).toBe(0);
  });

  it('is read without event lines, with data over several lines and without the space', () => {
    const text =
      'data:{"type":"message_start",\ndata:"message":{"model":"m","usage":{"input_tokens":7}}}\n\ndata: {"type":"message_stop"}\n\n';
    const found = readStream(text);
    expect(found.complete).toBe(true);
    expect(tokens(found)).toEqual([counts({ input: 7 })]);
  });

  it.each([
    'data: [DONE]\n\n',
    'data\n\n',
    'data: \n\n',
    'data: 5\n\n',
    'data: {"type":\n\n',
    'data: }{\n\n',
    'event: x\n\n',
    ': c\n\n',
    'data: "a"\n\n',
    `da${'t'.repeat(500)}: {}\n\n`,
  ])('survives %j between its events', (odd) => {
    const found = readStream(
      odd + start({ usage: { input_tokens: 1 } }) + odd + delta({ output_tokens: 2 }) + odd + stop,
    );
    expect(found.complete).toBe(true);
    expect(tokens(found)).toEqual([counts({ input: 1, output: 2 })]);
  });

  it('says what was malformed', () => {
    expect(readStream('data: {"type":\n\n').anomalies).toEqual(['malformed_json']);
    expect(readStream(start({ usage: 'many' }) + stop).anomalies).toContain('malformed_usage');
  });

  it('never throws, whatever the bytes and however they are cut', () => {
    const token = fc.constantFrom(
      'event: message_delta\n',
      'data: ',
      '{"type":"message_start","message":{"usage":{"input_tokens":',
      '1',
      '}',
      '}}}',
      '\n\n',
      '\r',
      '"',
      '\\',
      '[',
      ']',
      ',',
      ':',
      'null',
      '\u00e9',
      '\ufeff',
    );
    const noise = fc.oneof(
      fc.array(token, { maxLength: 40 }).map((list) => encode(list.join(''))),
      fc.uint8Array({ maxLength: 200 }),
    );
    fc.assert(
      fc.property(fc.array(noise, { maxLength: 8 }), fc.boolean(), (chunks, isStream) => {
        const reader = createUsageReader(isStream ? 'text/event-stream' : 'application/json');
        for (const chunk of chunks) reader.push(chunk);
        reader.end();
        const { usage } = reader.snapshot();
        for (const pass of usage?.passes ?? [])
          for (const count of Object.values(pass.tokens)) expect(Number.isSafeInteger(count) && count >= 0).toBe(true);
      }),
      { numRuns: 1_000 },
    );
  });

  it('counts visible characters of text, thinking and tool input, an escape as one', () => {
    const text =
      start({ usage: {} }) +
      blockStart({ type: 'text', text: '' }) +
      textDelta('aé中😀"\\\n') +
      event({ type: 'content_block_delta', delta: { type: 'thinking_delta', thinking: 'hmm' } }) +
      event({ type: 'content_block_delta', delta: { type: 'input_json_delta', partial_json: '{"a"' } } as {
        type: string;
      }) +
      event({ type: 'content_block_delta', delta: { type: 'signature_delta', signature: 'x'.repeat(99) } } as {
        type: string;
      });
    // a é 中 😀 " \ newline, then hmm, then {"a"
    expect(readStream(text).visibleCharacters).toBe(7 + 3 + 4);
    expect(readStream('data: {"delta":{"text":"\\u0041\\n\\u00e9"}}\n\n').visibleCharacters).toBe(3);
  });

  it.each([
    ['text', ['text'], 'text'],
    ['text and the input of a tool', ['text', 'tool_use'], 'tool_input'],
    ['the input of a server tool', ['server_tool_use'], 'tool_input'],
    ['thinking that is not shown', ['thinking', 'text', 'tool_use'], 'hidden_thinking'],
    ['thinking that is redacted', ['redacted_thinking'], 'hidden_thinking'],
  ])('says that an answer is of %s', (_, types, content) => {
    expect(readStream(start({ usage: {} }) + types.map((type) => blockStart({ type })).join('')).content).toBe(content);
  });

  it('says that thinking is shown as soon as a character of it is', () => {
    const thought = event({ type: 'content_block_delta', delta: { type: 'thinking_delta', thinking: 'hmm' } });
    expect(readStream(start({ usage: {} }) + blockStart({ type: 'thinking', thinking: '' }) + thought).content).toBe(
      'shown_thinking',
    );
  });

  it('holds a start of 40 MB without keeping it, and finds its usage behind the content', () => {
    const reader = createUsageReader('text/event-stream');
    const filler = encode('lorem ipsum '.repeat(5_000));
    reader.push(
      encode(
        'event: message_start\ndata: {"type":"message_start","message":{"model":"claude-opus-5","content":[{"type":"text","text":"',
      ),
    );
    for (let sent = 0; sent < 40_000_000; sent += filler.length) reader.push(filler);
    reader.push(encode('"}],"usage":{"input_tokens":12,"output_tokens":34}}}\n\n'));
    reader.push(encode(stop));
    const found = reader.snapshot();
    expect(found).toMatchObject({ complete: true, anomalies: [] });
    expect(tokens(found)).toEqual([counts({ input: 12, output: 34 })]);
  });

  it('drops a usage object larger than any, and says so', () => {
    const found = readStream(
      start({ usage: { input_tokens: 1 } }) + delta({ output_tokens: 2, junk: 'x'.repeat(1_100_000) }) + stop,
    );
    expect(found).toMatchObject({ complete: true, anomalies: ['oversized_field'] });
    expect(tokens(found)).toEqual([counts({ input: 1 })]);
  });
});
