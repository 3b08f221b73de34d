import { findNearestName } from '../config/nearest-name.ts';
import { nameOf, type PresentRecord, refersAs, type WantedRecord } from './kind.ts';
import type { MatchedSection, NoteRecord, PlanOptions } from './plan.ts';
import { isReference, isReferences, type Referable, type Reference, type Value, type Values } from './value.ts';

/** The sections that can be referred to, as far as they are matched, by the name of their kind. */
export type Referred = ReadonlyMap<string, MatchedSection>;

/** What a reference may come to: one of the file's records, there or not yet, or one of the store's that stays. */
interface Candidate {
  id: string | undefined;
  name: string;
}

/** The values of a record of the file with its references resolved. */
export function resolveReferences(
  record: WantedRecord,
  referred: Referred,
  options: PlanOptions,
  note: NoteRecord,
): Values {
  const entries = Object.entries(record.values).map(([field, value]): [string, Value] => {
    const tell = (message: string): void => note(record, field, message);
    if (isReference(value)) return [field, resolve(value, referred, options, tell)];
    if (!isReferences(value)) return [field, value];
    // Of several it has to be said which.
    const each = value.map((one) => resolve(one, referred, options, (text) => tell(`${one.name ?? one.id} ${text}`)));
    return [field, each];
  });
  return Object.fromEntries(entries);
}

function resolve(
  reference: Reference,
  referred: Referred,
  options: PlanOptions,
  note: (message: string) => void,
): Reference {
  const section = referred.get(reference.refer);
  const channels = referred.get('installation');
  if (section === undefined) {
    note('is not for this token to see: give its id');
    return reference;
  }
  // By its id a channel may be anybody's. Whoever does not see those of the installation may leave them where they are.
  const isChannelById = reference.refer === 'channel' && reference.id !== undefined;
  const isOuter = isChannelById && !listCandidates(section, options).some(({ id }) => id === reference.id);
  if (isOuter && channels === undefined) return reference;
  const searched = (isOuter ? channels : section) ?? section;
  const candidates = listCandidates(searched, options);
  const called = candidates.filter(({ id, name }) =>
    reference.id === undefined ? name === reference.name : id === reference.id,
  );
  const [found, ...others] = called;
  if (found !== undefined && others.length === 0)
    return { refer: refersAs(searched.kind) as Referable, id: found.id, name: found.name };
  note(found === undefined ? describeMissing(reference, searched, candidates) : describeSeveral(reference, called));
  return reference;
}

function listCandidates({ matches, left, kind, isNamed }: MatchedSection, options: PlanOptions): Candidate[] {
  const isGoing = isNamed && options.prune && (kind.removal === 'delete' || options.revokes);
  return [
    ...matches.map(({ present, values }) => ({ id: present?.id, name: nameOf(kind, values) })),
    ...left
      .filter((record) => isThere(record) && (!isGoing || record.isBuiltIn))
      .map(({ id, values }) => ({ id, name: nameOf(kind, values) })),
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
  const left = section.left.find((record) =>
    id === undefined ? nameOf(section.kind, record.values) === name : record.id === id,
  );
  if (left?.end !== undefined) return `names a ${refer} that is ${left.end}`;
  if (left !== undefined) return `names a ${refer} that the file does not have, and that is to go`;
  const names = candidates.map((candidate) => candidate.name);
  const nearest = name === undefined ? undefined : findNearestName(name, names);
  const { name: kind, owner } = section.kind;
  const what = `${kind} of ${owner === 'installation' ? 'the installation' : 'this account'}`;
  return `is no ${what}${nearest === undefined ? '' : `; did you mean ${nearest}?`}`;
}

function describeSeveral({ refer, name }: Reference, called: readonly Candidate[]): string {
  const ids = called.map(({ id }) => id ?? 'one to be made').join(', ');
  return `several are called ${name} (${ids}): write {id: ...} of the ${refer}`;
}
