/** A reproducible source of numbers and ids. Not for secrets. */
export interface SeededRandom {
  /** A whole number from 0 to `below` - 1. */
  integer(below: number): number;
  /** `prefix` and `length` letters and digits, as the API's ids look. */
  identifier(prefix: string, length: number): string;
  /** `length` hexadecimal digits. */
  hexadecimal(length: number): string;
}

const LETTERS = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';

/** The same seed gives the same sequence (Mulberry32, a public-domain 32-bit generator). */
export function createSeededRandom(seed: number): SeededRandom {
  let state = seed | 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
  const integer = (below: number): number => (below < 1 ? 0 : next() % below);
  const letters = (alphabet: string, length: number): string =>
    Array.from({ length }, () => alphabet.charAt(integer(alphabet.length))).join('');
  return {
    integer,
    identifier: (prefix, length) => prefix + letters(LETTERS, length),
    hexadecimal: (length) => letters('0123456789abcdef', length),
  };
}
