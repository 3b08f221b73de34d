import { describe, expect, it } from 'vitest';
import { type JsonVisitor, scanJson } from '../../src/anthropic/json-scanner.ts';

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
    const scan = scanJson(encode(text), limits, silent);
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
    expect(scanJson(counting, LIMITS, silent).ok).toBe(true);
    expect(searched).toBeLessThan(bytes.length * 3);
  });
});
