import type { PresentRecord } from './kind.ts';
import type { KeptRecord, MatchedSection, PlanOptions, Step, StepAccount } from './plan.ts';
import { isReference, isReferences, type Value } from './value.ts';

const WITHOUT_PRUNE = 'is not in the file; --prune deletes it';
const WITHOUT_PRUNE_KEY = 'is not in the file; --prune with --yes revokes it';
const WITHOUT_YES = 'is not in the file; a key is revoked only with --yes';

interface Removals {
  /** Alerts first, then channels, quotas, keys, members and teams: nothing goes before what refers to it. */
  steps: Step[];
  kept: KeptRecord[];
}

/**
 * What goes because a section of the file does not have it, and what stays.
 * @param users what stays elsewhere and may belong to one of these.
 */
export function planRemovals(
  account: StepAccount | undefined,
  sections: readonly MatchedSection[],
  options: PlanOptions,
  users: readonly PresentRecord[] = [],
): Removals {
  const kept: KeptRecord[] = [];
  const going = new Set<PresentRecord>();
  const reversed = sections.toReversed();
  const records = reversed.flatMap((section) => section.left.map((record) => ({ section, record })));
  for (const { section, record } of records.filter(({ record }) => record.end === undefined && !record.isBuiltIn)) {
    const reason = section.isNamed ? findReasonToStay(record, options) : undefined;
    if (section.isNamed && reason === undefined) going.add(record);
    if (reason !== undefined) kept.push(keep(account, record, reason));
  }
  // From the keys on: a key that stays keeps its member, and a member its team.
  for (const record of [...going]) {
    const others = [...records.map((one) => one.record), ...users];
    const user = others.find((other) => isHolding(other, record, going));
    if (user === undefined) continue;
    going.delete(record);
    const { kind, values } = user;
    const holds = kind.name === 'alert' ? 'names it' : 'belongs to it';
    kept.push(keep(account, record, `is not in the file, but ${kind.name} ${kind.describe(values)} ${holds}`));
  }
  const quotas = records.filter(({ record }) => record.kind.name === 'quota' && isOnGoing(record, going));
  for (const { record } of quotas) going.add(record);
  const steps = records.flatMap(({ record }) => [
    ...(going.has(record) ? [remove(account, record)] : []),
    ...detach(account, record, going),
  ]);
  return { steps, kept };
}

function findReasonToStay({ kind }: PresentRecord, { prune, revokes }: PlanOptions): string | undefined {
  if (!prune) return kind.removal === 'revoke' ? WITHOUT_PRUNE_KEY : WITHOUT_PRUNE;
  return kind.removal === 'revoke' && !revokes ? WITHOUT_YES : undefined;
}

function keep(account: StepAccount | undefined, record: PresentRecord, reason: string): KeptRecord {
  const { kind, id, values } = record;
  return { kind, account, id, label: kind.describe(values), reason };
}

/** Whether a record stays and belongs to one that is to go. What has ended lets go of its owner, and quotas hold nothing. */
function isHolding(user: PresentRecord, owner: PresentRecord, going: ReadonlySet<PresentRecord>): boolean {
  return user.kind.name !== 'quota' && user.end === undefined && !going.has(user) && refersTo(user, owner);
}

function refersTo({ values }: PresentRecord, { id }: PresentRecord): boolean {
  const isIt = (value: Value): boolean => isReference(value) && value.id === id;
  return Object.values(values).some((value) => (isReferences(value) ? value.some(isIt) : isIt(value)));
}

function isOnGoing(quota: PresentRecord, going: ReadonlySet<PresentRecord>): boolean {
  return [...going].some((record) => refersTo(quota, record));
}

function remove(account: StepAccount | undefined, { kind, id, values }: PresentRecord): Step {
  const action = kind.removal === 'revoke' ? 'revoke' : 'delete';
  return { action, kind, account, id, label: kind.describe(values), changes: [], values, note: undefined };
}

/** An owner cannot go while a key names it, and be the key long revoked. */
function detach(account: StepAccount | undefined, record: PresentRecord, going: ReadonlySet<PresentRecord>): Step[] {
  const { kind, id, values, end } = record;
  if (kind.removal !== 'revoke' || (end === undefined && !going.has(record))) return [];
  const goingIds = new Set([...going].map((one) => one.id));
  const isLost = (value: Value): boolean => isReference(value) && goingIds.has(value.id ?? '');
  const lost = Object.entries(values).filter(([, value]) => isLost(value));
  if (lost.length === 0) return [];
  const changes = lost.map(([field, before]) => ({ field, before, after: null }));
  const left = { ...values, ...Object.fromEntries(lost.map(([field]) => [field, null])) };
  const note = `${end ?? 'revoked'}; lets go of what is to be deleted`;
  return [{ action: 'update', kind, account, id, label: kind.describe(values), changes, values: left, note }];
}
