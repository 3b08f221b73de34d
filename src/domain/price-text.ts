import type { TSchema } from 'typebox';
import { Value } from 'typebox/value';

/** Dollars per million tokens, above zero. Why four places: see the schema of the rate card. */
export const PRICE_PATTERN = '^(?=.*[1-9])[0-9]{1,6}(\\.[0-9]{1,4})?$';

/** Every way in which a file's content differs from its schema, each naming its place. */
export function schemaProblems(schema: TSchema, json: unknown, place: string): string[] {
  return Value.Errors(schema, json)
    .filter((error) => error.keyword !== 'boolean')
    .map((error) => {
      const extra = error.keyword === 'additionalProperties' ? `: ${error.params.additionalProperties.join(', ')}` : '';
      return `${place}: ${error.instancePath.slice(1).replaceAll('/', '.') || 'it'} ${error.message}${extra}`;
    });
}

/** Milliseconds since 1970; NaN for a day that does not exist, which Date.parse takes for one of the next month. */
export function parseInstant(text: string): number {
  const ms = Date.parse(text);
  const isReal = !Number.isNaN(ms) && new Date(ms).toISOString() === text.replace('Z', '.000Z');
  return isReal ? ms : Number.NaN;
}

/** Dollars per million tokens to pico-dollars per token: a factor of 10^6. */
export function parsePrice(text: string): bigint {
  const [whole = '0', fraction = ''] = text.split('.');
  return BigInt(whole) * 1_000_000n + BigInt(fraction.padEnd(6, '0'));
}

/** Pico-dollars per token as dollars per million tokens: "2.5", "0.125", "8". */
export function formatPrice(picoUsd: bigint): string {
  const places = (picoUsd % 1_000_000n).toString().padStart(6, '0').replace(/0+$/, '');
  return `${picoUsd / 1_000_000n}${places === '' ? '' : `.${places}`}`;
}
