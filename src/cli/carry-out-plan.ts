import { createHash } from 'node:crypto';
import { type ApiRecord, type Environment, type Field, type Kind, nameOf, refersAs } from '../organisation/kind.ts';
import { accountKind } from '../organisation/kinds/account-kind.ts';
import type { Step } from '../organisation/plan.ts';
import { presentRecord } from '../organisation/present-sections.ts';
import { isReference, isReferences, keyOf, type Value } from '../organisation/value.ts';
import type { AdminCall } from './admin-client.ts';
import type { CliSession } from './cli-session.ts';
import { AdminRefusal, CliFailure, EXIT_CODES } from './exit-codes.ts';
import { locateKind } from './locate-kind.ts';
import { readList } from './read-organisation.ts';

/** A key or a channel that was made, with its secret. */
export interface MadeSecret {
  kind: string;
  /** Undefined: it is the installation's. */
  account: string | undefined;
  name: string;
  id: string;
  /** Undefined: it was shown when the key was made, which was not by this command. */
  secret: string | undefined;
}

export interface CarryOutOptions {
  onDone(step: Step): void;
  onSecret(made: MadeSecret): void;
  /** Holds the secrets of channels. */
  environment: Environment;
}

/** How often in the life of its idempotency keys one and the same change can be made, undone and made again. */
const MAX_REPEATS = 100;

type Write = Omit<AdminCall, 'idempotencyKey' | 'method'> & { method: 'POST' | 'PUT' | 'PATCH' | 'DELETE' };

/** Does the steps in their order. @throws CliFailure at the first that is refused or not answered. */
export async function carryOutPlan(
  session: CliSession,
  steps: readonly Step[],
  { onDone, onSecret, environment }: CarryOutOptions,
): Promise<void> {
  /** Ids of what was made, by account and name. */
  const made = new Map<string, string>();
  for (const step of steps) {
    const { account } = step;
    const accountId =
      account === undefined ? undefined : (account.id ?? made.get(nameMade(accountKind.name, account.name)) ?? '');
    const idOf = (value: Value): string => findId(value, made, accountId);
    const record = await carryOut(session, step, composeWrite(step, accountId, idOf, environment), { accountId, idOf });
    if (step.action === 'create' && record !== undefined) {
      const id = `${record.id}`;
      const { kind, values, label: name } = step;
      made.set(nameMade(refersAs(kind), nameOf(kind, values), kind === accountKind ? '' : accountId), id);
      const secret = typeof record.secret === 'string' ? record.secret : undefined;
      if (kind.isSecretMade?.(values) === true) onSecret({ kind: kind.name, account: account?.name, name, id, secret });
    }
    onDone(step);
  }
}

function nameMade(kind: string, name: string, accountId = ''): string {
  return JSON.stringify([kind, name, accountId]);
}

function findId(value: Value, made: ReadonlyMap<string, string>, accountId: string | undefined): string {
  if (!isReference(value)) throw new TypeError('only references have an id');
  const id =
    value.id ?? made.get(nameMade(value.refer, value.name ?? '', value.refer === 'installation' ? '' : accountId));
  if (id === undefined) throw new Error(`the plan makes no ${value.refer} ${value.name} before it is referred to`);
  return id;
}

function composeWrite(
  step: Step,
  accountId: string | undefined,
  idOf: (value: Value) => string,
  environment: Environment,
): Write {
  const { action, kind, id = '', values, changes } = step;
  const { path, query } = locateKind(kind, accountId);
  const compose = (entries: readonly [string, Value][]): { [field: string]: unknown } =>
    Object.fromEntries(
      entries.map(([field, value]) => {
        const known = kind.fields.find(({ name }) => name === field) as Field;
        return [known.apiName ?? field, known.toApi === undefined ? value : known.toApi(value, idOf, environment)];
      }),
    );
  // It is always there, and its terms belong together.
  if (kind.isSingle === true)
    return { method: 'PUT', path, body: compose(Object.entries(values).filter(([, value]) => value !== null)) };
  const body = compose(changes.map(({ field, after }) => [field, after]));
  switch (action) {
    case 'create':
      return { method: 'POST', path, body: { ...query, ...body } };
    case 'update':
      return { method: 'PATCH', path: [...path, id], body };
    case 'delete':
      return { method: 'DELETE', path: [...path, id] };
    case 'revoke':
      return { method: 'POST', path: [...path, id, 'revoke'], body: {} };
  }
}

interface Resent {
  accountId: string | undefined;
  /** As it was answered. */
  record: ApiRecord | undefined;
  idOf: (value: Value) => string;
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
  { accountId, idOf }: Omit<Resent, 'record'>,
): Promise<ApiRecord | undefined> {
  const before = step.changes.map((change) => keyOf(change.before));
  const content = JSON.stringify([session.idempotencyKey ?? '', write, before]);
  const name = createHash('sha256').update(content).digest('hex').slice(0, 40);
  for (let repeat = 0; repeat < MAX_REPEATS; repeat += 1) {
    try {
      const { json, isReplayed } = await session.callUnder(`apply-${name}-${repeat}`, write);
      const record = json as ApiRecord | undefined;
      if (!isReplayed || (await isInForce(session, step, { accountId, record, idOf }))) return record;
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
  { accountId, record, idOf }: Resent,
): Promise<boolean> {
  if (action === 'delete' || action === 'revoke') return true;
  if (action === 'update' || kind.isSingle === true) return false;
  const there = await findRecord(session, kind, accountId, `${record?.id}`);
  if (there === undefined) return false;
  const present = presentRecord(kind, there);
  const resolve = (value: Value): Value => {
    if (isReferences(value)) return value.map((one) => ({ ...one, id: idOf(one) }));
    return isReference(value) ? { ...value, id: idOf(value) } : value;
  };
  const isWriteOnly = (field: string): boolean =>
    kind.fields.some(({ name, isWriteOnly: only }) => name === field && only === true);
  const isSame = Object.entries(values).every(
    ([field, value]) => isWriteOnly(field) || keyOf(resolve(value)) === keyOf(present.values[field]),
  );
  return isSame && present.end === undefined;
}

/** Channels are few, and are shown in their list alone. */
async function findRecord(
  session: CliSession,
  kind: Kind,
  accountId: string | undefined,
  id: string,
): Promise<ApiRecord | undefined> {
  if (kind.name === 'channel') return (await readList(session, kind, accountId)).find((one) => one.id === id);
  try {
    const { json } = await session.call({ method: 'GET', path: [...locateKind(kind, accountId).path, id] });
    return json as ApiRecord;
  } catch (error) {
    if (error instanceof AdminRefusal && error.status === 404) return undefined;
    throw error;
  }
}
