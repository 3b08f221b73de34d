import type { ApiRecord, Kind, PresentAccount, PresentRecord } from '../organisation/kind.ts';
import { accountKind } from '../organisation/kinds/account-kind.ts';
import { SECTION_KINDS } from '../organisation/kinds.ts';
import { presentAccount, presentRecord } from '../organisation/present-account.ts';
import type { CliSession } from './cli-session.ts';
import { listAll } from './list-all.ts';

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

/** An account with all that belongs to it. */
export async function readAccount(session: CliSession, { id, record }: ListedAccount): Promise<PresentAccount> {
  const sections = new Map<Kind, ApiRecord[]>();
  for (const kind of SECTION_KINDS) {
    const path = [accountKind.section, id, kind.section];
    const records: ApiRecord[] = [];
    for await (const one of listAll<ApiRecord & { id: string }>(session, path)) records.push(one);
    sections.set(kind, records);
  }
  return presentAccount(record, sections);
}
