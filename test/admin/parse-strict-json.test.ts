import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseStrictJson } from '../../src/admin/parse-strict-json.ts';

describe('parseStrictJson', () => {
  test('reads every JSON document as JSON.parse does', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 5 }), (text) => {
        fc.pre(!/__proto__|constructor|prototype/.test(text));
        expect(parseStrictJson(text)).toEqual({ ok: true, value: JSON.parse(text) });
      }),
    );
  });

  test('never throws and never accepts what JSON.parse refuses', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'{}[]",:\\u01ae '), maxLength: 30 }), (text) => {
        if (parseStrictJson(text).ok) expect(() => JSON.parse(text)).not.toThrow();
      }),
      { numRuns: 2_000 },
    );
  });

  test.each([
    ['{"a":1,"a":2}', 'the name "a" is there twice'],
    ['{"a":1,"\\u0061":2}', 'the name "a" is there twice'],
    ['{"x":{"a":1,"b":[{"a":1}],"a":2}}', 'the name "a" is there twice'],
    ['{"__proto__":{"admin":true}}', 'the name __proto__ is not allowed'],
    ['{"\\u005f_proto__":1}', 'the name __proto__ is not allowed'],
    ['{"a":{"constructor":1}}', 'the name constructor is not allowed'],
    ['[1,', 'the body is not valid JSON'],
    ['{"a', 'a string is not closed'],
    ['{"\\x":1}', 'the body is not valid JSON'],
    ['[["a","a"],{"a":"a","b":"a"}', 'the body is not valid JSON'],
  ])('%s: %s', (text, message) => {
    expect(parseStrictJson(text)).toEqual({ ok: false, message });
  });

  test('takes the same name in different objects, and as a value', () => {
    const text = '{"a":{"a":"a"},"b":[{"a":1},{"a":"a"},"a","__proto__"]}';
    expect(parseStrictJson(text)).toEqual({ ok: true, value: JSON.parse(text) });
  });

  test('refuses a megabyte of brackets without parsing it', () => {
    expect(parseStrictJson('['.repeat(1024 * 1024))).toEqual({ ok: false, message: 'the body nests deeper than 16' });
    expect(parseStrictJson(`${'['.repeat(16)}${']'.repeat(16)}`).ok).toBe(true);
  });
});
