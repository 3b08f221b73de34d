import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { reduceToCountable } from '../../src/anthropic/count-body.ts';
import { finishWork } from '../../src/anthropic/work.ts';

const LIMITS = { depth: 64, keys: 10_000 };
const reduce = (text: string): string | undefined => {
  const reduced = finishWork(reduceToCountable(new TextEncoder().encode(text), LIMITS));
  return reduced === undefined ? undefined : new TextDecoder().decode(reduced);
};

describe('a Messages body reduced to what can be counted', () => {
  test.each([
    [
      'members that are not counted go',
      '{"model":"m","max_tokens":5,"messages":[],"stream":true}',
      '{"model":"m","messages":[]}',
    ],
    ['the last one too', '{"stream": true , "model" : "m" , "metadata":{"a":[1,{"model":2}]} }', '{"model" : "m" }'],
    ['an escaped name counts by what it says', '{"m\\u006fdel":"x","max_tok\\u0065ns":1}', '{"m\\u006fdel":"x"}'],
    [
      'bytes are kept as they came',
      '{"messages":[1.50, "ü\\u00fc, }" ],"temperature":1}',
      '{"messages":[1.50, "ü\\u00fc, }" ]}',
    ],
    ['nothing counted', '{"stream":true}', '{}'],
    ['an empty object', ' { } ', '{}'],
  ])('%s', (_what, body, expected) => {
    expect(reduce(body)).toBe(expected);
  });

  test('what is no JSON is not reduced', () => {
    expect(reduce('{"model":')).toBeUndefined();
  });

  test('any body: the members that count keep their values, the others are gone', () => {
    const names = fc.constantFrom('model', 'messages', 'system', 'tools', 'max_tokens', 'stream', 'x,"}', 'fallbacks');
    const bodies = fc.uniqueArray(fc.tuple(names, fc.jsonValue({ maxDepth: 3 })), { selector: ([name]) => name });
    const counted = ['model', 'messages', 'system', 'tools'];
    fc.assert(
      fc.property(bodies, fc.constantFrom(undefined, 1, '\t'), (members, indent) => {
        const body = JSON.stringify(Object.fromEntries(members), undefined, indent);
        const expected = members.filter(([name]) => counted.includes(name));
        expect(JSON.parse(reduce(body)!)).toEqual(JSON.parse(JSON.stringify(Object.fromEntries(expected))));
      }),
    );
  });
});
