import { describe, expect, it } from 'vitest';
import type { UsageSnapshot } from '../../src/anthropic/usage-reader.ts';
import { blockStart, delta, message, readJson, readStream, start, stop, textDelta } from './answer-samples.ts';

describe('refusals', () => {
  const refusal = (category: string | null) => ({
    stop_reason: 'refusal',
    stop_details: { type: 'refusal', category },
  });
  const marks = (snapshot: UsageSnapshot) => snapshot.usage?.passes.map((pass) => pass.refusal);

  it('before any output are marked, with their category', () => {
    expect(marks(readJson(message({ content: [], ...refusal('cyber'), usage: { input_tokens: 5 } })))).toEqual([
      { category: 'cyber', beforeOutput: true },
    ]);
    expect(marks(readJson(message({ content: [], stop_reason: 'refusal', usage: { input_tokens: 5 } })))).toEqual([
      { category: undefined, beforeOutput: true },
    ]);
    const stream = start({ usage: { input_tokens: 5 } }) + delta({ output_tokens: 0 }, refusal('bio')) + stop;
    expect(marks(readStream(stream))).toEqual([{ category: 'bio', beforeOutput: true }]);
  });

  it('after output are marked as such', () => {
    expect(marks(readJson(message({ ...refusal('cyber'), usage: {} })))).toEqual([
      { category: 'cyber', beforeOutput: false },
    ]);
    const stream =
      start({ usage: {} }) +
      blockStart({ type: 'text', text: '' }) +
      textDelta('well') +
      delta({}, refusal('cyber')) +
      stop;
    expect(marks(readStream(stream))).toEqual([{ category: 'cyber', beforeOutput: false }]);
  });

  const hop = {
    type: 'fallback',
    from: { model: 'claude-fable-5-2' },
    to: { model: 'claude-opus-5' },
    trigger: { type: 'refusal', category: 'cyber' },
  };
  const iterations = [
    { type: 'message', model: 'claude-fable-5-2', input_tokens: 5, output_tokens: 0 },
    { type: 'fallback_message', model: 'claude-opus-5', input_tokens: 6, output_tokens: 7 },
  ];

  it('that a fallback took over are marked on the pass that declined', () => {
    const found = readJson(
      message({
        content: [hop, { type: 'text', text: 'ok' }],
        usage: { input_tokens: 6, output_tokens: 7, iterations },
      }),
    );
    expect(marks(found)).toEqual([{ category: 'cyber', beforeOutput: true }, undefined]);
  });

  it('that a fallback took over in mid-stream are not before output, and the model is the one that served', () => {
    const text =
      start({ model: 'claude-fable-5-2', usage: { input_tokens: 5 } }) +
      blockStart({ type: 'text', text: '' }) +
      textDelta('so') +
      blockStart(hop) +
      blockStart({ type: 'text', text: '' }) +
      delta({ input_tokens: 6, output_tokens: 7, iterations }) +
      stop;
    const found = readStream(text);
    expect(marks(found)).toEqual([{ category: 'cyber', beforeOutput: false }, undefined]);
    expect(found.usage?.model).toBe('claude-opus-5');
  });

  it('of the fallback too are marked each with its own category', () => {
    const found = readJson(message({ content: [hop], ...refusal('bio'), usage: { iterations } }));
    expect(marks(found)).toEqual([
      { category: 'cyber', beforeOutput: true },
      { category: 'bio', beforeOutput: true },
    ]);
  });

  it('count output from the last hop on', () => {
    const content = [{ type: 'text', text: 'so' }, hop];
    const found = readJson(message({ content, ...refusal('cyber'), usage: { iterations } }));
    expect(marks(found)).toEqual([
      { category: 'cyber', beforeOutput: false },
      { category: 'cyber', beforeOutput: true },
    ]);
  });

  it('without iterations price the answer at the model that served', () => {
    const found = readStream(
      start({ model: 'claude-fable-5-2', usage: { input_tokens: 5 } }) +
        blockStart(hop) +
        delta({ output_tokens: 7 }) +
        stop,
    );
    expect(found.usage?.passes[0]).toMatchObject({ model: 'claude-opus-5' });
    expect(marks(found)).toEqual([undefined]);
  });

  it('give an unnamed first pass to the model that declined', () => {
    const unnamed = [{ ...iterations[0], model: null }, iterations[1]];
    const found = readJson(message({ content: [hop], usage: { iterations: unnamed } }));
    expect(found.usage?.passes.map((pass) => pass.model)).toEqual(['claude-fable-5-2', 'claude-opus-5']);
  });
});
