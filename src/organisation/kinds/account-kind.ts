import { formatMultiplier, parseMultiplier } from '../../domain/multiplier.ts';
import { formatPrice, PRICE_PATTERN, parsePrice } from '../../domain/price-text.ts';
import { OVERRIDES_AT_MOST, PRICE_FIELDS } from '../../domain/pricing-terms.ts';
import type { Cursor } from '../cursor.ts';
import type { Field, Kind, NoteField } from '../kind.ts';
import {
  choiceField,
  readEach,
  readLevels,
  readName,
  readTime,
  readTimeZone,
  readUsd,
  textField,
  writeTime,
} from '../read-fields.ts';
import type { Prices, Value, Values } from '../value.ts';
import { endOfStatus, nameField, plainField } from './field-forms.ts';

const readMultiplier = textField((text) => {
  const multiplier = parseMultiplier(text);
  return multiplier === undefined ? undefined : formatMultiplier(multiplier);
}, 'must be a decimal above 0 and below 100 such as "1.25", at most four places');

const PRICE = new RegExp(PRICE_PATTERN);
const writePrice = (text: string): string | undefined => (PRICE.test(text) ? formatPrice(parsePrice(text)) : undefined);
const readPrice = textField(
  writePrice,
  'must be dollars per million tokens above zero such as "2.5", at most four places',
);

/** What is not the account's owner's to decide. */
const MONEY = { permission: 'money.write' } as const;

/** Described whole: what is left out of it is not there. */
const pricingField: Field = {
  ...MONEY,
  name: 'pricing',
  read: readPrices,
  // A team is shown none: what it exports must not say that the account pays list prices.
  fromApi: ({ pricing }) => (pricing === undefined ? null : presentPrices(pricing as Partial<Prices>)),
};

function readPrices(cursor: Cursor): Prices | undefined {
  const fields = cursor.fields(['multiplier', 'overrides']);
  if (fields === undefined) return undefined;
  const [multiplier, overrides] = [fields.get('multiplier'), fields.get('overrides')];
  const read = {
    multiplier: multiplier === undefined || multiplier.isNone ? null : readMultiplier(multiplier),
    overrides: overrides === undefined || overrides.isNone ? [] : readEach(overrides, readOverride, OVERRIDES_AT_MOST),
  };
  return read.multiplier === undefined || read.overrides === undefined ? undefined : (read as Prices);
}

const OVERRIDE_FIELDS = ['model', 'effective_from', ...PRICE_FIELDS.map(([field]) => field)];

function readOverride(cursor: Cursor): { [field: string]: string } | undefined {
  const fields = cursor.fields(OVERRIDE_FIELDS);
  if (fields === undefined) return undefined;
  if (!fields.has('model')) cursor.note('model is required');
  const pairs = OVERRIDE_FIELDS.flatMap((name): [string, string | undefined][] => {
    const at = fields.get(name);
    if (at === undefined) return [];
    const read = name === 'model' ? readName : name === 'effective_from' ? readTime : readPrice;
    return [[name, read(at)]];
  });
  return pairs.some(([, value]) => value === undefined) ? undefined : Object.fromEntries(pairs as [string, string][]);
}

/** The admin API keeps them as they were sent: "1.250" is 1.25. */
function presentPrices({ multiplier = null, overrides = [] }: Partial<Prices>): Prices {
  const factor = multiplier === null ? undefined : parseMultiplier(multiplier);
  return {
    multiplier: factor === undefined ? null : formatMultiplier(factor),
    overrides: overrides.map((override) =>
      Object.fromEntries(
        OVERRIDE_FIELDS.flatMap((name): [string, string][] => {
          const text = override[name];
          if (text === undefined) return [];
          const form = name === 'model' ? text : name === 'effective_from' ? writeTime(text) : writePrice(text);
          return [[name, form ?? text]];
        }),
      ),
    ),
  };
}

/** Settings of an account. Never its credit, and never whether it is frozen: these are no matter of a file. */
export const accountKind: Kind = {
  name: 'account',
  section: 'accounts',
  owner: 'installation',
  access: { read: 'usage.read', write: 'account.write', create: 'money.write' },
  isPartial: true,
  fields: [
    nameField,
    plainField('timezone', readTimeZone),
    plainField('mode', choiceField(['prepaid', 'postpaid']), { default: 'prepaid', ...MONEY }),
    plainField('credit_limit_usd', readUsd, MONEY),
    plainField('on_disconnect', choiceField(['drain', 'cancel'])),
    plainField('on_exhausted', choiceField(['refuse', 'cut', 'finish']), MONEY),
    plainField('low_balance_usd', readLevels),
    pricingField,
  ],
  identities: [({ name }) => `${name}`],
  describe: ({ name }) => `${name}`,
  check: checkCreditLimit,
  findEnd: endOfStatus,
};

function checkCreditLimit({ mode, credit_limit_usd: limit }: Values, note: NoteField): void {
  if (mode === 'prepaid' && !isZero(limit)) note('credit_limit_usd', 'is for postpaid accounts only');
}

function isZero(limit: Value | undefined): boolean {
  return limit === undefined || limit === null || limit === '0.00';
}
