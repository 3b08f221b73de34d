/**
 * Goal: the scanner takes exactly the texts that JSON.parse takes, in valid UTF-8, and reads the same values.
 * Method: JSON.parse behind a fatal decoder says what is JSON, over generated documents and over damaged ones. What a
 * document holds is compared with what was generated: JSON.parse of Node 26.10 takes the name "\n" for "\\" where it
 * has seen an object of that shape, so it is no oracle for names with escapes.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type JsonScalar, type JsonVisitor, scanJson } from '../../src/anthropic/json-scanner.ts';
import { finishWork } from '../../src/anthropic/work.ts';

const LIMITS = { depth: 100, keys: 100_000 };
const encode = (text: string) => new TextEncoder().encode(text);

/** Builds the value again from what the visitor hears. */
class Rebuilder implements JsonVisitor {
  readonly #bytes: Uint8Array;
  readonly #stack: (unknown[] | [string, unknown][])[] = [[]];
  readonly #isArray: boolean[] = [true];
  #name: string | undefined;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get value(): unknown {
    return this.#stack[0]![0];
  }

  open(isArray: boolean): undefined {
    this.#names.push(this.#name);
    this.#stack.push([]);
    this.#isArray.push(isArray);
  }

  close(): undefined {
    const content = this.#stack.pop()!;
    const isArray = this.#isArray.pop();
    this.#name = this.#names.pop();
    this.#add(isArray ? content : Object.fromEntries(content as [string, unknown][]));
  }

  name(start: number, end: number): undefined {
    this.#name = JSON.parse(`"${this.#text(start, end)}"`) as string;
  }

  scalar(kind: JsonScalar, start: number, end: number): undefined {
    const text = this.#text(start, end);
    this.#add(JSON.parse(kind === 'string' ? `"${text}"` : text));
  }

  readonly #names: (string | undefined)[] = [];

  #text(start: number, end: number): string {
    return new TextDecoder('utf-8', { ignoreBOM: true }).decode(this.#bytes.subarray(start, end));
  }

  #add(value: unknown): void {
    const top = this.#stack.at(-1)!;
    if (this.#isArray.at(-1)) (top as unknown[]).push(value);
    else (top as [string, unknown][]).push([this.#name!, value]);
  }
}

function isJson(bytes: Uint8Array): boolean {
  try {
    JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));
    return true;
  } catch {
    return false;
  }
}

function expectSame(bytes: Uint8Array): void {
  // Where it pauses makes no difference.
  for (const sliceBytes of [undefined, 7]) {
    expect(finishWork(scanJson(bytes, LIMITS, new Rebuilder(bytes), sliceBytes)).ok).toBe(isJson(bytes));
  }
}

/** Strings around the 64 bytes where the scanner changes its stride, with what strings are hard with. */
const pieces = fc.constantFrom(
  'a',
  '"',
  '\\',
  '\n',
  'é',
  '中',
  '😀',
  '\u2028',
  '\0',
  '\ud800',
  'x'.repeat(61),
  'y'.repeat(130),
);
const strings = fc.array(pieces, { maxLength: 12 }).map((list) => list.join(''));
const documents = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 5 },
    strings,
    fc.double({ noNaN: true, noDefaultInfinity: true }).map((number) => number + 0),
    fc.integer(),
    fc.constantFrom(true, false, null),
    fc.array(tie('value'), { maxLength: 5 }),
    fc.dictionary(strings, tie('value'), { maxKeys: 5, noNullPrototype: true }),
  ),
})).value;

describe('scanJson and JSON.parse', () => {
  it('read the same out of any document', () => {
    fc.assert(
      fc.property(documents, fc.constantFrom(undefined, 1, '\t', ' \r\n'), (value, indent) => {
        const bytes = encode(JSON.stringify(value, null, indent));
        const visitor = new Rebuilder(bytes);
        expect(finishWork(scanJson(bytes, LIMITS, visitor))).toEqual({ ok: true });
        expect(visitor.value).toEqual(value);
      }),
      { numRuns: 1_000 },
    );
  });

  it('read the same in slices of any size', () => {
    fc.assert(
      fc.property(documents, fc.integer({ min: 1, max: 300 }), (value, sliceBytes) => {
        const bytes = encode(JSON.stringify(value, null, 1));
        const visitor = new Rebuilder(bytes);
        expect(finishWork(scanJson(bytes, LIMITS, visitor, sliceBytes))).toEqual({ ok: true });
        expect(visitor.value).toEqual(value);
      }),
      { numRuns: 500 },
    );
  });

  it('agree on any damaged document', () => {
    const damage = fc.array(fc.tuple(fc.nat(), fc.nat(255), fc.constantFrom('set', 'insert', 'cut')), {
      minLength: 1,
      maxLength: 3,
    });
    fc.assert(
      fc.property(documents, damage, (value, steps) => {
        let bytes = [...encode(JSON.stringify(value))];
        for (const [at, byte, how] of steps) {
          const index = at % (bytes.length + 1);
          if (how === 'set') bytes[index] = byte;
          else if (how === 'insert') bytes.splice(index, 0, byte);
          else bytes = bytes.slice(0, index);
        }
        expectSame(Uint8Array.from(bytes));
      }),
      { numRuns: 5_000 },
    );
  });

  it.each([
    '',
    ' ',
    '{',
    '}',
    '[',
    ']',
    '[1,]',
    '[,1]',
    '{"a":1,}',
    '{,}',
    '{"a"}',
    '{"a":}',
    '{"a" 1}',
    '{a:1}',
    "{'a':1}",
    '[1 2]',
    '01',
    '-',
    '-01',
    '1.',
    '.5',
    '1e',
    '1e+',
    '+1',
    '0x1',
    'NaN',
    'Infinity',
    '-Infinity',
    '1_000',
    '-0',
    '1E+5',
    '0.0e-0',
    'tru',
    'truex',
    'nul',
    'True',
    '"',
    '"\\',
    '"\\u12"',
    '"\\u12g4"',
    '"\\x41"',
    '"\t"',
    '"\u007f"',
    '{} {}',
    '[]]',
    '[}',
    '{]',
    '\ufeff{}',
    '{}\ufeff',
    '/**/{}',
    '{}//',
    '"a" "b"',
    '{"a":1 "b":2}',
    '[[[]]]',
    '\u00a0[]',
    '\f[]',
    '[1]\0',
    '"\\ud800"',
  ])('agree on %j', (text) => {
    expectSame(encode(text));
  });

  it.each([
    [0xc0, 0xaf],
    [0xc1, 0xbf],
    [0xe0, 0x80, 0xaf],
    [0xed, 0xa0, 0x80],
    [0xf0, 0x80, 0x80, 0xaf],
    [0xf4, 0x90, 0x80, 0x80],
    [0xf5, 0x80, 0x80, 0x80],
    [0x80],
    [0xbf],
    [0xff],
    [0xc3],
    [0xe4, 0xb8],
    [0xf0, 0x9f, 0x98],
    [0xe4, 0xb8, 0xad],
    [0xf4, 0x8f, 0xbf, 0xbf],
  ])('agree on the bytes %o within strings of every length', (...sequence) => {
    for (let length = 0; length < 140; length += 1) {
      const text = [...encode(`["${'a'.repeat(length)}`), ...sequence, ...encode('b"]')];
      // Every alignment: the scanner reads words of four bytes.
      for (let offset = 0; offset < 4; offset += 1) {
        const room = new Uint8Array(text.length + offset);
        room.set(text, offset);
        expectSame(room.subarray(offset));
      }
    }
  });
});
