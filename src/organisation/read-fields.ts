import { Type } from 'typebox';
import { Value as Schema } from 'typebox/value';
import { isTimeZone } from '../domain/is-time-zone.ts';
import { formatUsd, parseUsd } from '../domain/money.ts';
import { parseTime } from '../domain/parse-time.ts';
import { isPlainText, PLAIN_TEXT_RULE } from '../domain/plain-text.ts';
import type { Cursor } from './cursor.ts';
import type { Referable, Reference } from './value.ts';

/** The bounds are those of the admin API, which judges again: a file is refused as a whole, before anything is sent. */
const MAX_NAME = 120;
const MAX_EMAIL = 254;
const MAX_MODELS = 100;
const MAX_LEVELS = 16;
const EMAIL = Type.String({ format: 'email', maxLength: MAX_EMAIL });
const MODEL = /^[a-z0-9][a-z0-9.@:_-]{0,99}$/;

/** Reads a field's value in its one form; what it cannot be is noted and answered as undefined. */
export type ReadField<Value> = (cursor: Cursor) => Value | undefined;

/** A text, judged and brought into its form by `form`, which answers undefined for what it is not. */
export function textField(form: (text: string) => string | undefined, message: string): ReadField<string> {
  return (cursor) => {
    const text = cursor.text();
    if (text === undefined) return undefined;
    const value = form(text);
    if (value === undefined) cursor.note(message);
    return value;
  };
}

const keep = (accepts: (text: string) => boolean) => (text: string) => (accepts(text) ? text : undefined);

export const readName = textField(
  keep((text) => isPlainText(text) && text.length <= MAX_NAME),
  `${PLAIN_TEXT_RULE}, at most ${MAX_NAME} characters`,
);
export const readEmail = textField(
  keep((text) => isPlainText(text) && Schema.Check(EMAIL, text)),
  'must be an e-mail address',
);
export const readTimeZone = textField(keep(isTimeZone), 'must be an IANA time zone such as Europe/Berlin');
export const readUsd = textField((text) => {
  const amount = parseUsd(text);
  return amount === undefined ? undefined : formatUsd(amount);
}, 'must be dollars such as "25.00", at most nine places and at most 9007199.254740991');
export const readTime = textField(writeTime, 'must be an RFC 3339 time with a zone such as 2026-11-21T09:30:00Z');
const readModel = textField(
  keep((text) => MODEL.test(text)),
  'must be the name of a model',
);

/** In UTC, to the millisecond; undefined for what is no time. */
export function writeTime(text: string): string | undefined {
  const ms = parseTime(text);
  return ms === undefined ? undefined : new Date(ms).toISOString();
}

export function choiceField(choices: readonly string[]): ReadField<string> {
  return textField(
    keep((text) => choices.includes(text)),
    `must be one of ${choices.join(', ')}`,
  );
}

export function wholeField(least: number, most: number): ReadField<number> {
  return (cursor) => {
    const text = cursor.text();
    if (text === undefined) return undefined;
    const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
    if (value >= least && value <= most) return value;
    cursor.note(`must be a whole number, ${least} to ${most}`);
    return undefined;
  };
}

export function readBoolean(cursor: Cursor): boolean | undefined {
  const text = choiceField(['true', 'false'])(cursor);
  return text === undefined ? undefined : text === 'true';
}

/** A decimal, which is compared in units of `10 ** -places`. */
export function decimalField(least: number, most: number, places: number): ReadField<number> {
  const pattern = new RegExp(`^\\d{1,4}(\\.\\d{1,${places}})?$`);
  return (cursor) => {
    const text = cursor.text();
    if (text === undefined) return undefined;
    const value = pattern.test(text) ? Number(text) : Number.NaN;
    if (value >= least && value <= most) return value;
    cursor.note(`must be a number, ${least} to ${most}, with at most ${places} places`);
    return undefined;
  };
}

/** Models in the order of their names: a list of them is a set. */
export function readModels(cursor: Cursor): string[] | undefined {
  const models = readEach(cursor, readModel, MAX_MODELS);
  if (models?.length === 0) cursor.note('must name a model, or be left out for all');
  return models === undefined ? undefined : sortModels(models);
}

export function sortModels(models: readonly string[]): string[] {
  return [...new Set(models)].sort();
}

/** Levels from the highest down, as the admin API keeps them. */
export function readLevels(cursor: Cursor): string[] | undefined {
  const levels = readEach(cursor, readUsd, MAX_LEVELS);
  return levels === undefined ? undefined : [...new Set(levels)].sort((left, right) => compareUsd(right, left));
}

function compareUsd(left: string, right: string): number {
  const difference = (parseUsd(left) ?? 0n) - (parseUsd(right) ?? 0n);
  return difference < 0n ? -1 : Number(difference > 0n);
}

/** Every item of a list, or undefined where one of them is no good. */
export function readEach<Item>(cursor: Cursor, read: ReadField<Item>, most: number): Item[] | undefined {
  const cursors = cursor.list();
  if (cursors === undefined) return undefined;
  if (cursors.length > most) cursor.note(`has more than ${most} items`);
  const items = cursors.slice(0, most).map(read);
  const good = items.filter((item) => item !== undefined);
  return good.length === cursors.length ? good : undefined;
}

/** A record of the same account by its name, or by `{id: ...}`. */
export function referenceField(refer: Referable): ReadField<Reference> {
  return (cursor) => readReference(cursor, refer);
}

export function readReference(cursor: Cursor, refer: Referable): Reference | undefined {
  if (!cursor.isMap) {
    const name = readName(cursor);
    return name === undefined ? undefined : { refer, name };
  }
  const id = cursor.fields(['id'])?.get('id')?.text();
  if (id === undefined) cursor.note(`must be the name of a ${refer}, or {id: ...}`);
  return id === undefined ? undefined : { refer, id };
}
