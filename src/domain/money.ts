/** Money is an integer number of nano-dollars (10^-9 USD). A float never holds an amount. */
export type NanoUsd = bigint;

/** 10^9 nano-dollars make one dollar. */
export const NANO_PER_USD = 1_000_000_000n;

/** The largest amount any ledger number may reach: 2^53 - 1 nano-dollars ($9,007,199.25), the bound Lua computes exactly to. */
export const MAX_NANO_USD: NanoUsd = 9_007_199_254_740_991n;

/** Math.min and Math.max take no bigint. */
export function smaller(one: bigint, other: bigint): bigint {
  return one < other ? one : other;
}

export function larger(one: bigint, other: bigint): bigint {
  return one > other ? one : other;
}

/** To whole dollars, as people set levels. */
export function roundUpToDollars(amount: NanoUsd): NanoUsd {
  return ((amount + NANO_PER_USD - 1n) / NANO_PER_USD) * NANO_PER_USD;
}

const USD_PATTERN = /^(\d{1,7})(?:\.(\d{1,9}))?$/;

/**
 * Parses a decimal dollar string with up to nine places ("12.345678901").
 * @returns nano-dollars, or undefined when the text is not such a string or exceeds {@link MAX_NANO_USD}.
 */
export function parseUsd(text: string): NanoUsd | undefined {
  const match = USD_PATTERN.exec(text);
  if (match === null) return undefined;
  const amount = BigInt(match[1] ?? '0') * NANO_PER_USD + BigInt((match[2] ?? '').padEnd(9, '0'));
  return amount > MAX_NANO_USD ? undefined : amount;
}

/**
 * Writes nano-dollars as a decimal dollar string: at least two places, at most nine, no exponent ("0.0198976", "25.00").
 */
export function formatUsd(amount: NanoUsd): string {
  return formatDecimal(amount, 9);
}

/** Pico-dollars (10^-12 USD) in the same way, with up to twelve places. */
export function formatPicoUsd(picoUsd: bigint): string {
  return formatDecimal(picoUsd, 12);
}

const LEAST_PLACES = 2;
const ZERO = 0x30;

/** By its digits, since a call writes a dozen of these: neither a division nor a pattern is needed. */
function formatDecimal(amount: bigint, places: number): string {
  const digits = (amount < 0n ? -amount : amount).toString().padStart(places + 1, '0');
  const point = digits.length - places;
  let end = digits.length;
  while (end > point + LEAST_PLACES && digits.charCodeAt(end - 1) === ZERO) end -= 1;
  return `${amount < 0n ? '-' : ''}${digits.slice(0, point)}.${digits.slice(point, end)}`;
}
