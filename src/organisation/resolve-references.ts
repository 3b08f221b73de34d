import { findNearestName } from '../config/nearest-name.ts';
import type { PresentRecord, WantedRecord } from './kind.ts';
import type { MatchedSection, NoteRecord, PlanOptions } from './plan.ts';
import { isReference, type Reference, type Value, type Values } from './value.ts';

/** The sections that can be referred to, as far as they are matched, by the name of their kind. */
export type Referred = ReadonlyMap<string, MatchedSection>;

/** What a reference may come to: one of the file's records, there or not yet, or one of the store's that stays. */
interface Candidate {
  id: string | undefined;
  name: Value | undefined;
}

/** The values of a record of the file with its references resolved. */
export function resolveReferences(
  record: WantedRecord,
  referred: Referred,
  options: PlanOptions,
  note: NoteRecord,
): Values {
  const entries = Object.entries(record.values).map(([field, value]): [string, Value] => [
    field,
    isReference(value) ? resolve(value, referred, options, (message) => note(record, field, message)) : value,
  ]);
  return Object.fromEntries(entries);
}

function resolve(
  reference: Reference,
  referred: Referred,
  options: PlanOptions,
  note: (message: string) => void,
): Reference {
  const section = referred.get(reference.refer);
  if (section === undefined) return reference;
  const candidates = listCandidates(section, options);
  const called = candidates.filter(({ id, name }) =>
    reference.id === undefined ? name === reference.name : id === reference.id,
  );
  const [found, ...others] = called;
  if (found !== undefined && others.length === 0) {
    return { refer: reference.refer, id: found.id, name: typeof found.name === 'string' ? found.name : undefined };
  }
  note(found === undefined ? describeMissing(reference, section, candidates) : describeSeveral(reference, called));
  return reference;
}

function listCandidates({ matches, left, kind, isNamed }: MatchedSection, options: PlanOptions): Candidate[] {
  const isGoing = isNamed && options.prune && (kind.removal === 'delete' || options.revokes);
  return [
    ...matches.map(({ present, values }) => ({ id: present?.id, name: values.name })),
    ...(isGoing ? [] : left.filter(isThere).map(({ id, values }) => ({ id, name: values.name }))),
  ];
}

function isThere({ end }: PresentRecord): boolean {
  return end === undefined;
}

function describeMissing(
  { refer, name, id }: Reference,
  section: MatchedSection,
  candidates: readonly Candidate[],
): string {
  const left = section.left.find((record) => (id === undefined ? record.values.name === name : record.id === id));
  if (left?.end !== undefined) return `names a ${refer} that is ${left.end}`;
  if (left !== undefined) return `names a ${refer} that the file does not have, and that is to go`;
  const names = candidates.map((candidate) => `${candidate.name}`);
  const nearest = name === undefined ? undefined : findNearestName(name, names);
  return `is no ${refer} of this account${nearest === undefined ? '' : `; did you mean ${nearest}?`}`;
}

function describeSeveral({ refer, name }: Reference, called: readonly Candidate[]): string {
  const ids = called.map(({ id }) => id ?? 'one to be made').join(', ');
  return `several are called ${name} (${ids}): write {id: ...} of the ${refer}`;
}
