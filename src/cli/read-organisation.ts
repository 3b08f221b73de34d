import { type Bearer, findUnseen } from '../organisation/find-denied.ts';
import type { ApiRecord, Kind, PresentAccount, PresentRecord, PresentSections } from '../organisation/kind.ts';
import { accountKind } from '../organisation/kinds/account-kind.ts';
import { INSTALLATION_KINDS, SECTION_KINDS } from '../organisation/kinds.ts';
import { presentRecord, presentSections } from '../organisation/present-sections.ts';
import type { CliSession } from './cli-session.ts';
import { listAll } from './list-all.ts';
import { locateKind } from './locate-kind.ts';

/** An account without its sections, and what the admin API shows of it. */
export interface ListedAccount extends PresentRecord {
  record: ApiRecord;
}

/** Every account there is. */
export async function listAccounts(session: CliSession): Promise<ListedAccount[]> {
  const accounts: ListedAccount[] = [];
  for await (const record of listAll<ApiRecord & { id: string }>(session, [accountKind.section]))
    accounts.push({ ...presentRecord(accountKind, record), record });
  return accounts;
}

/** What may be seen of an account. */
export async function readAccount(
  session: CliSession,
  account: ListedAccount,
  installation: PresentSections | undefined,
  bearer: Bearer,
): Promise<PresentAccount> {
  const { record, ...present } = account;
  return {
    ...present,
    sections: presentSections(await readLists(session, SECTION_KINDS, bearer, account.id), installation),
  };
}

/** What the installation has of its own; undefined where that is not the token's to see. */
export async function readInstallation(session: CliSession, bearer: Bearer): Promise<PresentSections | undefined> {
  if (INSTALLATION_KINDS.some((kind) => findUnseen(kind, bearer) !== undefined)) return undefined;
  return presentSections(await readLists(session, INSTALLATION_KINDS, bearer, undefined), new Map());
}

export async function readBearer(session: CliSession): Promise<Bearer> {
  const { json } = await session.call({ method: 'GET', path: ['whoami'] });
  const { permissions, scope } = json as { permissions: string[]; scope: { type: string } };
  return { permissions, isOfInstallation: scope.type === 'installation' };
}

async function readLists(
  session: CliSession,
  kinds: readonly Kind[],
  bearer: Bearer,
  accountId: string | undefined,
): Promise<Map<Kind, ApiRecord[]>> {
  const lists = new Map<Kind, ApiRecord[]>();
  for (const kind of kinds.filter((one) => findUnseen(one, bearer) === undefined))
    lists.set(kind, await readList(session, kind, accountId));
  return lists;
}

/** The records of one kind of an owner, or the one that there is. */
export async function readList(session: CliSession, kind: Kind, accountId: string | undefined): Promise<ApiRecord[]> {
  const { path, query } = locateKind(kind, accountId);
  if (kind.isSingle === true) {
    const { json } = await session.call({ method: 'GET', path });
    return [{ id: accountId, ...(json as ApiRecord) }];
  }
  const records: ApiRecord[] = [];
  for await (const one of listAll<ApiRecord & { id: string }>(session, path, query)) records.push(one);
  return records;
}
