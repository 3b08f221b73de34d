import { accountKind } from './kinds/account-kind.ts';
import type { FieldChange, KeptRecord, Plan, Step, StepAccount } from './plan.ts';
import { isReference, isReferences, showValue, type Value } from './value.ts';

/** A line of a diff. `sign` says what becomes of it; lines of fields have none. */
export interface DiffLine {
  sign: '+' | '-' | '~' | ' ';
  text: string;
}

const SIGNS = { create: '+', update: '~', delete: '-', revoke: '-' } as const;

/** The plan as a diff for people. */
export function diffLines(steps: readonly Step[]): DiffLine[] {
  return steps.flatMap((step) => [
    { sign: SIGNS[step.action], text: describeStep(step) },
    ...step.changes.map((change): DiffLine => ({ sign: ' ', text: `    ${describeChange(step, change)}` })),
  ]);
}

/** `Acme: team Research` */
export function describeStep({ action, kind, account, label, note }: Step): string {
  const what = kind === accountKind ? `account ${label}` : `${nameOwner(account)}: ${kind.name} ${label}`;
  const said = [...(action === 'revoke' ? ['revoked for good'] : []), ...(note === undefined ? [] : [note])];
  return said.length === 0 ? what : `${what} (${said.join('; ')})`;
}

function describeChange({ action }: Step, { field, before, after }: FieldChange): string {
  return action === 'create' ? `${field}: ${showValue(after)}` : `${field}: ${showValue(before)} → ${showValue(after)}`;
}

/** `2 to create, 1 to change` */
export function countSteps(steps: readonly Step[]): string {
  const words = { create: 'to create', update: 'to change', delete: 'to delete', revoke: 'to revoke' } as const;
  const counts = Object.entries(words).map(([action, word]) => ({
    count: steps.filter((step) => step.action === action).length,
    word,
  }));
  return counts.flatMap(({ count, word }) => (count === 0 ? [] : [`${count} ${word}`])).join(', ');
}

export function describeKept({ kind, account, label, reason }: KeptRecord): string {
  return `${nameOwner(account)}: ${kind.name} ${label} stays: it ${reason}`;
}

function nameOwner(account: StepAccount | undefined): string {
  return account?.name ?? 'installation';
}

function presentOwner(account: StepAccount | undefined) {
  return account === undefined ? null : { id: account.id ?? null, name: account.name };
}

/** The plan for scripts. `done` counts the steps that were carried out. */
export function planJson({ steps, kept }: Plan, done: number) {
  return {
    changes: steps.map((step, index) => ({
      action: step.action,
      kind: step.kind.name,
      account: presentOwner(step.account),
      id: step.id ?? null,
      label: step.label,
      fields: step.changes.map(({ field, before, after }) => ({
        field,
        before: plain(before),
        after: plain(after),
      })),
      note: step.note ?? null,
      done: index < done,
    })),
    kept: kept.map(({ kind, account, id, label, reason }) => ({
      kind: kind.name,
      account: presentOwner(account),
      id,
      label,
      reason,
    })),
  };
}

function plain(value: Value | undefined): unknown {
  if (isReferences(value)) return value.map(plain);
  if (isReference(value)) return { [value.refer]: value.name ?? null, id: value.id ?? null };
  return value ?? null;
}
