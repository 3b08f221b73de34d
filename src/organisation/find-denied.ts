import type { FileProblem } from './cursor.ts';
import type { Kind, Permission, WantedOrganisation } from './kind.ts';
import { accountKind } from './kinds/account-kind.ts';
import type { Step } from './plan.ts';
import { describeStep } from './present-plan.ts';

/** Who reads and applies, as the admin API tells of a token. */
export interface Bearer {
  readonly permissions: readonly string[];
  /** Whether the whole installation is his. */
  readonly isOfInstallation: boolean;
}

/** Whether he sees the records of a kind; undefined: yes, else what that needs. */
export function findUnseen({ access, owner }: Kind, bearer: Bearer): string | undefined {
  if (owner === 'installation' && !bearer.isOfInstallation) return 'a token of the whole installation';
  return bearer.permissions.includes(access.read) ? undefined : access.read;
}

/** For people: which section is missing, and why. */
export function describeUnseen(kind: Kind, bearer: Bearer): string[] {
  const needed = findUnseen(kind, bearer);
  const whose = kind.owner === 'installation' ? ' of the installation' : '';
  return needed === undefined
    ? []
    : [`${kind.section}${whose}, which ${kind.isSingle === true ? 'needs' : 'need'} ${needed}`];
}

/** Sections of a file that he cannot compare with what is there, each at its place. */
export function findUnseenSections({ accounts, sections }: WantedOrganisation, bearer: Bearer): FileProblem[] {
  const all = [sections, ...accounts.map((account) => account.sections)];
  const records = all.flatMap((one) => [...one.values()].flatMap((section) => section.slice(0, 1)));
  return records.flatMap(({ kind, path, place: { line, column } }) => {
    const message = describeUnseen(kind, bearer).map((one) => `must be left out: this token does not see ${one}`)[0];
    return message === undefined ? [] : [{ line, column, path, message }];
  });
}

/** What of a plan is not his to do, each with what it needs. The admin API judges again. */
export function findDenied(steps: readonly Step[], { permissions }: Bearer): { step: Step; message: string }[] {
  return steps.flatMap((step) => {
    const denied = permissionsOf(step).find((permission) => !permissions.includes(permission));
    return denied === undefined ? [] : [{ step, message: `${describeStep(step)} needs ${denied}` }];
  });
}

function permissionsOf({ action, kind, changes }: Step): Permission[] {
  const { write, create = write } = kind.access;
  if (action === 'create') return [create];
  if (kind !== accountKind || action !== 'update') return [write];
  return changes.map(({ field }) => kind.fields.find(({ name }) => name === field)?.permission ?? write);
}
