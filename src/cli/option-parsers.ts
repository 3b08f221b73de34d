import { InvalidArgumentError } from 'commander';

/** A whole number for an option; the admin API knows its bounds. */
export function parseWhole(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError('It must be a whole number.');
  return Number(text);
}

/** A day, from its first instant in UTC, or an instant; in milliseconds since 1970. */
export function parseInstantOption(text: string): number {
  const ms = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?Z)?$/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(ms) || !new Date(ms).toISOString().startsWith(text.slice(0, 10)))
    throw new InvalidArgumentError('It must be a day such as 2026-12-01 or an instant such as 2026-12-01T12:00:00Z.');
  return ms;
}

/** `--no-email` arrives as false and removes the field, which the API spells null. */
export function orNull<Value>(value: Value | false | undefined): Value | null | undefined {
  return value === false ? null : value;
}

/** A plain decimal, "0.95". */
export function parseDecimal(text: string): number {
  if (!/^\d{1,6}(\.\d{1,6})?$/.test(text)) throw new InvalidArgumentError('not a decimal such as 0.95.');
  return Number(text);
}
