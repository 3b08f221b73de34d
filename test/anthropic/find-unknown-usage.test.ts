import { describe, expect, it } from 'vitest';
import { createUsageReader } from '../../src/anthropic/create-usage-reader.ts';
import { findUnknownUsage } from '../../src/anthropic/find-unknown-usage.ts';
import { loadCorpus } from '../support/corpus.ts';

describe('usage of an unknown kind', () => {
  it.each([
    ['a member', { input_tokens: 1, video_tokens: 7 }, { video_tokens: 7 }],
    [
      'a kind of cache write',
      { cache_creation: { ephemeral_1d_input_tokens: 9 } },
      { cache_creation: { ephemeral_1d_input_tokens: 9 } },
    ],
    [
      'a server tool',
      { server_tool_use: { web_search_requests: 1, code_execution_requests: 2 } },
      { server_tool_use: { code_execution_requests: 2 } },
    ],
    [
      'within a pass',
      {
        iterations: [
          { type: 'message', input_tokens: 1 },
          { type: 'message', seconds: 3 },
        ],
      },
      { iterations: [{}, { seconds: 3 }] },
    ],
    ['of any shape', { extra: { deep: [1, { a: 2 }] } }, { extra: { deep: [1, { a: 2 }] } }],
    ['by a name that every object has', JSON.parse('{"constructor":5,"toString":1}'), { constructor: 5, toString: 1 }],
  ])('is found as %s', (_, reported, unknown) => {
    expect(findUnknownUsage(reported)).toEqual(unknown);
  });

  it.each([
    ['nothing', {}],
    ['what says nothing', { video_tokens: 0, audio: null, cache_creation: null }],
    [
      'what is known',
      { input_tokens: 1, service_tier: 'batch', speed: 'fast', output_tokens_details: { thinking_tokens: 4 } },
    ],
    ['a malformed member of a known name', { cache_creation: 5, iterations: 'none', server_tool_use: [] }],
  ])('is not %s', (_, reported) => {
    expect(findUnknownUsage(reported)).toBeUndefined();
  });

  it('stands in no recorded answer', () => {
    const found = loadCorpus().map(({ file, body }) => {
      const reader = createUsageReader(file.endsWith('.sse') ? 'text/event-stream' : 'application/json');
      reader.push(body);
      reader.end();
      return [file, findUnknownUsage(reader.snapshot().reported ?? {})];
    });
    expect(found.filter(([, unknown]) => unknown !== undefined)).toEqual([]);
  });
});
