import { type FileProblem, sortProblems } from './cursor.ts';
import {
  type Kind,
  type PresentAccount,
  type PresentRecord,
  type PresentSections,
  refersAs,
  type WantedAccount,
  type WantedSections,
} from './kind.ts';
import { accountKind } from './kinds/account-kind.ts';
import { INSTALLATION_KINDS, SECTION_KINDS } from './kinds.ts';
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
import { presentRecord } from './present-sections.ts';
import { type Referred, resolveReferences } from './resolve-references.ts';
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

export interface ToPlan {
  accounts: readonly { wanted: WantedAccount; present: PresentAccount | undefined }[];
  /** Undefined: the token does not see what is the installation's. */
  installation: { wanted: WantedSections; present: PresentSections } | undefined;
}

/** How far a plan has come. */
interface Planning {
  options: PlanOptions;
  note: NoteRecord;
}

/** What has to be done so that the store has what the file says; or every problem of the file. */
export function planChanges({ accounts, installation }: ToPlan, options: PlanOptions): Planned {
  const problems: FileProblem[] = [];
  const planning = { options, note: createNoteRecord(problems) };
  const sections = installation === undefined ? [] : matchInstallation(installation, planning);
  const writes = sections.flatMap((section) => planSection(undefined, section, planning));
  const channels = new Map(sections.map((section) => [refersAs(section.kind), section]));
  const plans = accounts.map(({ wanted, present }) => planAccount(wanted, present, channels, planning));
  const removals = planRemovals(
    undefined,
    sections,
    options,
    plans.flatMap(({ staying }) => staying),
  );
  const plan: Plan = {
    steps: [...writes, ...plans.flatMap(({ steps }) => steps), ...removals.steps],
    kept: [...plans.flatMap(({ kept }) => kept), ...removals.kept],
  };
  return problems.length === 0 ? { ok: true, plan } : { ok: false, problems: sortProblems(problems) };
}

function matchInstallation(
  { wanted, present }: NonNullable<ToPlan['installation']>,
  planning: Planning,
): MatchedSection[] {
  return matchSections(INSTALLATION_KINDS, { wanted, present, outer: new Map() }, planning);
}

/** `staying`: what the account has besides the file, and keeps. */
function planAccount(
  wanted: WantedAccount,
  present: PresentAccount | undefined,
  channels: Referred,
  planning: Planning,
): Plan & { staying: PresentRecord[] } {
  const account: StepAccount = { name: `${(present ?? wanted).values.name}`, id: present?.id };
  const inner = { wanted: wanted.sections, present: present?.sections ?? new Map(), outer: channels };
  const sections = matchSections(SECTION_KINDS, inner, planning);
  const own = planRecord(account, { wanted, present, values: wanted.values }, [], planning);
  const settings = { ...defaultsOf(accountKind), ...present?.values, ...wanted.values };
  for (const { matches } of sections) {
    for (const { wanted: record, values } of matches)
      record.kind.checkWithin?.(values, settings, (field, message) => planning.note(record, field, message));
  }
  const writes = sections.flatMap((section) => planSection(account, section, planning));
  const removals = planRemovals(account, sections, planning.options);
  const gone = new Set(removals.steps.filter(({ action }) => action !== 'update').map(({ id }) => id));
  const staying = sections.flatMap(({ left }) => left.filter(({ id }) => !gone.has(id)));
  return { steps: [...own, ...writes, ...removals.steps], kept: removals.kept, staying };
}

function planSection(account: StepAccount | undefined, { matches, left }: MatchedSection, planning: Planning): Step[] {
  return matches.flatMap((match) => planRecord(account, match, left, planning));
}

interface Sections {
  wanted: WantedSections;
  present: PresentSections;
  /** What these may refer to besides. */
  outer: Referred;
}

function matchSections(
  kinds: readonly Kind[],
  { wanted, present, outer }: Sections,
  { options, note }: Planning,
): MatchedSection[] {
  const referred = new Map(outer);
  const sections: MatchedSection[] = [];
  for (const kind of kinds) {
    const named = wanted.get(kind.section);
    const records = (named ?? []).map((record) => ({
      wanted: record,
      values: resolveReferences(record, referred, options, note),
    }));
    // Of a new account it is as it is at first.
    const first = kind.isSingle === true ? [presentRecord(kind, {})] : [];
    const matched = matchRecords(kind, records, present.get(kind.section) ?? first, note);
    const section = { kind, isNamed: named !== undefined, ...matched };
    sections.push(section);
    referred.set(refersAs(kind), section);
    // Among its own an owner's channels go by their names alone.
    if (kind.name === 'channel') referred.set(kind.name, section);
  }
  return sections;
}

/** One step at most: the record is made, changed, or as it should be. */
function planRecord(
  account: StepAccount | undefined,
  { wanted, present, values }: Match,
  left: readonly PresentRecord[],
  { options, note }: Planning,
): Step[] {
  const { kind } = wanted;
  const changes = findChanges(kind, values, present?.values);
  if (present?.isBuiltIn === true && kind.name === 'channel' && changes.length > 0)
    note(wanted, undefined, 'is the built-in channel: it is what ALERT_WEBHOOK_URL says');
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
  if (present === undefined)
    kind.checkNew?.(whole, options.environment, (field, message) => note(wanted, field, message));
  const action = present === undefined ? 'create' : 'update';
  const label = kind.describe(present?.values ?? whole);
  const replaced = present === undefined && left.some((record) => isSameEnded(record, values));
  const said = replaced ? 'one of this name is revoked: this is a new one' : undefined;
  return [{ action, kind, account, id: present?.id, label, changes, values: whole, note: said }];
}

function findChanges(kind: Kind, values: Values, present: Values | undefined): FieldChange[] {
  return kind.fields.flatMap(({ name, isWriteOnly }): FieldChange[] => {
    const after = values[name];
    if (present !== undefined && isWriteOnly === true) return [];
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
