import { describe, expect, it } from 'vitest';
import { counts, message, readJson, tokens } from './answer-samples.ts';

describe('usage that lies', () => {
  it.each([
    [-5, 0, 'negative_count'],
    [-1e308, 0, 'negative_count'],
    [1.5, 2, 'fractional_count'],
    [1e300, 20_000_000, 'absurd_count'],
    [500_000_000_000, 20_000_000, 'absurd_count'],
    ['7', 0, 'not_a_count'],
    [{}, 0, 'not_a_count'],
    [true, 0, 'not_a_count'],
  ])('of %j tokens is read as %d', (count, expected, anomaly) => {
    const found = readJson(message({ usage: { input_tokens: 3, output_tokens: count } }));
    expect(found.anomalies).toEqual([anomaly]);
    expect(tokens(found)).toEqual([counts({ input: 3, output: expected })]);
  });

  it('of searches is bounded too', () => {
    const found = readJson(message({ usage: { server_tool_use: { web_search_requests: 1e9 } } }));
    expect(found.usage?.webSearches).toBe(1_000);
    expect(found.anomalies).toEqual(['absurd_count']);
  });

  it('with infinite digits does not stop the reader', () => {
    const text = JSON.stringify(message({ usage: {} })).replace('"usage":{}', '"usage":{"output_tokens":1e999}');
    expect(tokens(readJson(text))).toEqual([counts({ output: 20_000_000 })]);
  });
});

describe('cache writes', () => {
  it.each([
    [{ cache_creation_input_tokens: 200 }, { cacheWrite5m: 200 }],
    [{ cache_creation_input_tokens: 200, cache_creation: null }, { cacheWrite5m: 200 }],
    [
      { cache_creation_input_tokens: 200, cache_creation: { ephemeral_1h_input_tokens: 150 } },
      { cacheWrite5m: 50, cacheWrite1h: 150 },
    ],
    [{ cache_creation_input_tokens: 200, cache_creation: { ephemeral_1h_input_tokens: 900 } }, { cacheWrite1h: 200 }],
    [
      {
        cache_creation_input_tokens: 0,
        cache_creation: { ephemeral_5m_input_tokens: 5, ephemeral_1h_input_tokens: 7 },
      },
      { cacheWrite5m: 5, cacheWrite1h: 7 },
    ],
    [{ cache_creation: { ephemeral_5m_input_tokens: 5 } }, { cacheWrite5m: 5 }],
  ])('%j', (usage, expected) => {
    expect(tokens(readJson(message({ usage })))).toEqual([counts(expected)]);
  });
});

describe('iterations', () => {
  const pass = (type: string, input: number, model?: string | null) => ({
    type,
    input_tokens: input,
    output_tokens: 1,
    ...(model === undefined ? {} : { model }),
  });

  it('replace the top level, each at its own model', () => {
    const iterations = [
      pass('compaction', 100),
      pass('message', 5, null),
      pass('advisor_message', 7, 'claude-fable-5'),
    ];
    const found = readJson(message({ usage: { input_tokens: 5, output_tokens: 1, iterations } }));
    expect(found.usage?.passes).toEqual([
      { model: 'claude-opus-5', kind: 'compaction', tokens: counts({ input: 100, output: 1 }) },
      { model: 'claude-opus-5', kind: 'message', tokens: counts({ input: 5, output: 1 }) },
      { model: 'claude-fable-5', kind: 'advisor_message', tokens: counts({ input: 7, output: 1 }) },
    ]);
    expect(found.anomalies).toEqual([]);
  });

  it.each([null, [], {}, 'x'])('that are %j leave the top level', (iterations) => {
    expect(tokens(readJson(message({ usage: { input_tokens: 5, iterations } })))).toEqual([counts({ input: 5 })]);
  });

  it('that are no objects leave the top level, and are said', () => {
    const found = readJson(message({ usage: { input_tokens: 5, iterations: [null, 3] } }));
    expect(tokens(found)).toEqual([counts({ input: 5 })]);
    expect(found.anomalies).toEqual(['malformed_iteration']);
  });

  it('without a sampling pass do not make the answer free', () => {
    const found = readJson(
      message({ usage: { input_tokens: 5, iterations: [pass('advisor_message', 7, 'claude-fable-5')] } }),
    );
    expect(tokens(found)).toEqual([counts({ input: 7, output: 1 }), counts({ input: 5 })]);
    expect(found.anomalies).toEqual(['iterations_without_message']);
  });
});
