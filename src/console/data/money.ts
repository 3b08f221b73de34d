/** Money in the browser: integer nano-dollars, as on the server. A float never holds an amount. */

const NANO_PER_USD = 1_000_000_000n;

/** Of a decimal dollar string of the API ("-12.345678901"). */
export function toNano(usd: string): bigint {
  const [, sign, whole = '0', fraction = ''] = /^(-?)(\d+)(?:\.(\d{1,9}))?$/.exec(usd) ?? [];
  const nano = BigInt(whole) * NANO_PER_USD + BigInt(fraction.padEnd(9, '0'));
  return sign === '-' ? -nano : nano;
}

/** The shortest decimal dollar string with two places at least. */
export function toUsd(nano: bigint): string {
  const magnitude = nano < 0n ? -nano : nano;
  const fraction = `${magnitude % NANO_PER_USD}`.padStart(9, '0').replace(/0{1,7}$/, '');
  return `${nano < 0n ? '-' : ''}${magnitude / NANO_PER_USD}.${fraction}`;
}

export function sumUsd(amounts: readonly string[]): string {
  return toUsd(amounts.reduce((sum, usd) => sum + toNano(usd), 0n));
}

/** As a number, for the length of a bar only. */
export function toLength(usd: string): number {
  return Number(toNano(usd)) / 1e9;
}

type Rounding = 'trunc' | 'halfExpand';

const formats = new Map<string, Intl.NumberFormat>();

function formatOf(places: number, rounding: Rounding): Intl.NumberFormat {
  const name = `${places} ${rounding}`;
  const known = formats.get(name);
  if (known !== undefined) return known;
  const options = {
    style: 'currency',
    currency: 'USD',
    minimumFractionDigits: 2,
    maximumFractionDigits: places,
    roundingMode: rounding,
  } as Intl.NumberFormatOptions;
  const format = new Intl.NumberFormat(undefined, options);
  formats.set(name, format);
  return format;
}

/**
 * As the reader writes dollars. What there is to spend is cut off, never rounded up; a cost below a cent keeps two
 * figures that count.
 */
export function formatMoney(usd: string, { places = 2, cut = false } = {}): string {
  const exact = usd as unknown as number;
  const nano = toNano(usd);
  const magnitude = nano < 0n ? -nano : nano;
  if (places === 2 && magnitude > 0n && magnitude < NANO_PER_USD / 100n) return formatSmall(usd, magnitude);
  // Since ES2023 a string is formatted exactly, whatever its length.
  return formatOf(places, cut ? 'trunc' : 'halfExpand').format(exact);
}

function formatSmall(usd: string, magnitude: bigint): string {
  const zeros = 9 - `${magnitude}`.length;
  return formatOf(Math.min(9, zeros + 2), 'halfExpand').format(usd as unknown as number);
}

/** Every place there is. */
export function formatExact(usd: string): string {
  return formatMoney(usd, { places: 9 });
}
