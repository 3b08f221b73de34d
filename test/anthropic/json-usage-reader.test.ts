import { describe, expect, it } from 'vitest';
import { counts, message, readJson, tokens } from './answer-samples.ts';

describe('a JSON answer', () => {
  it('is complete with its last brace and not before', () => {
    const text = JSON.stringify(message({ usage: { input_tokens: 1, output_tokens: 2 } }));
    expect(readJson(text).complete).toBe(true);
    expect(readJson(`${text.slice(0, -1)}   \n }\n\n`).complete).toBe(true);
    expect(readJson(text.slice(0, -1)).complete).toBe(false);
    expect(readJson('').complete).toBe(false);
  });

  it('that is an error envelope is none', () => {
    const found = readJson({ type: 'error', error: { type: 'api_error', message: 'x' } });
    expect(found).toMatchObject({ complete: false, usage: undefined, errorEvent: 'api_error' });
  });

  it.each(['null', '5', '"text"', '<html>', '[1]'])('that is %s reports nothing', (text) => {
    expect(readJson(text).usage).toBeUndefined();
  });

  it('counts characters of text, thinking and tool input', () => {
    const content = [
      { type: 'thinking', thinking: 'abc', signature: 'x'.repeat(50) },
      { type: 'text', text: 'dé' },
      { type: 'tool_use', id: 'i', name: 'n', input: { q: 1 } },
      { type: 'web_search_tool_result', content: [{ title: 'long' }] },
    ];
    expect(readJson(message({ content, usage: {} })).visibleCharacters).toBe(3 + 2 + '{"q":1}'.length);
  });

  it('is not misled by look-alikes within its content', () => {
    const content = [
      { type: 'tool_use', input: { usage: { output_tokens: 9_999 }, model: 'x', type: 'error', error: {} } },
    ];
    const found = readJson(message({ content, usage: { input_tokens: 1, output_tokens: 2 } }));
    expect(found.usage?.model).toBe('claude-opus-5');
    expect(tokens(found)).toEqual([counts({ input: 1, output: 2 })]);
  });

  it('without a model is priced at the requested one, and says so', () => {
    const body = { type: 'message', content: [], usage: { input_tokens: 1 } };
    expect(readJson(body, 'claude-haiku-4-5')).toMatchObject({
      usage: { model: 'claude-haiku-4-5' },
      anomalies: ['model_missing'],
    });
    expect(readJson(body).usage?.model).toBe('');
    expect(readJson(message({ usage: {} }), 'claude-haiku-4-5').usage?.model).toBe('claude-opus-5');
  });
});
