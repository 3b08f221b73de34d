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
const messageOfText = (text: string) => {
  const found = finishWork(readMessagesRequest(encode(text), LIMITS));
  return found.ok ? undefined : found.message;
};
const messageOf = (body: unknown) => messageOfText(JSON.stringify(body));
const content = (...blocks: object[]) => ({ messages: [{ role: 'user', content: blocks }] });

describe('refused in the API’s words', () => {
  it.each([
    [{}, 'max_tokens: Field required'],
    [{ max_tokens: 1 }, 'messages: Field required'],
    [{ max_tokens: 1, messages: [] }, 'model: Field required'],
    [{ ...BASE, model: null }, 'model: Input should be a valid string'],
    [{ ...BASE, model: 5 }, 'model: Input should be a valid string'],
    [{ ...BASE, model: ['claude-opus-5'] }, 'model: Input should be a valid string'],
    [{ ...BASE, max_tokens: '64' }, 'max_tokens: Input should be a valid integer'],
    [{ ...BASE, max_tokens: null }, 'max_tokens: Input should be a valid integer'],
    [{ ...BASE, max_tokens: 1.5 }, 'max_tokens: Input should be a valid integer'],
    [{ ...BASE, max_tokens: -1 }, 'max_tokens: Input should be greater than or equal to 0'],
    [{ ...BASE, max_tokens: 1e12 }, 'max_tokens: Input should be less than or equal to 1000000000'],
    [{ ...BASE, max_tokens: {} }, 'max_tokens: Input should be a valid integer'],
    [{ ...BASE, messages: 'hi' }, 'messages: Input should be a valid list'],
    [{ ...BASE, messages: {} }, 'messages: Input should be a valid list'],
    [{ ...BASE, stream: 'true' }, 'stream: Input should be a valid boolean'],
    [{ ...BASE, stream: 1 }, 'stream: Input should be a valid boolean'],
    [{ ...BASE, speed: true }, 'speed: Input should be a valid string'],
    [{ ...BASE, tools: {} }, 'tools: Input should be a valid list'],
    [
      { ...BASE, tools: [{ type: 'web_search_20260318', max_uses: '3' }] },
      'tools.max_uses: Input should be a valid integer',
    ],
    [{ ...BASE, tools: [{ type: ['web_search_20260318'] }] }, 'tools.type: Input should be a valid string'],
    [{ ...BASE, fallbacks: 'any' }, "fallbacks: Input should be a valid list or 'default'"],
    [{ ...BASE, thread: 'continue' }, 'thread: Input should be a valid dictionary'],
    [{ ...BASE, cache_control: 'ephemeral' }, 'cache_control: Input should be a valid dictionary'],
    [[], 'Input should be a valid dictionary or object to extract fields from'],
    ['text', 'Input should be a valid dictionary or object to extract fields from'],
    [null, 'Input should be a valid dictionary or object to extract fields from'],
  ])('%j', (body, message) => {
    expect(messageOf(body)).toBe(message);
  });

  it.each([
    ['', 'The request body is not valid JSON: unexpected end of data (char 0)'],
    ['{"model":', 'The request body is not valid JSON: unexpected end of data (char 9)'],
    ['{"model":NaN}', 'The request body is not valid JSON: unexpected character (char 9)'],
    ['{"a":"\n"}', 'The request body is not valid JSON: control character in a string (char 6)'],
    ['['.repeat(60), 'Input should be a valid dictionary or object to extract fields from'],
    [`{"a":${'['.repeat(60)}`, 'The request body is not valid JSON: nested too deeply (char 54)'],
    [`{"a":[${'1,'.repeat(20_000)}1]}`, 'The request body is not valid JSON: too many values (char 20002)'],
  ])('%s', (text, message) => {
    expect(messageOfText(text)).toBe(message);
  });

  it.each([
    ['members', Object.fromEntries(Array.from({ length: 1_001 }, (_, at) => [`m${at}`, 1])), /too many names/],
    ['a name', { ['n'.repeat(1_025)]: 1 }, /name too long/],
    ['server tools', { tools: Array(10_001).fill({ type: 'web_search_20250305' }) }, /^tools: more than 10000/],
    ['fallbacks', { fallbacks: Array(10_001).fill('claude-opus-5') }, /^fallbacks: more than 10000/],
    [
      'files',
      content(...Array.from({ length: 10_001 }, (_, at) => ({ file_id: `file_${at}` }))),
      /more than 10000 files/,
    ],
  ])('where there are more %s than any request has', (_name, more, expected) => {
    const body = encode(JSON.stringify({ ...BASE, ...more }));
    const found = finishWork(readMessagesRequest(body, { depth: 50, keys: 2_000_000 }));
    expect(found.ok ? undefined : found.message).toMatch(expected);
  });

  it('where the bytes are not UTF-8', () => {
    const bytes = encode('{"model":"?"}');
    bytes[10] = 0xff;
    const found = finishWork(readMessagesRequest(bytes, LIMITS));
    expect(found).toEqual({ ok: false, message: 'The request body is not valid JSON: invalid UTF-8 (char 10)' });
  });
});

describe('bodies that two parsers could read differently are refused', () => {
  const base = JSON.stringify(BASE).slice(1);
  it.each([
    ['a name twice', `{"model":"claude-haiku-5-5",${base}`, 'model'],
    ['a name twice, once escaped', `{"m\\u006fdel":"claude-haiku-5-5",${base}`, 'model'],
    ['a name twice with the same value', `{"max_tokens":64,${base}`, 'max_tokens'],
    ['an unknown name twice', `{"novel":1,"novel":2,${base}`, 'novel'],
    ['a tool’s type twice', `{"tools":[{"type":"custom","type":"web_search_20260318"}],${base}`, 'type'],
    ['a tool’s bound twice', `{"tools":[{"max_uses":1,"max\\u005fuses":900}],${base}`, 'max_uses'],
    ['a time to live twice', `{"cache_control":{"ttl":"5m","ttl":"1h"},${base}`, 'ttl'],
    ['a source twice', `{"system":[{"type":"image","source":{},"source":{}}],${base}`, 'source'],
    ['data twice', `{"system":[{"type":"image","source":{"data":"","data":"AAAA"}}],${base}`, 'data'],
    ['a block’s type twice', `{"system":[{"type":"image","type":"text"}],${base}`, 'type'],
    ['content twice', `{"x":[{"content":[],"content":[]}],${base}`, 'content'],
  ])('%s', (_what, text, name) => {
    expect(messageOfText(text)).toBe(`The request body is not valid JSON: duplicate name "${name}"`);
  });

  it.each([
    ['NUL', `{"model\\u0000":"x",${base}`],
    ['NUL deep inside', `{"x":{"type\\u0000":1},${base}`],
    ['half a surrogate pair', `{"model\\ud800":"x",${base}`],
    ['the other half', `{"\\udc00model":"x",${base}`],
  ])('%s in a name', (_what, text) => {
    expect(messageOfText(text)).toBe('The request body is not valid JSON: invalid character in a name');
  });

  it('but the same names in different objects are not', () => {
    expect(read(content({ type: 'text', text: 'a' }, { type: 'text', text: 'b' })).model).toBe('claude-opus-5');
    expect(read({ metadata: { __proto__: { a: 1 }, constructor: 1, toString: 2 } }).model).toBe('claude-opus-5');
    expect(readText(`{"__proto__":{"model":"x"},"constructor":{},${base}`).model).toBe('claude-opus-5');
  });

  it('a model id longer than any is cut and so unknown, never another', () => {
    expect(read({ model: `claude-opus-5${' '.repeat(5_000)}` }).model).not.toBe('claude-opus-5');
    expect(read({ model: 'x'.repeat(100_000) }).model.length).toBeLessThanOrEqual(1_024);
  });
});
