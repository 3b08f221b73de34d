import { parseUsd } from '../../domain/money.ts';
import { QUOTA_MEASURES, QUOTA_MODES, type QuotaMeasure } from '../../domain/quota.ts';
import { findQuotaFaults, MAX_QUOTA_LIMIT } from '../../domain/quota-rules.ts';
import { QUOTA_WINDOWS, type QuotaWindow } from '../../domain/quota-window.ts';
import type { Cursor } from '../cursor.ts';
import type { Field, Kind, NoteField } from '../kind.ts';
import { choiceField, readReference, readUsd, wholeField } from '../read-fields.ts';
import { keyOf, type Referable, showValue, type Value, type Values } from '../value.ts';
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
  describe: describeQuota,
  check: checkQuota,
  endsWith: 'scope',
  removal: 'delete',
};

function describeQuota(values: Values): string {
  const { scope, window, anchor_day: anchorDay, models = null, mode } = values;
  const measure = findMeasure(values);
  const whose = scope === ACCOUNT ? 'the account' : `${(scope as { refer: string }).refer} ${showValue(scope)}`;
  const limit = showValue(values[`limit_${measure}`]);
  const parts = [
    `on ${whose}`,
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
