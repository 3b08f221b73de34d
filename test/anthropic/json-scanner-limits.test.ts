import { describe, expect, it } from 'vitest';
import { type JsonVisitor, scanJson } from '../../src/anthropic/json-scanner.ts';
import { finishWork } from '../../src/anthropic/work.ts';

const LIMITS = { depth: 100, keys: 100_000 };
const encode = (text: string) => new TextEncoder().encode(text);

describe('limits', () => {
  const silent: JsonVisitor = {
    open: () => undefined,
    close: () => undefined,
    name: () => undefined,
    scalar: () => undefined,
  };
  const problem = (text: string, limits = LIMITS) => {
    const scan = finishWork(scanJson(encode(text), limits, silent));
    return scan.ok ? undefined : scan.problem;
  };

  it('end a document that is nested too deeply at once', () => {
    expect(problem('['.repeat(100) + ']'.repeat(100))).toBeUndefined();
    expect(problem('['.repeat(101) + ']'.repeat(101))).toBe('nested too deeply');
    expect(problem('{"a":'.repeat(200_000))).toBe('nested too deeply');
  });

  it('end a document of too many values', () => {
    const limits = { depth: 10, keys: 5 };
    expect(problem('[1,2,3,4]', limits)).toBeUndefined();
    expect(problem('[1,2,3,4,5]', limits)).toBe('too many values');
    expect(problem('{"a":1,"b":2,"c":3,"d":4,"e":5}', limits)).toBe('too many values');
  });

  it('end a number that no parser reads whole', () => {
    expect(problem(`[${'1'.repeat(4_300)}]`)).toBeUndefined();
    expect(problem(`[${'1'.repeat(4_301)}]`)).toBe('number too long');
    expect(problem(`[1.${'0'.repeat(5_000_000)}]`)).toBe('number too long');
  });

  it.each([
    ['tiny numbers', '1,', '1'],
    ['tiny members', '{"a":1},', '{}'],
    ['escaped names', '{"\\u006d":[]},', '{}'],
    ['an escaped string', '\\n', undefined],
    ['a plain string', 'abcdefgh', undefined],
    ['a string beyond ASCII', 'ü€😀', undefined],
    ['blanks', ' \n', ''],
  ])('let others have a turn within %s', (_name, piece, last) => {
    // Counted, not timed: what is walked between two pauses, in bytes and in parts.
    const text = piece.repeat((4 * 1_024 * 1_024) / piece.length);
    const bytes = encode(last === undefined ? `["${text}"]` : `[${text}${last}]`);
    const slice = { parts: 0, from: 0 };
    let at = 0;
    const hear = (end: number): undefined => {
      slice.parts += 1;
      at = end;
    };
    const work = scanJson(
      bytes,
      { depth: 100, keys: 10_000_000 },
      {
        open: () => hear(at),
        close: () => hear(at),
        name: (_start, end) => hear(end),
        scalar: (_kind, _start, end) => hear(end),
      },
    );
    let pauses = 0;
    for (let step = work.next(); step.done !== true; step = work.next()) {
      pauses += 1;
      expect(slice.parts).toBeLessThanOrEqual(8_192);
      expect(at - slice.from).toBeLessThanOrEqual(512 * 1_024);
      Object.assign(slice, { parts: 0, from: at });
    }
    expect(pauses).toBeGreaterThanOrEqual(15);
  });

  it('have no pause within a body of ordinary size', () => {
    const messages = Array.from({ length: 100 }, () => ({
      role: 'user',
      content: [{ type: 'text', text: 'x'.repeat(400) }],
    }));
    expect(scanJson(encode(JSON.stringify({ messages })), LIMITS, silent).next().done).toBe(true);
  });

  it('keep time linear where every search could run to the end', () => {
    // Doubling the length may double the work; a search repeated from every escape would square it. Counted, not timed.
    const bytes = encode(`"${`${'a'.repeat(70)}\\n`.repeat(20_000)}"`);
    let searched = 0;
    const counting = new Proxy(bytes, {
      get(target, name) {
        if (name === 'indexOf')
          return (byte: number, from: number) => {
            const found = target.indexOf(byte, from);
            searched += (found < 0 ? target.length : found) - from;
            return found;
          };
        const value = Reflect.get(target, name, target) as unknown;
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
    expect(finishWork(scanJson(counting, LIMITS, silent)).ok).toBe(true);
    expect(searched).toBeLessThan(bytes.length * 3);
  });
});
