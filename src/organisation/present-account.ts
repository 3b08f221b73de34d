import type { ApiRecord, Kind, PresentAccount, PresentRecord } from './kind.ts';
import { accountKind } from './kinds/account-kind.ts';
import { isReference, type Value, type Values } from './value.ts';

/** A record as the admin API shows it. */
export function presentRecord(kind: Kind, record: ApiRecord): PresentRecord {
  const values = Object.fromEntries(kind.fields.map((field) => [field.name, field.fromApi(record)]));
  return { kind, id: `${record.id}`, values, end: kind.findEnd?.(record) };
}

/** An account with its sections, references named. */
export function presentAccount(account: ApiRecord, sections: ReadonlyMap<Kind, readonly ApiRecord[]>): PresentAccount {
  const records = [...sections].map(([kind, list]) => list.map((record) => presentRecord(kind, record)));
  const byId = new Map(records.flat().map((record) => [record.id, record]));
  const complete = records.map((list) =>
    list.map((record) => ({ ...record, values: nameReferences(record.values, byId), end: findEnd(record, byId) })),
  );
  const kinds = [...sections.keys()];
  return {
    ...presentRecord(accountKind, account),
    sections: new Map(kinds.map(({ section }, index) => [section, complete[index] ?? []])),
  };
}

function nameReferences(values: Values, byId: ReadonlyMap<string, PresentRecord>): Values {
  const name = (value: Value): Value => {
    const found = isReference(value) ? byId.get(value.id ?? '')?.values.name : undefined;
    return isReference(value) && typeof found === 'string' ? { ...value, name: found } : value;
  };
  return Object.fromEntries(Object.entries(values).map(([field, value]) => [field, name(value)]));
}

/** A quota on a key that makes no more calls counts none. */
function findEnd({ kind, values, end }: PresentRecord, byId: ReadonlyMap<string, PresentRecord>): PresentRecord['end'] {
  const about = kind.endsWith === undefined ? undefined : values[kind.endsWith];
  return isReference(about) ? byId.get(about.id ?? '')?.end : end;
}
