import { type ApiRecord, type Kind, nameOf, type PresentRecord, type PresentSections, refersAs } from './kind.ts';
import { isReference, isReferences, type Referable, type Reference, type Value, type Values } from './value.ts';

/** A record as the admin API shows it. */
export function presentRecord(kind: Kind, record: ApiRecord): PresentRecord {
  const values = Object.fromEntries(kind.fields.map((field) => [field.name, field.fromApi(record)]));
  const isBuiltIn = record.built_in === true;
  return { kind, id: `${record.id}`, values, end: kind.findEnd?.(record), isBuiltIn };
}

type ById = ReadonlyMap<string, PresentRecord>;

/**
 * What the admin API lists of an owner, with its references named.
 * @param lists by their kinds, each after those that it refers to.
 * @param outer sections of the installation that these may refer to; undefined: they are not to be seen.
 */
export function presentSections(
  lists: ReadonlyMap<Kind, readonly ApiRecord[]>,
  outer: PresentSections | undefined,
): PresentSections {
  const byId = new Map([...(outer?.values() ?? [])].flat().map((record) => [record.id, record]));
  const sections = new Map<string, readonly PresentRecord[]>();
  for (const [kind, list] of lists) {
    const records = list
      .filter((record) => kind.isListed?.(record) ?? true)
      .map((record) => presentRecord(kind, record))
      .map((record) => ({ ...record, values: nameReferences(record.values, byId, outer !== undefined) }))
      .map((record) => ({ ...record, end: findEnd(record, byId) }));
    for (const record of records) byId.set(record.id, record);
    sections.set(kind.section, records);
  }
  return sections;
}

/** @param seesAll what a list refers to and is not known is not there any more. */
function nameReferences(values: Values, byId: ById, seesAll: boolean): Values {
  const name = (value: Reference): Reference => {
    const found = byId.get(value.id ?? '');
    if (found === undefined) return value;
    return { ...value, refer: refersAs(found.kind) as Referable, name: nameOf(found.kind, found.values) };
  };
  const nameAll = (value: Value): Value => {
    if (isReference(value)) return name(value);
    if (!isReferences(value)) return value;
    return value.map(name).filter((one) => one.name !== undefined || !seesAll);
  };
  return Object.fromEntries(Object.entries(values).map(([field, value]) => [field, nameAll(value)]));
}

/** A quota on a key that makes no more calls counts none, and an alert on a quota that is gone tells of none. */
function findEnd({ kind, values, end }: PresentRecord, byId: ById): PresentRecord['end'] {
  const about = kind.endsWith === undefined ? undefined : values[kind.endsWith];
  if (!isReference(about)) return end;
  const found = byId.get(about.id ?? '');
  return found === undefined ? 'gone' : found.end;
}
