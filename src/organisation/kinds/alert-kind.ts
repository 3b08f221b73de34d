import { ACCOUNT_ALERTS, ALERT_KINDS, type AlertKind } from '../../domain/alert-kinds.ts';
import { parseUsd } from '../../domain/money.ts';
import type { Cursor } from '../cursor.ts';
import type { Field, Kind, NoteField } from '../kind.ts';
import { choiceField, decimalField, readEach, readName, readReference, readUsd, wholeField } from '../read-fields.ts';
import { keyOf, type Reference, showValue, type Value, type Values } from '../value.ts';
import { flagField, ownerField, plainField } from './field-forms.ts';
import { readQuotaReference } from './quota-kind.ts';

const MAX_SHARES = 10;
const MAX_CHANNELS = 10;
const MAX_QUIET_SECONDS = 30 * 86_400;
const DAY_SECONDS = 86_400;

const BALANCE_TERMS = ['amount_usd', 'share_of_last_purchase', 'hours_left'] as const;
/** What a kind goes by, and what it has where the file says nothing: as the admin API has it. */
const TERMS: { readonly [kind in AlertKind]?: { readonly [field: string]: Value } } = {
  balance_low: { amount_usd: null, share_of_last_purchase: null, hours_left: null },
  quota_used: { shares: [0.8, 0.95, 1], quota: null },
  burn_rate: { factor: 3, minimum_usd: '1.00' },
  credit_expiry: { days: 7, minimum_usd: '1.00' },
};

const readShare = decimalField(0.000001, 1, 6);

/** A term that is not of the kind, or gives way to another, is not said at all. */
function termField(name: string, read: Field['read'], more: Partial<Field> = {}): Field {
  return plainField(name, read, { toApi: (value) => value ?? undefined, ...more });
}

const sharesField = termField(
  'shares',
  (cursor) => {
    const shares = readEach(cursor, readShare, MAX_SHARES);
    if (shares?.length === 0) cursor.note('must name a share, or be left out for the usual ones');
    return shares === undefined ? undefined : sortNumbers(shares);
  },
  { fromApi: ({ shares }) => (Array.isArray(shares) ? sortNumbers(shares as number[]) : null) },
);

function sortNumbers(numbers: readonly number[]): number[] {
  return [...new Set(numbers)].sort((one, other) => one - other);
}

/** Ids of channels in the admin API; whose they are is known when they are. */
const channelsField: Field = {
  name: 'channels',
  read: (cursor) => readEach(cursor, readChannel, MAX_CHANNELS),
  fromApi: ({ channels }) =>
    Array.isArray(channels) ? (channels as string[]).map((id): Reference => ({ refer: 'channel', id })) : null,
  toApi: (value, idOf) => (value === null ? null : (value as readonly Reference[]).map(idOf)),
};

/** A channel of the same owner by its name, one of the installation by `{installation: ...}`, any by `{id: ...}`. */
function readChannel(cursor: Cursor): Reference | undefined {
  if (!cursor.isMap) return readReference(cursor, 'channel');
  const fields = cursor.fields(['id', 'installation']);
  const [id, named] = [fields?.get('id'), fields?.get('installation')];
  if (id !== undefined && named === undefined) return readReference(cursor, 'channel');
  const name = named === undefined || id !== undefined ? undefined : readName(named);
  if (named === undefined || id !== undefined)
    cursor.note('must be the name of a channel, {installation: <name>}, or {id: ...}');
  return name === undefined ? undefined : { refer: 'installation', name };
}

const termFields = [
  termField('amount_usd', readUsd),
  termField('share_of_last_purchase', readShare),
  termField('hours_left', wholeField(1, 8_760)),
  sharesField,
  termField('factor', decimalField(1.1, 1_000, 3)),
  termField('minimum_usd', readUsd),
  termField('days', wholeField(1, 365)),
];
const commonFields: readonly Field[] = [
  plainField('name', readName),
  channelsField,
  flagField('recovery', true),
  plainField('quiet_seconds', wholeField(0, MAX_QUIET_SECONDS), { default: DAY_SECONDS, isTerse: true }),
  flagField('enabled', true),
];

const alert = {
  name: 'alert',
  section: 'alerts',
  identities: [nameAll, nameWatched, ({ kind, name, built_in }) => JSON.stringify([kind, name, built_in])],
  describe: describeAlert,
  complete: completeTerms,
  check: checkTerms,
  checkNew({ built_in: isBuiltIn, kind }, _environment, note) {
    if (isBuiltIn === true) note('built_in', `is said of ${kind}, which is not built in`);
  },
  removal: 'delete',
} as const satisfies Partial<Kind>;

export const accountAlertKind: Kind = {
  ...alert,
  owner: 'account',
  access: { read: 'money.read', write: 'billing.write' },
  fields: [
    plainField('kind', choiceField(ACCOUNT_ALERTS), { isRequired: true, isFixed: true }),
    { ...ownerField('quota'), read: readQuotaReference },
    ...termFields,
    ...commonFields,
  ],
  // The account's own levels are its low_balance_usd.
  isListed: ({ built_in: isBuiltIn }) => isBuiltIn !== true,
  endsWith: 'quota',
};

export const installationAlertKind: Kind = {
  ...alert,
  owner: 'installation',
  access: { read: 'system.read', write: 'billing.write' },
  fields: [
    plainField('kind', choiceField(ALERT_KINDS), { isRequired: true, isFixed: true }),
    flagField('built_in', false, { isFixed: true, toApi: () => undefined }),
    ...termFields,
    ...commonFields,
  ],
};

/** Everything that it is: there is one of it. */
function nameAll(values: Values): string {
  return JSON.stringify(
    Object.entries(values)
      .map(([name, value]) => [name, keyOf(value)])
      .sort(),
  );
}

/** What it looks at. How far that may go, and how people are told, may change. */
function nameWatched({ kind, name, built_in: isBuiltIn, quota, ...values }: Values): string {
  const term = BALANCE_TERMS.find((field) => (values[field] ?? null) !== null);
  return JSON.stringify([kind, name, isBuiltIn, keyOf(quota), term]);
}

function describeAlert(values: Values): string {
  const { kind, name, quota, built_in: isBuiltIn } = values;
  const terms = termFields.flatMap(({ name: field }) => {
    const value = values[field] ?? null;
    return value === null ? [] : [`${field} ${showValue(value)}`];
  });
  const about = (quota ?? null) === null ? [] : [showValue(quota)];
  const called = (name ?? null) === null ? [] : [`"${showValue(name)}"`];
  return [...called, kind, ...terms, ...about, ...(isBuiltIn === true ? ['built in'] : [])].join(', ');
}

function completeTerms(values: Values): Values {
  const usual = TERMS[values.kind as AlertKind] ?? {};
  const left = Object.entries(usual).filter(([field]) => (values[field] ?? null) === null);
  return { ...values, ...Object.fromEntries(left) };
}

function checkTerms(values: Values, note: NoteField): void {
  const { kind } = values;
  const own = Object.keys(TERMS[kind as AlertKind] ?? {});
  const given = [...termFields.map(({ name }) => name), 'quota'].filter((field) => (values[field] ?? null) !== null);
  for (const field of given.filter((one) => !own.includes(one))) note(field, `says nothing of ${kind}`);
  if (kind === 'balance_low' && BALANCE_TERMS.filter((field) => given.includes(field)).length !== 1)
    note('amount_usd', `exactly one of ${BALANCE_TERMS.join(', ')} is required`);
  if (typeof values.minimum_usd === 'string' && parseUsd(values.minimum_usd) === 0n)
    note('minimum_usd', 'must be above zero');
}
