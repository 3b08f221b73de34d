import { fail, type Reading } from './setting.ts';

const NANO_PER_USD = 1_000_000_000n;

/** Reads an amount of dollars, 0 to 1,000,000, as nano-dollars. */
export function readBudget(text: string): Reading<bigint> {
  const [, whole, places = ''] = /^(\d{1,7})(?:\.(\d{1,9}))?$/.exec(text) ?? [];
  const amount = whole === undefined ? undefined : BigInt(whole) * NANO_PER_USD + BigInt(places.padEnd(9, '0'));
  if (amount === undefined || amount > 1_000_000n * NANO_PER_USD) {
    return fail('is not an amount of dollars with up to nine places, 0 to 1000000');
  }
  return { ok: true, value: amount };
}
