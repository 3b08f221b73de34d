import { type FileProblem, sortProblems } from './cursor.ts';
import type { Kind, PresentAccount, PresentRecord, WantedAccount } from './kind.ts';
import { accountKind } from './kinds/account-kind.ts';
import { SECTION_KINDS } from './kinds.ts';
import { matchRecords } from './match-records.ts';
import {
  createNoteRecord,
  type FieldChange,
  type Match,
  type MatchedSection,
  type NoteRecord,
  type Plan,
  type PlanOptions,
  type Step,
  type StepAccount,
} from './plan.ts';
import { planRemovals } from './plan-removals.ts';
import { resolveReferences } from './resolve-references.ts';
import { keyOf, type Values } from './value.ts';

export type Planned = { ok: true; plan: Plan } | { ok: false; problems: FileProblem[] };

/**
 * Finds the accounts of the store that those of the file are.
 * @param present every account of the store.
 */
export function matchAccounts<Account extends PresentRecord>(
  wanted: readonly WantedAccount[],
  present: readonly Account[],
):
  | { ok: true; matches: { wanted: WantedAccount; present: Account | undefined }[] }
  | { ok: false; problems: FileProblem[] } {
  const problems: FileProblem[] = [];
  const unmatched = wanted.map((account) => ({ wanted: account, values: account.values }));
  const { matches } = matchRecords(accountKind, unmatched, present, createNoteRecord(problems));
  if (problems.length > 0) return { ok: false, problems: sortProblems(problems) };
  return {
    ok: true,
    matches: matches.map((match, index) => ({
      wanted: wanted[index] as WantedAccount,
      present: match.present as Account | undefined,
    })),
  };
}

/** What has to be done so that the store has what the file says; or every problem of the file. */
export function planChanges(
  accounts: readonly { wanted: WantedAccount; present: PresentAccount | undefined }[],
  options: PlanOptions,
): Planned {
  const problems: FileProblem[] = [];
  const note = createNoteRecord(problems);
  const plan: Plan = { steps: [], kept: [] };
  for (const { wanted, present } of accounts) {
    const { steps, kept } = planAccount(wanted, present, options, note);
    plan.steps.push(...steps);
    plan.kept.push(...kept);
  }
  return problems.length === 0 ? { ok: true, plan } : { ok: false, problems: sortProblems(problems) };
}

function planAccount(
  wanted: WantedAccount,
  present: PresentAccount | undefined,
  options: PlanOptions,
  note: NoteRecord,
): Plan {
  const account: StepAccount = { name: `${(present ?? wanted).values.name}`, id: present?.id };
  const sections = matchSections(wanted, present, options, note);
  const own = planRecord(account, { wanted, present, values: wanted.values }, [], { options, note });
  const writes = sections.flatMap(({ matches, left }) =>
    matches.flatMap((match) => planRecord(account, match, left, { options, note })),
  );
  const removals = planRemovals(account, sections, options);
  return { steps: [...own, ...writes, ...removals.steps], kept: removals.kept };
}

function matchSections(
  wanted: WantedAccount,
  present: PresentAccount | undefined,
  options: PlanOptions,
  note: NoteRecord,
): MatchedSection[] {
  const referred = new Map<string, MatchedSection>();
  for (const kind of SECTION_KINDS) {
    const named = wanted.sections.get(kind.section);
    const records = (named ?? []).map((record) => ({
      wanted: record,
      values: resolveReferences(record, referred, options, note),
    }));
    const matched = matchRecords(kind, records, present?.sections.get(kind.section) ?? [], note);
    referred.set(kind.name, { kind, isNamed: named !== undefined, ...matched });
  }
  return [...referred.values()];
}

/** One step at most: the record is made, changed, or as it should be. */
function planRecord(
  account: StepAccount,
  { wanted, present, values }: Match,
  left: readonly PresentRecord[],
  { options, note }: { options: PlanOptions; note: NoteRecord },
): Step[] {
  const { kind } = wanted;
  const changes = findChanges(kind, values, present?.values);
  for (const { field } of changes) {
    const isFixed = kind.fields.find(({ name }) => name === field)?.isFixed === true;
    if (isFixed && present !== undefined)
      note(wanted, field, `cannot be changed: leave the id out to make another ${kind.name}`);
  }
  if (present !== undefined && changes.length === 0) return [];
  const whole = { ...defaultsOf(kind), ...present?.values, ...values };
  const noteNamed = (field: string, message: string): void => {
    // A rule about a field that the file does not name is none of the file's.
    if (wanted.places.has(field)) note(wanted, field, message);
  };
  kind.check?.(whole, noteNamed);
  const written = Object.fromEntries(changes.map(({ field, after }) => [field, after]));
  kind.checkWrite?.(written, options.nowMs, noteNamed);
  const action = present === undefined ? 'create' : 'update';
  const label = kind.describe(present?.values ?? whole);
  const replaced = present === undefined && left.some((record) => isSameEnded(record, values));
  const said = replaced ? 'one of this name is revoked: this is a new one' : undefined;
  return [{ action, kind, account, id: present?.id, label, changes, values: whole, note: said }];
}

function findChanges(kind: Kind, values: Values, present: Values | undefined): FieldChange[] {
  return kind.fields.flatMap(({ name }): FieldChange[] => {
    const after = values[name];
    if (after === undefined || (present === undefined && after === null)) return [];
    const before = present?.[name];
    return present !== undefined && keyOf(after) === keyOf(before) ? [] : [{ field: name, before, after }];
  });
}

function defaultsOf({ fields }: Kind): Values {
  return Object.fromEntries(fields.flatMap(({ name, default: value }) => (value === undefined ? [] : [[name, value]])));
}

function isSameEnded({ end, kind, values }: PresentRecord, wanted: Values): boolean {
  return end === 'revoked' && kind.identities[0]?.(values) === kind.identities[0]?.(wanted);
}
