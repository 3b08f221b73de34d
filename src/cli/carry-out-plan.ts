import { createHash } from 'node:crypto';
import type { Field, Kind } from '../organisation/kind.ts';
import { accountKind } from '../organisation/kinds/account-kind.ts';
import type { Step } from '../organisation/plan.ts';
import { presentRecord } from '../organisation/present-account.ts';
import { isReference, keyOf, type Value } from '../organisation/value.ts';
import type { AdminCall } from './admin-client.ts';
import type { CliSession } from './cli-session.ts';
import { AdminRefusal, CliFailure, EXIT_CODES } from './exit-codes.ts';

/** A key that was made, with its secret. */
export interface MadeKey {
  account: string;
  name: string;
  id: string;
  /** Undefined: it was shown when the key was made, which was not by this command. */
  secret: string | undefined;
}

export interface CarryOutOptions {
  onDone(step: Step): void;
  onKey(key: MadeKey): void;
}

/** How often in the life of its idempotency keys one and the same change can be made, undone and made again. */
const MAX_REPEATS = 100;

type Write = Omit<AdminCall, 'idempotencyKey' | 'method'> & { method: 'POST' | 'PATCH' | 'DELETE' };

/** Does the steps in their order. @throws CliFailure at the first that is refused or not answered. */
export async function carryOutPlan(
  session: CliSession,
  steps: readonly Step[],
  { onDone, onKey }: CarryOutOptions,
): Promise<void> {
  /** Ids of what was made, by account and name. */
  const made = new Map<string, string>();
  for (const step of steps) {
    const accountId = step.account.id ?? made.get(nameMade(accountKind, step.account.name)) ?? '';
    const idOf = (value: Value): string => findId(value, made, accountId);
    const record = await carryOut(session, step, composeWrite(step, accountId, idOf), idOf);
    if (step.action === 'create' && record !== undefined) {
      const id = `${record.id}`;
      made.set(nameMade(step.kind, step.label, step.kind === accountKind ? '' : accountId), id);
      const { secret } = record;
      if (step.kind.removal === 'revoke')
        onKey({
          account: step.account.name,
          name: step.label,
          id,
          secret: typeof secret === 'string' ? secret : undefined,
        });
    }
    onDone(step);
  }
}

function nameMade({ name: kind }: Pick<Kind, 'name'>, name: string, accountId = ''): string {
  return JSON.stringify([kind, name, accountId]);
}

function findId(value: Value, made: ReadonlyMap<string, string>, accountId: string): string {
  if (!isReference(value)) throw new TypeError('only references have an id');
  const id = value.id ?? made.get(nameMade({ name: value.refer }, value.name ?? '', accountId));
  if (id === undefined) throw new Error(`the plan makes no ${value.refer} ${value.name} before it is referred to`);
  return id;
}

function composeWrite(step: Step, accountId: string, idOf: (value: Value) => string): Write {
  const { action, kind, id = '' } = step;
  const list = kind === accountKind ? [kind.section] : [accountKind.section, accountId, kind.section];
  const body = Object.fromEntries(
    step.changes.map(({ field, after }) => {
      const known = kind.fields.find(({ name }) => name === field) as Field;
      return [known.apiName ?? field, known.toApi === undefined ? after : known.toApi(after, idOf)];
    }),
  );
  switch (action) {
    case 'create':
      return { method: 'POST', path: list, body };
    case 'update':
      return { method: 'PATCH', path: [...list, id], body };
    case 'delete':
      return { method: 'DELETE', path: [...list, id] };
    case 'revoke':
      return { method: 'POST', path: [...list, id, 'revoke'], body: {} };
  }
}

/**
 * Sends a write under a key that is made of it and of what it changes, so that one whose answer was lost is finished
 * and not done again. An answer given again is that of an earlier run: where it is not what is there, since somebody
 * has undone it meanwhile, the write is sent as a new one.
 */
async function carryOut(
  session: CliSession,
  step: Step,
  write: Write,
  idOf: (value: Value) => string,
): Promise<{ [field: string]: unknown } | undefined> {
  const before = step.changes.map((change) => keyOf(change.before));
  const content = JSON.stringify([session.idempotencyKey ?? '', write, before]);
  const name = createHash('sha256').update(content).digest('hex').slice(0, 40);
  for (let repeat = 0; repeat < MAX_REPEATS; repeat += 1) {
    try {
      const { json, isReplayed } = await session.callUnder(`apply-${name}-${repeat}`, write);
      const record = json as { [field: string]: unknown } | undefined;
      if (!isReplayed || (await isInForce(session, step, write, record, idOf))) return record;
    } catch (error) {
      // A refusal of another day: what it was refused for may be mended.
      if (!(error instanceof AdminRefusal && error.isReplayed)) throw error;
    }
  }
  throw new CliFailure('the same change was made and undone too often within two days', EXIT_CODES.refused);
}

/** What is gone does not come back; what was changed, or made, may have been changed since. */
async function isInForce(
  session: CliSession,
  { action, kind, values }: Step,
  { path }: Write,
  record: { [field: string]: unknown } | undefined,
  idOf: (value: Value) => string,
): Promise<boolean> {
  if (action === 'delete' || action === 'revoke') return true;
  if (action === 'update') return false;
  try {
    const { json } = await session.call({ method: 'GET', path: [...path, `${record?.id}`] });
    const present = presentRecord(kind, json as { [field: string]: unknown });
    const resolve = (value: Value): Value => (isReference(value) ? { ...value, id: idOf(value) } : value);
    const isSame = Object.entries(values).every(
      ([field, value]) => keyOf(resolve(value)) === keyOf(present.values[field]),
    );
    return isSame && present.end === undefined;
  } catch (error) {
    if (error instanceof AdminRefusal && error.status === 404) return false;
    throw error;
  }
}
