import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { scanJson } from '../../src/anthropic/json-scanner.ts';
import { readMessagesRequest } from '../../src/anthropic/messages-request.ts';
import { finishWork } from '../../src/anthropic/work.ts';
import { parseStrictly, toJsonValue, ValueBuilder } from './json-value.ts';
import { createRandomNumbers, FUZZ_ROUNDS, FUZZ_SEED, mutateBytes } from './mutate-bytes.ts';

const LIMITS = { depth: 256, keys: 100_000 };
const REQUESTS = [
  { model: 'claude-haiku-4-5', max_tokens: 200, messages: [{ role: 'user', content: 'Hi \u00e9\u{1f600} "\\' }] },
  {
    model: 'claude-opus-5',
    max_tokens: 64_000,
    stream: true,
    system: [{ type: 'text', text: 'x', cache_control: { type: 'ephemeral', ttl: '1h' } }],
    messages: [
      { role: 'user', content: [{ type: 'document', source: { type: 'file', file_id: 'file_1' } }] },
      { role: 'assistant', content: [{ type: 'tool_use', id: 'toolu_1', name: 'a', input: { b: [1, -2.5e3, null] } }] },
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'toolu_1', content: [] }] },
    ],
    tools: [
      { type: 'web_search_20250305', name: 'web_search', max_uses: 3 },
      { name: 'a', input_schema: {} },
    ],
    thinking: { type: 'enabled', budget_tokens: 1_024 },
    service_tier: 'auto',
    metadata: { user_id: 'u' },
  },
].flatMap((request) => [Buffer.from(JSON.stringify(request)), Buffer.from(JSON.stringify(request, null, 2))]);

describe(`the scan of a body against JSON.parse, seed ${FUZZ_SEED}`, () => {
  it('takes and refuses the same, and reads the same values', () => {
    const random = createRandomNumbers(FUZZ_SEED);
    let taken = 0;
    for (let round = 0; round < FUZZ_ROUNDS * 5; round += 1) {
      const bytes = mutateBytes(random, REQUESTS);
      const builder = new ValueBuilder(bytes);
      const scan = finishWork(scanJson(bytes, LIMITS, builder));
      const oracle = parseStrictly(bytes);
      if (scan.ok !== (oracle !== undefined)) throw new Error(describeCase(bytes, { scan, oracle }));
      if (oracle === undefined || builder.hasTwice) continue;
      taken += 1;
      expect(builder.value, describeCase(bytes, {})).toEqual(toJsonValue(oracle.value));
    }
    // Both kinds are there.
    expect(taken).toBeGreaterThan(FUZZ_ROUNDS / 10);
  });

  it('takes every JSON text that can be written', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 6 }), fc.constantFrom(undefined, 1, '\t\r\n'), (text, indent) => {
        const bytes = Buffer.from(JSON.stringify(JSON.parse(text), null, indent));
        const builder = new ValueBuilder(bytes);
        expect(finishWork(scanJson(bytes, LIMITS, builder))).toEqual({ ok: true });
        expect(builder.value).toEqual(toJsonValue(JSON.parse(text)));
      }),
      { numRuns: FUZZ_ROUNDS / 4, seed: FUZZ_SEED },
    );
  });
});

describe(`a Messages request, seed ${FUZZ_SEED}`, () => {
  it('that is taken reads as JSON.parse reads it, whatever was done to it; nothing makes the reader throw', () => {
    const random = createRandomNumbers(FUZZ_SEED + 1);
    let taken = 0;
    for (let round = 0; round < FUZZ_ROUNDS * 5; round += 1) {
      const bytes = mutateBytes(random, REQUESTS);
      const read = finishWork(readMessagesRequest(bytes, LIMITS));
      const oracle = parseStrictly(bytes);
      if (!read.ok) {
        expect(read.message).toMatch(/^[\x20-\x7e]{1,500}$/);
        continue;
      }
      taken += 1;
      const { model, max_tokens: maxTokens, stream } = (oracle?.value ?? {}) as Record<string, unknown>;
      expect([read.request.model, read.request.maxTokens, read.request.stream], describeCase(bytes, {})).toEqual([
        model,
        maxTokens,
        stream === true,
      ]);
    }
    expect(taken).toBeGreaterThan(FUZZ_ROUNDS / 10);
  });

  it('that names a member twice which matters is refused, wherever the second stands', () => {
    const random = createRandomNumbers(FUZZ_SEED + 2);
    const text = REQUESTS[2]?.toString() ?? '';
    const names = ['model', 'max_tokens', 'stream', 'system', 'messages', 'tools', 'thinking', 'service_tier'];
    for (let round = 0; round < FUZZ_ROUNDS / 10; round += 1) {
      const name = random.pick(names);
      const written = random.pick([name, escapeOne(random.below(name.length), name)]);
      const member = `"${written}":${random.pick(['null', '1', '"claude-haiku-4-5"', '[]', 'true'])}`;
      const twice = random.below(2) === 0 ? text.replace('{', `{${member},`) : text.replace(/\}$/, `,${member}}`);
      expect([name, finishWork(readMessagesRequest(Buffer.from(twice), LIMITS)).ok]).toEqual([name, false]);
    }
  });
});

function escapeOne(at: number, name: string): string {
  const code = name.charCodeAt(at).toString(16).padStart(4, '0');
  return `${name.slice(0, at)}\\u${code}${name.slice(at + 1)}`;
}

function describeCase(bytes: Buffer, facts: object): string {
  return `${JSON.stringify(facts)} for ${JSON.stringify(bytes.toString('latin1'))}`;
}
