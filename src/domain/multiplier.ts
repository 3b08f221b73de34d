/**
 * What an account pays per dollar of its rates, in ten-thousandths: 12_500n is x1.25, a mark-up of 25 %.
 * Integers, because the product with a price must stay exact until the one rounding at the end of a call.
 */
export type Multiplier = bigint;

/** x1: the rates as they are. */
export const LIST_MULTIPLIER: Multiplier = 10_000n;

/** "0.0001" to "99.9999". Zero would make every call free by a slip; more than a hundredfold is one. */
export const MULTIPLIER_PATTERN = '^(?=.*[1-9])[0-9]{1,2}(\\.[0-9]{1,4})?$';
const MULTIPLIER = new RegExp(MULTIPLIER_PATTERN);

/** @returns undefined when the text is no decimal of at most four places above 0 and below 100. */
export function parseMultiplier(text: string): Multiplier | undefined {
  if (!MULTIPLIER.test(text)) return undefined;
  const [whole = '0', places = ''] = text.split('.');
  return BigInt(whole) * LIST_MULTIPLIER + BigInt(places.padEnd(4, '0'));
}

/** As a decimal without zeros at its end: "1.25", "2". */
export function formatMultiplier(multiplier: Multiplier): string {
  const places = (multiplier % LIST_MULTIPLIER).toString().padStart(4, '0').replace(/0+$/, '');
  return `${multiplier / LIST_MULTIPLIER}${places === '' ? '' : `.${places}`}`;
}

/** Pico-dollars times the multiplier, in whole nano-dollars, rounded up: the one rounding of a call's cost. */
export function multiplyToNanoUsd(picoUsd: bigint, multiplier: Multiplier): bigint {
  const scale = 1_000n * LIST_MULTIPLIER;
  return (picoUsd * multiplier + scale - 1n) / scale;
}
