import type { Kind, PresentRecord } from './kind.ts';
import type { Match, MatchedSection, NoteRecord } from './plan.ts';

type Unmatched = Pick<Match, 'wanted' | 'values'>;

/**
 * Finds which record of the store each of the file is: by its id where it gives one, else by what makes it the one it
 * is. Where that could be several, it is a problem: a guess would change another's record.
 */
export function matchRecords(
  kind: Kind,
  wanted: readonly Unmatched[],
  present: readonly PresentRecord[],
  note: NoteRecord,
): Pick<MatchedSection, 'matches' | 'left'> {
  noteDoubles(kind, wanted, note);
  const open = new Set(present.filter(({ end }) => end !== 'revoked' && end !== 'closed'));
  const found = new Map<Unmatched, PresentRecord>();
  const take = (one: Unmatched, record: PresentRecord): void => {
    found.set(one, record);
    open.delete(record);
  };
  for (const one of wanted) {
    const record = findById(kind, one, present, note);
    if (record !== undefined) take(one, record);
  }
  const [narrow, ...wider] = kind.identities;
  for (const one of wanted.filter(({ wanted: { id } }) => id === undefined)) {
    const record = narrow === undefined ? undefined : findAlike(kind, one, [...open], { identity: narrow, note });
    if (record !== undefined) take(one, record);
  }
  for (const identity of wider) {
    const bare = wanted.filter((one) => one.wanted.id === undefined && !found.has(one));
    const groups = Map.groupBy(bare, ({ values }) => identity(values));
    for (const [name, group] of groups) {
      const rest = [...open].filter(({ end, values }) => end === undefined && identity(values) === name);
      const [[one], [record]] = [group, rest];
      if (group.length === 1 && rest.length === 1 && one !== undefined && record !== undefined) take(one, record);
    }
  }
  return {
    matches: wanted.map((one) => ({ ...one, present: found.get(one) })),
    left: present.filter((record) => ![...found.values()].includes(record)),
  };
}

/** Two that nothing tells apart. */
function noteDoubles(kind: Kind, wanted: readonly Unmatched[], note: NoteRecord): void {
  const groups = Map.groupBy(wanted, ({ values }) => kind.identities[0]?.(values));
  for (const group of groups.values()) {
    const bare = group.filter(({ wanted: { id } }) => id === undefined);
    const first = group.find((one) => !bare.includes(one)) ?? group[0];
    if (group.length === 1 || first === undefined) continue;
    for (const { wanted: record } of bare.filter((one) => one !== first)) {
      note(
        record,
        undefined,
        `is the same ${kind.name} as that of line ${first.wanted.place.line}: tell them apart by id`,
      );
    }
  }
  const byId = Map.groupBy(
    wanted.filter(({ wanted: { id } }) => id !== undefined),
    ({ wanted: { id } }) => id,
  );
  for (const [first, ...others] of byId.values()) {
    for (const { wanted: record } of others)
      note(record, undefined, `has the id of the ${kind.name} of line ${first?.wanted.place.line}`);
  }
}

function findById(
  kind: Kind,
  { wanted }: Unmatched,
  present: readonly PresentRecord[],
  note: NoteRecord,
): PresentRecord | undefined {
  if (wanted.id === undefined) return undefined;
  const record = present.find(({ id }) => id === wanted.id);
  const end = record?.end === 'revoked' || record?.end === 'closed' ? record.end : undefined;
  if (record === undefined)
    note(wanted, undefined, `no ${kind.name} has the id ${wanted.id}: leave it out to make one`);
  else if (end !== undefined) note(wanted, undefined, `the ${kind.name} of this id is ${end}`);
  return end === undefined ? record : undefined;
}

function findAlike(
  kind: Kind,
  { wanted, values }: Unmatched,
  open: readonly PresentRecord[],
  { identity, note }: { identity: (values: Match['values']) => string; note: NoteRecord },
): PresentRecord | undefined {
  const alike = open.filter((record) => identity(record.values) === identity(values));
  const live = alike.filter(({ end }) => end === undefined);
  const [record, ...others] = live.length > 0 ? live : alike;
  if (others.length === 0) return record;
  const ids = alike.map(({ id }) => id).join(', ');
  note(wanted, undefined, `could be any of several (${ids}): give the id of the ${kind.name}`);
  return undefined;
}
