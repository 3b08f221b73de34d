import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type MessagesRequest, readMessagesRequest } from '../../src/anthropic/messages-request.ts';
import { finishWork } from '../../src/anthropic/work.ts';

const LIMITS = { depth: 50, keys: 10_000 };
const encode = (text: string) => new TextEncoder().encode(text);
const BASE = { model: 'claude-opus-5', max_tokens: 64, messages: [{ role: 'user', content: 'hello' }] };

function readText(text: string): MessagesRequest {
  const read = finishWork(readMessagesRequest(encode(text), LIMITS));
  if (!read.ok) throw new Error(read.message);
  return read.request;
}
const read = (more: object) => readText(JSON.stringify({ ...BASE, ...more }));
const content = (...blocks: object[]) => ({ messages: [{ role: 'user', content: blocks }] });
const image = (data: string, more: object = {}) => ({
  type: 'image',
  source: { type: 'base64', media_type: 'image/png', data },
  ...more,
});

describe('a plain request', () => {
  it('is read with everything it leaves out as nothing', () => {
    const text = JSON.stringify(BASE);
    expect(readText(text)).toEqual({
      model: 'claude-opus-5',
      maxTokens: 64,
      stream: false,
      speed: undefined,
      inferenceGeo: undefined,
      serviceTier: undefined,
      cacheWrite: 'none',
      thread: undefined,
      fallbacks: [],
      tools: [],
      customTools: 0,
      mcpServers: 0,
      compaction: false,
      container: false,
      billsUserProfile: false,
      images: { base64: 0, base64Bytes: 0, remote: 0 },
      documents: { base64: 0, base64Bytes: 0, remote: 0 },
      bodyBytes: text.length,
      textBytes: text.length,
    });
  });

  it('takes null for absent in every optional member', () => {
    const nothing = Object.fromEntries(
      [
        'stream',
        'speed',
        'inference_geo',
        'service_tier',
        'thread',
        'fallbacks',
        'tools',
        'mcp_servers',
        'compaction',
        'context_management',
        'cache_control',
        'container',
        'billing_policy',
        'system',
      ].map((name) => [name, null]),
    );
    const plain = read({});
    expect(read(nothing)).toEqual({ ...plain, bodyBytes: expect.any(Number), textBytes: expect.any(Number) });
  });

  it('is read however its names are escaped and in whatever order', () => {
    const text =
      '{"messages":[],"str\\u0065am":true,"\\u006d\\u006F\\u0064\\u0065\\u006c":"claude-\\u006fpus-5","max_tokens":1}';
    expect(readText(text)).toMatchObject({ model: 'claude-opus-5', stream: true, maxTokens: 1 });
  });

  it('leaves unknown members alone', () => {
    expect(read({ safeguards: [{ deep: [1, { model: 'x' }] }], tags: { stream: 'y' }, __proto__x: 1 })).toMatchObject({
      model: 'claude-opus-5',
      stream: false,
    });
  });
});

describe('what makes a request dearer', () => {
  it('is read from the top level', () => {
    const found = read({ stream: true, speed: 'fast', inference_geo: 'us', service_tier: 'auto', container: 'c_1' });
    expect(found).toMatchObject({
      stream: true,
      speed: 'fast',
      inferenceGeo: 'us',
      serviceTier: 'auto',
      container: true,
    });
    expect(read({ container: { skills: [] } }).container).toBe(true);
  });

  it('is read from tools, theirs and the API’s', () => {
    const found = read({
      tools: [
        {
          name: 'mine',
          input_schema: { type: 'object', properties: { type: { type: 'string' }, max_uses: { type: 'number' } } },
        },
        { type: 'custom', name: 'mine_too', input_schema: {} },
        { type: 'web_search_20260318', name: 'web_search', max_uses: 5 },
        { type: 'web_fetch_20260318', name: 'web_fetch', max_uses: null },
        { max_uses: 2, model: 'claude-fable-5-1', max_tokens: 900, type: 'advisor_20260301', name: 'advisor' },
      ],
    });
    expect(found.customTools).toBe(2);
    expect(found.tools).toEqual([
      { type: 'web_search_20260318', maxUses: 5, model: undefined, maxTokens: undefined },
      { type: 'web_fetch_20260318', maxUses: undefined, model: undefined, maxTokens: undefined },
      { type: 'advisor_20260301', maxUses: 2, model: 'claude-fable-5-1', maxTokens: 900 },
    ]);
  });

  it('is read from fallbacks, servers, threads and billing', () => {
    expect(read({ fallbacks: 'default' }).fallbacks).toBe('default');
    expect(read({ fallbacks: [{ model: 'a', max_tokens: 5, speed: 'fast' }, { model: 'b' }, 'c'] }).fallbacks).toEqual([
      { model: 'a', maxTokens: 5, speed: 'fast' },
      { model: 'b', maxTokens: undefined, speed: undefined },
      { model: 'c', maxTokens: undefined, speed: undefined },
    ]);
    expect(
      read({
        mcp_servers: [
          { type: 'url', url: 'x' },
          { type: 'url', url: 'y' },
        ],
      }).mcpServers,
    ).toBe(2);
    expect(read({ thread: { type: 'create' } }).thread).toBe('create');
    expect(read({ thread: { type: 'continue', previous_message_id: 'm' } }).thread).toBe('continue');
    expect(read({ thread: {} }).thread).toBe('continue');
    expect(read({ billing_policy: { bill_to: 'user_profile' } }).billsUserProfile).toBe(true);
    expect(read({ billing_policy: { bill_to: 'organization' } }).billsUserProfile).toBe(false);
  });

  it('is read from compaction, but not from edits that clear', () => {
    expect(read({ compaction: { type: 'summarize' } }).compaction).toBe(true);
    expect(read({ context_management: { edits: [{ type: 'compact_20260112' }] } }).compaction).toBe(true);
    expect(read({ context_management: { edits: [{ type: 'novel' }] } }).compaction).toBe(true);
    expect(read({ context_management: { edits: [{ type: 'clear_tool_uses_20250919' }] } }).compaction).toBe(false);
  });

  it.each([
    ['at the top', { cache_control: { type: 'ephemeral' } }, '5m'],
    ['at the top for an hour', { cache_control: { type: 'ephemeral', ttl: '1h' } }, '1h'],
    ['in the system', { system: [{ type: 'text', text: 'x', cache_control: { type: 'ephemeral' } }] }, '5m'],
    ['in a tool', { tools: [{ name: 't', cache_control: { ttl: '5m' } }] }, '5m'],
    ['of the advisor', { tools: [{ type: 'advisor_20260301', caching: { type: 'ephemeral', ttl: '1h' } }] }, '1h'],
    [
      'in a tool result',
      content({ type: 'tool_result', content: [{ type: 'text', text: '', cache_control: { ttl: '1h' } }] }),
      '1h',
    ],
    ['of a time not known', { cache_control: { ttl: '1d' } }, '1h'],
    ['that is null', { cache_control: null }, 'none'],
  ])('is read from cache control %s', (_where, more, expected) => {
    expect(read(more).cacheWrite).toBe(expected);
  });

  it('keeps the dearest cache write of several', () => {
    const long = { type: 'text', text: 'a', cache_control: { ttl: '1h' } };
    const short = { type: 'text', text: 'b', cache_control: { ttl: '5m' } };
    expect(read(content(long, short)).cacheWrite).toBe('1h');
    expect(read(content(short, long)).cacheWrite).toBe('1h');
  });
});

describe('images and documents', () => {
  it('are counted, and their base64 taken off the text', () => {
    const found = read(content(image('A'.repeat(1_000)), image('B'.repeat(24)), { type: 'text', text: 'look' }));
    expect(found.images).toEqual({ base64: 2, base64Bytes: 1_024, remote: 0 });
    expect(found.textBytes).toBe(found.bodyBytes - 1_024);
  });

  it('are known whatever the order of their members', () => {
    const text = `{"messages":[{"content":[{"source":{"data":"QUJD","media_type":"image/png","type":"base64"},"type":"image"}],"role":"user"}],"max_tokens":1,"model":"m"}`;
    expect(readText(text).images).toEqual({ base64: 1, base64Bytes: 4, remote: 0 });
  });

  it('by URL and by file id are counted apart', () => {
    const found = read(
      content(
        { type: 'image', source: { type: 'url', url: 'https://x' } },
        { type: 'image', source: { type: 'file', file_id: 'f' } },
        { type: 'document', source: { type: 'file', file_id: 'f' } },
        { type: 'document', source: { type: 'base64', media_type: 'application/pdf', data: 'JVBE' } },
      ),
    );
    expect(found.images).toEqual({ base64: 0, base64Bytes: 0, remote: 2 });
    expect(found.documents).toEqual({ base64: 1, base64Bytes: 4, remote: 1 });
  });

  it('are found in tool results, in documents made of blocks and in fetched pages', () => {
    const pdf = { type: 'document', source: { type: 'base64', media_type: 'application/pdf', data: 'JVBE' } };
    const found = read(
      content(
        { type: 'tool_result', tool_use_id: 't', content: [image('AAAA')] },
        { type: 'document', source: { type: 'content', content: [image('BBBB')] } },
        { type: 'web_fetch_tool_result', content: { type: 'web_fetch_result', content: pdf } },
      ),
    );
    expect(found.images.base64).toBe(2);
    expect(found.documents.base64).toBe(1);
  });

  it('given as text stay text', () => {
    const found = read(
      content({ type: 'document', source: { type: 'text', media_type: 'text/plain', data: 'words' } }),
    );
    expect(found.documents).toEqual({ base64: 0, base64Bytes: 0, remote: 0 });
    expect(found.textBytes).toBe(found.bodyBytes);
  });

  it('look-alikes in a tool’s input are text and cost as text', () => {
    const inside = image('A'.repeat(500));
    const found = read({
      ...content({ type: 'tool_use', id: 't', name: 'n', input: { ...inside, content: [inside] } }),
      tools: [{ name: 't', input_schema: { content: [inside], ...inside } }],
      metadata: inside,
    });
    expect(found.images).toEqual({ base64: 0, base64Bytes: 0, remote: 0 });
    expect(found.documents).toEqual({ base64: 0, base64Bytes: 0, remote: 0 });
    expect(found.textBytes).toBe(found.bodyBytes);
  });

  it('never make the text less than what is not base64', () => {
    const block = fc.oneof(
      fc.string().map((data) => image(data)),
      fc.string().map((text) => ({ type: 'text', text })),
      fc.string().map((data) => ({ type: 'document', source: { type: 'base64', data } })),
    );
    fc.assert(
      fc.property(fc.array(block, { maxLength: 6 }), (blocks) => {
        const found = read(content(...blocks));
        expect(found.textBytes).toBe(found.bodyBytes - found.images.base64Bytes - found.documents.base64Bytes);
        expect(found.textBytes).toBeGreaterThan(0);
      }),
    );
  });
});
