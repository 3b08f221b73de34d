import { type Static, type TSchema, type TSchemaOptions, Type } from 'typebox';
import { isTimeZone } from '../../domain/is-time-zone.ts';
import { parseUsd } from '../../domain/money.ts';
import { MULTIPLIER_PATTERN, parseMultiplier } from '../../domain/multiplier.ts';
import { parseTime } from '../../domain/parse-time.ts';
import { isPlainText, PLAIN_TEXT_RULE } from '../../domain/plain-text.ts';
import { PRICE_PATTERN } from '../../domain/price-text.ts';

/** What a text must be beyond its length, and how to say so. */
interface TextRule {
  accepts(text: string): boolean;
  message: string;
}

const plainText: TextRule = { accepts: isPlainText, message: PLAIN_TEXT_RULE };
const USD_BOUNDS = 'with at most nine places and at most 9007199.254740991';
const usd: TextRule = {
  accepts: (text) => parseUsd(text) !== undefined,
  message: `must be a decimal dollar string without a sign such as "25.00", ${USD_BOUNDS}`,
};
const positiveUsd: TextRule = {
  accepts: (text) => (parseUsd(text) ?? 0n) > 0n,
  message: `must be a decimal dollar string above zero such as "25.00", ${USD_BOUNDS}`,
};
const time: TextRule = {
  accepts: (text) => parseTime(text) !== undefined,
  message: 'must be an RFC 3339 time with a zone such as "2026-11-21T09:30:00Z", of a year from 2000 to 2999',
};
const PRICE = new RegExp(PRICE_PATTERN);
const price: TextRule = {
  accepts: (text) => PRICE.test(text),
  message: 'must be dollars per million tokens above zero such as "2.5", at most four places',
};
const multiplier: TextRule = {
  accepts: (text) => parseMultiplier(text) !== undefined,
  message: 'must be a decimal above 0 and below 100 such as "1.25", at most four places',
};
const timeZone: TextRule = { accepts: isTimeZone, message: 'must be an IANA time zone such as "Europe/Berlin"' };

const USD_SYNTAX = { pattern: '^\\d{1,7}(\\.\\d{1,9})?$', maxLength: 17, examples: ['25.00'] };
const TIME_SYNTAX = { format: 'date-time', maxLength: 40, examples: ['2026-11-21T09:30:00Z'] };
const NAME_SYNTAX = { minLength: 1, maxLength: 120 };
/** Of ids of any kind: what could be none is refused before it reaches a key of the store. */
const ID_SYNTAX = { minLength: 1, maxLength: 64, pattern: '^[A-Za-z0-9_-]+$' };
const EMAIL_SYNTAX = { format: 'email', maxLength: 254, examples: ['ada@example.com'] };

/** What patterns and formats mean, for people. The validator looks no further than them: no rule has its say then. */
export const SYNTAX_WORDS: ReadonlyMap<string, string> = new Map([
  [USD_SYNTAX.pattern, usd.message],
  [TIME_SYNTAX.format, time.message],
  [EMAIL_SYNTAX.format, 'must be an email address such as "ada@example.com"'],
  [ID_SYNTAX.pattern, 'must be an id, of letters, digits, _ and - alone'],
  [PRICE_PATTERN, price.message],
  [MULTIPLIER_PATTERN, multiplier.message],
]);

/** Fields of requests. */
export const nameField = text({ ...NAME_SYNTAX, examples: ['Acme'] }, plainText);
export const noteField = text({ minLength: 1, maxLength: 500, description: 'Kept in the journal.' }, plainText);
export const usdField = text(USD_SYNTAX, usd);
export const positiveUsdField = text(USD_SYNTAX, positiveUsd);
export const timeField = text(TIME_SYNTAX, time);
export const nullableTimeField = nullableText(TIME_SYNTAX, time);
export const timeZoneField = text({ minLength: 2, maxLength: 64, examples: ['Europe/Berlin'] }, timeZone);
export const emailField = text(EMAIL_SYNTAX, plainText);
export const nullableEmailField = nullableText(EMAIL_SYNTAX, plainText);
export const idField = Type.String(ID_SYNTAX);
export const nullableIdField = Type.Unsafe<string | null>({ type: ['string', 'null'], ...ID_SYNTAX });

const MODELS_SYNTAX = {
  items: { type: 'string', pattern: '^[a-z0-9][a-z0-9.@:_-]{0,99}$' },
  minItems: 1,
  maxItems: 100,
  uniqueItems: true,
};
export const modelsField = Type.Unsafe<string[]>({ type: 'array', ...MODELS_SYNTAX });
export const nullableModelsField = Type.Unsafe<string[] | null>({ type: ['array', 'null'], ...MODELS_SYNTAX });

export const modelField = Type.String({ pattern: MODELS_SYNTAX.items.pattern });
export const priceField = text({ pattern: PRICE_PATTERN, maxLength: 11, examples: ['2.5'] }, price);
export const nullableMultiplierField = nullableText(
  {
    pattern: MULTIPLIER_PATTERN,
    maxLength: 7,
    examples: ['1.25'],
    description: 'Of the whole cost, after everything else. Null: the operator’s, or 1.',
  },
  multiplier,
);

/** Fields of answers. */
export const usdAnswer = Type.String({ pattern: '^-?\\d+\\.\\d{2,9}$', examples: ['25.00'] });
export const timeAnswer = Type.String({ format: 'date-time', examples: ['2026-11-21T09:30:00.000Z'] });
export const nullableTimeAnswer = Type.Unsafe<string | null>({ type: ['string', 'null'], format: 'date-time' });
export const nullableStringAnswer = Type.Unsafe<string | null>({ type: ['string', 'null'] });
export const nullableModelsAnswer = Type.Unsafe<string[] | null>({
  type: ['array', 'null'],
  items: { type: 'string' },
});

export const secretAnswer = Type.Unsafe<string | null>({
  type: ['string', 'null'],
  description: 'Shown this once. Null when the answer is replayed under its idempotency key.',
});

/** A call that takes no body takes none or `{}`. */
export const emptyBody = Type.Object({}, { additionalProperties: false });

/** The field with a description. A spread would lose its rule: TypeBox keeps it in a property that is not enumerable. */
export function describeField<Schema extends TSchema>(field: Schema, description: string): Schema {
  const value = { value: description, enumerable: true, configurable: true, writable: true };
  return Object.defineProperties({}, { ...Object.getOwnPropertyDescriptors(field), description: value }) as Schema;
}

function text(options: TSchemaOptions, rule: TextRule) {
  return ruled(Type.String(options), rule);
}

function nullableText(options: TSchemaOptions, rule: TextRule) {
  return ruled(Type.Unsafe<string | null>({ ...options, type: ['string', 'null'] }), rule);
}

/** Values of another type are left to the schema's own `type`. */
function ruled<Schema extends TSchema>(schema: Schema, rule: TextRule) {
  return Type.Refine<Schema, Static<Schema>>(
    schema,
    (value) => typeof value !== 'string' || rule.accepts(value),
    () => rule.message,
  );
}
