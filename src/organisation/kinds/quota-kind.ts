import { parseUsd } from '../../domain/money.ts';
import { QUOTA_MEASURES, QUOTA_MODES, type QuotaMeasure } from '../../domain/quota.ts';
import { findQuotaFaults, MAX_QUOTA_LIMIT } from '../../domain/quota-rules.ts';
import { QUOTA_WINDOWS, type QuotaWindow } from '../../domain/quota-window.ts';
import type { Cursor } from '../cursor.ts';
import type { Field, Kind, NoteField } from '../kind.ts';
import { choiceField, readModels, readReference, readUsd, wholeField } from '../read-fields.ts';
import { isReference, keyOf, type Referable, type Reference, showValue, type Value, type Values } from '../value.ts';
import { modelsField, plainField } from './field-forms.ts';

const ACCOUNT = 'account';
const REFERABLE: readonly Referable[] = ['team', 'member', 'key'];

/** `account`, or a map of one name: `{team: Research}`. */
const scopeField: Field = {
  name: 'scope',
  read: readScope,
  isRequired: true,
  isFixed: true,
  fromApi({ scope }) {
    const { type, id } = scope as { type: 'account' | Referable; id: string };
    return type === ACCOUNT ? ACCOUNT : { refer: type, id };
  },
  toApi: (value, idOf) =>
    value === ACCOUNT ? { type: ACCOUNT } : { type: (value as { refer: string }).refer, id: idOf(value) },
};

function readScope(cursor: Cursor): Value | undefined {
  const message = `must be ${ACCOUNT}, or one of {team: ...}, {member: ...}, {key: ...}`;
  if (!cursor.isMap) {
    if (cursor.text() === ACCOUNT) return ACCOUNT;
    cursor.note(message);
    return undefined;
  }
  const fields = cursor.fields(REFERABLE);
  const given = REFERABLE.filter((refer) => fields?.has(refer));
  const [refer] = given;
  const at = refer === undefined ? undefined : fields?.get(refer);
  if (refer !== undefined && given.length === 1 && at !== undefined) return readReference(at, refer);
  cursor.note(message);
  return undefined;
}

const limitFields = QUOTA_MEASURES.map((measure) =>
  plainField(`limit_${measure}`, measure === 'usd' ? readUsd : wholeField(0, Number(MAX_QUOTA_LIMIT))),
);

/** What a quota measures; undefined where it has no limit, or several. */
function findMeasure(values: Values): QuotaMeasure | undefined {
  const given = QUOTA_MEASURES.filter((measure) => (values[`limit_${measure}`] ?? null) !== null);
  return given.length === 1 ? given[0] : undefined;
}

/** A quota's counters belong to what it counts: that stays what it is. Its limit and mode may change. */
function nameCounted(values: Values): string {
  const { scope, window, anchor_day: anchorDay, models } = values;
  return JSON.stringify([keyOf(scope), window, anchorDay ?? null, findMeasure(values), models ?? null]);
}

export const quotaKind: Kind = {
  name: 'quota',
  section: 'quotas',
  owner: 'account',
  access: { read: 'usage.read', write: 'quotas.write' },
  fields: [
    scopeField,
    plainField('window', choiceField(QUOTA_WINDOWS), { isRequired: true, isFixed: true }),
    plainField('anchor_day', wholeField(1, 31), { isFixed: true }),
    ...limitFields,
    modelsField('models'),
    plainField('mode', choiceField(QUOTA_MODES), { default: 'hard' }),
  ],
  // Many have a soft one below a hard one.
  identities: [(values) => `${nameCounted(values)} ${values.mode}`, nameCounted],
  nameOf: nameQuota,
  writeName: writeQuotaName,
  describe: describeQuota,
  check: checkQuota,
  endsWith: 'scope',
  removal: 'delete',
};

/** Without its limit, which may change: `on team Research, day, requests, hard`. */
function nameQuota(values: Values): string {
  return nameCounter({ ...values, measure: findMeasure(values) ?? null });
}

function nameCounter({ scope, window, anchor_day: anchorDay = null, measure, models = null, mode }: Values): string {
  const parts = [describeScope(scope), window, anchorDay, measure, models === null ? null : showValue(models), mode];
  return parts.filter((part) => part !== null).join(', ');
}

function writeQuotaName({ scope, window, anchor_day: anchorDay, models, mode, ...limits }: Values): object {
  const name = {
    scope: isReference(scope) ? { [scope.refer]: scope.name } : scope,
    window,
    anchor_day: anchorDay,
    measure: findMeasure(limits),
    models,
    mode: mode === 'hard' ? null : mode,
  };
  return Object.fromEntries(Object.entries(name).filter(([, value]) => value !== null));
}

const NAME_FIELDS = ['scope', 'window', 'anchor_day', 'measure', 'models', 'mode'];
const readWindow = choiceField(QUOTA_WINDOWS);
const readAnchorDay = wholeField(1, 31);
const readMeasure = choiceField(QUOTA_MEASURES);
const readMode = choiceField(QUOTA_MODES);

/** A quota has no name: another record says what it counts, or its id. */
export function readQuotaReference(cursor: Cursor): Reference | undefined {
  const fields = cursor.fields(['id', ...NAME_FIELDS]);
  if (fields === undefined) return undefined;
  const id = fields.get('id');
  if (id !== undefined) return readReference(cursor, 'quota');
  const missing = ['scope', 'window', 'measure'].filter((name) => !fields.has(name));
  for (const name of missing) cursor.note(`${name} is required, or {id: ...}`);
  const read = (name: string, readField: Field['read'], left: Value): Value | undefined => {
    const at = fields.get(name);
    return at === undefined || at.isNone ? left : readField(at);
  };
  const values = {
    scope: read('scope', readScope, null),
    window: read('window', readWindow, null),
    anchor_day: read('anchor_day', readAnchorDay, null),
    measure: read('measure', readMeasure, null),
    models: read('models', readModels, null),
    mode: read('mode', readMode, 'hard'),
  };
  const isWhole = missing.length === 0 && Object.values(values).every((value) => value !== undefined);
  if (!isWhole) return undefined;
  const { scope } = values;
  if (!isReference(scope) || scope.id === undefined) return { refer: 'quota', name: nameCounter(values as Values) };
  fields.get('scope')?.note('goes by a name here: give the id of the quota in place of all this');
  return undefined;
}

function describeScope(scope: Value | undefined): string {
  return isReference(scope) ? `on ${scope.refer} ${showValue(scope)}` : 'on the account';
}

function describeQuota(values: Values): string {
  const { scope, window, anchor_day: anchorDay, models = null, mode } = values;
  const measure = findMeasure(values);
  const limit = showValue(values[`limit_${measure}`]);
  const parts = [
    describeScope(scope),
    `${window}${anchorDay === null || anchorDay === undefined ? '' : ` from day ${anchorDay}`}`,
    measure === 'usd' ? `${limit} USD` : `${limit} ${measure === 'concurrency' ? 'open calls' : measure}`,
    ...(models === null ? [] : [showValue(models)]),
    `${mode}`,
  ];
  return parts.join(', ');
}

function checkQuota(values: Values, note: NoteField): void {
  const measure = findMeasure(values);
  if (measure === undefined) {
    note('limit_usd', `exactly one of ${limitFields.map(({ name }) => name).join(', ')} is required`);
    return;
  }
  const { window, anchor_day: anchorDay, [`limit_${measure}`]: written } = values;
  const limit = typeof written === 'string' ? (parseUsd(written) ?? 0n) : BigInt(Number(written));
  const anchor = typeof anchorDay === 'number' ? { anchorDay } : {};
  for (const { field, message } of findQuotaFaults({ window: window as QuotaWindow, measure, limit, ...anchor }))
    note({ window: 'window', anchorDay: 'anchor_day', limit: `limit_${measure}` }[field], message);
}
