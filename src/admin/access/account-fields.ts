import { type Caller, mayDo } from './caller.ts';

/** What an account's owner decides. The rest decides over money, or over whether an operator's measure stays. */
const OWNERS_FIELDS: ReadonlySet<string> = new Set(['name', 'timezone', 'on_disconnect', 'low_balance_usd']);

/** Why a change of an account is not the caller's to make; undefined where every field is. */
export function findDeniedFields(caller: Pick<Caller, 'permissions'>, body: object): string | undefined {
  const needed = (field: string) => (OWNERS_FIELDS.has(field) ? 'account.write' : 'money.write');
  const denied = Object.keys(body).find((field) => !mayDo(caller, needed(field)));
  return denied === undefined ? undefined : `Changing ${denied} needs ${needed(denied)}.`;
}
