import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type BatchResult, createBatchResultsReader } from '../../src/anthropic/batch-results-reader.ts';

const USAGE = { input_tokens: 11, output_tokens: 5, cache_read_input_tokens: 3, service_tier: 'batch' };
const message = {
  model: 'claude-haiku-4-5',
  content: [{ type: 'text', text: 'né\n"' }],
  stop_reason: 'end_turn',
  usage: USAGE,
};
const LINES = [
  { custom_id: 'ä\n1', result: { type: 'succeeded', message } },
  {
    custom_id: 'b',
    result: { type: 'errored', error: { type: 'error', error: { type: 'api_error', message: '{"type":"x"}' } } },
  },
  { result: { message: { ...message, usage: undefined }, type: 'succeeded' }, custom_id: 'c' },
  { custom_id: 'd', result: { type: 'canceled' } },
  { custom_id: 'e', result: { type: 'succeeded', message: { ...message, usage: { input_tokens: -4 } } } },
];
const TEXT = `${LINES.map((line) => JSON.stringify(line)).join('\n')}\r\n\n{"custom_id":"f","result":{"type":"expir`;

function read(bytes: Buffer, cuts: readonly number[]): BatchResult[] {
  const results: BatchResult[] = [];
  const reader = createBatchResultsReader((result) => results.push(result));
  const places = [0, ...cuts.map((cut) => cut % bytes.length).toSorted((one, other) => one - other), bytes.length];
  for (const [index, place] of places.entries()) reader.push(bytes.subarray(place, places[index + 1] ?? bytes.length));
  reader.end();
  return results;
}

test('reads every line, also one that breaks off', () => {
  const results = read(Buffer.from(TEXT), []);
  expect(results.map(({ customId, type }) => [customId, type])).toEqual([
    ['ä\n1', 'succeeded'],
    ['b', 'errored'],
    ['c', 'succeeded'],
    ['d', 'canceled'],
    ['e', 'succeeded'],
    ['f', undefined],
  ]);
  expect(results[0]).toMatchObject({
    model: 'claude-haiku-4-5',
    reported: {
      usage: { serviceTier: 'batch', passes: [{ tokens: { input: 11, output: 5, cacheRead: 3 } }] },
      visibleCharacters: 4,
      isDoubtful: false,
    },
  });
  expect([results[1]?.reported.usage, results[2]?.reported.usage]).toEqual([undefined, undefined]);
  expect(results[2]?.reported.visibleCharacters).toBe(4);
  expect(results[4]?.reported.isDoubtful).toBe(true);
});

test('reads the same however the bytes are cut', () => {
  const bytes = Buffer.from(TEXT);
  const whole = read(bytes, []);
  fc.assert(
    fc.property(fc.array(fc.nat(), { maxLength: 40 }), (cuts) => {
      expect(read(bytes, cuts)).toEqual(whole);
    }),
  );
  expect(read(bytes, Array.from(bytes.keys()))).toEqual(whole);
});
