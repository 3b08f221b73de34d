import { MINUS } from './json-bytes.ts';

/** Bytes of a number. Other parsers end it sooner: at 4,300 digits the one of Python. */
export const LONGEST_NUMBER = 4_300;

export function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x30 && byte <= 0x39;
}

/**
 * Index after the number that starts here; -1 where it is none (RFC 8259, section 6). One beyond
 * {@link LONGEST_NUMBER} is not read to its end.
 */
export function findNumberEnd(bytes: Uint8Array, start: number): number {
  let at = bytes[start] === MINUS ? start + 1 : start;
  at = bytes[at] === 0x30 ? at + 1 : findDigitsEnd(bytes, at);
  // Past a missing digit `at` is -1, where there is no byte: the tests below fail and it is returned.
  if (bytes[at] === 0x2e) at = findDigitsEnd(bytes, at + 1);
  if (bytes[at] !== 0x65 && bytes[at] !== 0x45) return at;
  at += 1;
  if (bytes[at] === 0x2b || bytes[at] === MINUS) at += 1;
  return findDigitsEnd(bytes, at);
}

function findDigitsEnd(bytes: Uint8Array, start: number): number {
  let at = start;
  while (isDigit(bytes[at]) && at - start <= LONGEST_NUMBER) at += 1;
  return at > start ? at : -1;
}
