import type { Created, Page } from '../../directory/directory.ts';
import { DirectoryUnavailable } from '../../directory/directory.ts';
import { clampLimit } from '../../directory/page-limit.ts';
import { type DirectoryRecord, fingerprintRecord, writeRecord } from '../../directory/record-json.ts';
import { readWord } from './read-reply.ts';
import type { RedisDirectoryContext } from './redis-directory-context.ts';
import { type DirectoryTable, directoryKeys } from './redis-keys.ts';

/** A record of any kind. An account has no `accountId`: it is its own. */
export interface OwnedRecord extends DirectoryRecord {
  accountId?: string;
  teamId?: string;
  memberId?: string;
}

/** One kind of record. `accountId` is undefined for accounts themselves. */
export interface RedisRecordTable<T extends OwnedRecord> {
  find(accountId: string | undefined, id: string): Promise<T | undefined>;
  list(accountId: string | undefined, page: Page): Promise<T[]>;
  /** `secretHash` shall find the record. */
  create(record: T, secretHash?: string): Promise<Created<T>>;
  /** Replaces the record by what `change` makes of it; undefined when it, or what it would name, is not there. */
  change(accountId: string | undefined, id: string, change: (record: T) => T): Promise<T | undefined>;
  delete(accountId: string, id: string): Promise<'deleted' | 'not_found' | 'in_use'>;
}

export interface RedisRecordTableOptions<T> {
  table: DirectoryTable;
  read: (text: string) => T;
  /** The hashes of secrets that find a record; none for most kinds. */
  secretHashes?: (record: T) => readonly string[];
  /** The key in which they do; that of API keys unless given. */
  secrets?: string;
}

/** Writers of one record seldom meet; each round at least one of them gets through. */
const ATTEMPTS_MAX = 50;

export function createRedisRecordTable<T extends OwnedRecord>(
  context: RedisDirectoryContext,
  options: RedisRecordTableOptions<T>,
): RedisRecordTable<T> {
  const { table, read } = options;
  const tableKey = directoryKeys.table(table);
  const findText = async (
    accountId: string | undefined,
    id: string,
  ): Promise<{ text: string; record: T } | undefined> => {
    const text = await context.ask((client) => client.hget(tableKey, id));
    if (text === null) return undefined;
    const record = read(text);
    return record.accountId === accountId ? { text, record } : undefined;
  };
  return {
    find: async (accountId, id) => (await findText(accountId, id))?.record,
    list: async (accountId, { limit, after = '' }) => {
      const keys = [directoryKeys.order(table, accountId), tableKey];
      return (await context.run('tollgateListRecords', keys, [after, `${clampLimit(limit)}`])).map(read);
    },
    create: (record, secretHash = '') => createRecord(context, options, record, secretHash),
    change: (accountId, id, change) =>
      retryWhileChanged(async () => {
        const found = await findText(accountId, id);
        return found === undefined ? undefined : replaceRecord(context, options, found, change(found.record));
      }),
    delete: (accountId, id) =>
      retryWhileChanged(async () => {
        const found = await findText(accountId, id);
        return found === undefined ? 'not_found' : deleteRecord(context, table, accountId, found);
      }),
  };
}

/** What was read before a write is no longer so: it has to be read again. */
export const CHANGED_MEANWHILE: unique symbol = Symbol('changed meanwhile');

/** Does the work again until nobody came between its reading and its writing. */
export async function retryWhileChanged<R>(work: () => Promise<R | typeof CHANGED_MEANWHILE>): Promise<R> {
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt += 1) {
    const result = await work();
    if (result !== CHANGED_MEANWHILE) return result;
  }
  throw new DirectoryUnavailable(`a record was changed by others ${ATTEMPTS_MAX} times in a row`);
}

async function createRecord<T extends OwnedRecord>(
  context: RedisDirectoryContext,
  { table, read }: RedisRecordTableOptions<T>,
  record: T,
  secretHash: string,
): Promise<Created<T>> {
  const { id, accountId = '', teamId = '', memberId = '' } = record;
  const owner = accountId === '' ? id : accountId;
  const keys = [directoryKeys.table(table), directoryKeys.order(table, accountId), ...REFERENCE_KEYS];
  const names = [accountId, teamId, memberId, secretHash];
  const args = [id, fingerprintRecord(record), writeRecord(record), ...names, directoryKeys.changesChannel, owner];
  const words = await context.run('tollgateCreateRecord', [...keys, directoryKeys.madeOf, directoryKeys.ordinal], args);
  switch (readWord(words, 0)) {
    case 'created':
      context.announce(owner);
      return { result: 'created', record };
    case 'exists':
      return { result: 'exists', record: read(readWord(words, 1)) };
    case 'no_reference':
      return { result: 'no_reference', what: readWord(words, 1) as 'account' | 'team' | 'member' };
    default:
      return { result: 'conflict' };
  }
}

async function replaceRecord<T extends OwnedRecord>(
  context: RedisDirectoryContext,
  { table, secretHashes = () => [], secrets = directoryKeys.secrets }: RedisRecordTableOptions<T>,
  found: { text: string; record: T },
  after: T,
): Promise<T | undefined | typeof CHANGED_MEANWHILE> {
  const { id, accountId = '', teamId = '', memberId = '' } = found.record;
  const owner = accountId === '' ? id : accountId;
  const hashesBefore = secretHashes(found.record);
  const hashesAfter = secretHashes(after);
  const gone = hashesBefore.find((hash) => !hashesAfter.includes(hash)) ?? '';
  const added = hashesAfter.find((hash) => !hashesBefore.includes(hash)) ?? '';
  const names = [accountId, teamId, memberId, after.teamId ?? '', after.memberId ?? '', gone, added];
  const args = [id, found.text, writeRecord(after), ...names, directoryKeys.changesChannel, owner];
  const keys = [
    directoryKeys.table(table),
    ...REFERENCE_KEYS.map((key) => (key === directoryKeys.secrets ? secrets : key)),
  ];
  const [word] = await context.run('tollgateReplaceRecord', keys, args);
  if (word === 'changed') return CHANGED_MEANWHILE;
  if (word !== 'replaced') return undefined;
  context.announce(owner);
  return after;
}

async function deleteRecord<T extends OwnedRecord>(
  context: RedisDirectoryContext,
  table: DirectoryTable,
  accountId: string,
  { text, record }: { text: string; record: T },
): Promise<'deleted' | 'in_use' | typeof CHANGED_MEANWHILE> {
  const keys = [
    directoryKeys.table(table),
    directoryKeys.order(table, accountId),
    directoryKeys.madeOf,
    directoryKeys.uses,
    directoryKeys.table('quotas'),
    directoryKeys.order('quotas', accountId),
    directoryKeys.quotasOn,
  ];
  const args = [record.id, text, record.teamId ?? '', directoryKeys.changesChannel, accountId];
  const [word] = await context.run('tollgateDeleteRecord', keys, args);
  if (word === 'changed') return CHANGED_MEANWHILE;
  if (word === 'in_use') return 'in_use';
  context.announce(accountId);
  return 'deleted';
}

/** The keys by which scripts check and count what a record names. */
const REFERENCE_KEYS = [
  directoryKeys.table('accounts'),
  directoryKeys.table('teams'),
  directoryKeys.table('members'),
  directoryKeys.secrets,
  directoryKeys.uses,
];
