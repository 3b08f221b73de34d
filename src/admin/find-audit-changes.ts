import type { AuditChange } from '../directory/audit-log.ts';

type Fields = { readonly [field: string]: unknown };

/** A balance changes with every call and has the journal, a proposal is nobody's act, a secret nobody's to keep, nor the URL of a webhook. */
const LEFT_OUT: ReadonlySet<string> = new Set(['balance', 'proposal', 'secret', 'token', 'password', 'url']);
/** Bounds of one record: fields, and characters of JSON in a value. */
const FIELDS_AT_MOST = 64;
const VALUE_CHARACTERS = 1_000;

/** The fields of a body as they may be kept. */
export function presentRequested(body: unknown): Fields {
  return Object.fromEntries(readFields(body).map(([field, value]) => [field, shorten(value)]));
}

/** What is different between two states of a record; `undefined` is a state in which there is no record. */
export function findAuditChanges(before: unknown, after: unknown): AuditChange[] {
  const old = new Map(readFields(before));
  const present = new Map(readFields(after));
  const fields = [...new Set([...old.keys(), ...present.keys()])];
  return fields
    .filter((field) => JSON.stringify(old.get(field)) !== JSON.stringify(present.get(field)))
    .slice(0, FIELDS_AT_MOST)
    .map((field) => ({
      field,
      ...(old.has(field) ? { before: shorten(old.get(field)) } : {}),
      ...(present.has(field) ? { after: shorten(present.get(field)) } : {}),
    }));
}

function readFields(record: unknown): [field: string, value: unknown][] {
  if (typeof record !== 'object' || record === null) return [];
  return Object.entries(record)
    .filter(([field, value]) => value !== undefined && !LEFT_OUT.has(field))
    .slice(0, FIELDS_AT_MOST);
}

function shorten(value: unknown): unknown {
  const text = JSON.stringify(value) ?? 'null';
  return text.length <= VALUE_CHARACTERS ? value : `${text.slice(0, VALUE_CHARACTERS)}...`;
}
