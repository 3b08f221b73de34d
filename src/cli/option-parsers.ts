import { InvalidArgumentError } from 'commander';

/** A whole number for an option; the admin API knows its bounds. */
export function parseWhole(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError('It must be a whole number.');
  return Number(text);
}

/** `--no-email` arrives as false and removes the field, which the API spells null. */
export function orNull<Value>(value: Value | false | undefined): Value | null | undefined {
  return value === false ? null : value;
}
