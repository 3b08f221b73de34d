import { randomUUID } from 'node:crypto';
import { type AlertRecord, writeAlertRecord } from '../../alerts/alert-record-json.ts';
import { type AlertRecords, AlertStoreUnavailable } from '../../alerts/alert-store.ts';
import { readWord } from './read-reply.ts';
import type { RedisAlertContext } from './redis-alert-context.ts';
import { alertKeys } from './redis-keys.ts';

/** Writers of one record seldom meet; each round at least one of them gets through. */
const ATTEMPTS_AT_MOST = 50;

/**
 * Rules or channels, as JSON after a word made for its writing: the client sends a command again whose reply was lost,
 * and the word tells this writing, done already, from another replica's of the same content.
 */
export function createRedisAlertRecords<T extends AlertRecord>(
  { ask, run }: RedisAlertContext,
  kind: 'rules' | 'channels',
  parseRecord: (text: string) => T,
): AlertRecords<T> {
  const parse = (text: string): T => parseRecord(text.slice(text.indexOf(' ') + 1));
  const format = (record: T): string => `${randomUUID()} ${writeAlertRecord(record)}`;
  const records = alertKeys[kind];
  const put = async (record: T, before: string, after: string, atMost = 0): Promise<string> => {
    const keys = [records, alertKeys.ofOwner(kind, record.accountId)];
    return readWord(await run('tollgatePutAlertRecord', keys, [record.id, before, after, `${atMost}`]), 0);
  };
  const findText = async (id: string): Promise<string | undefined> =>
    (await ask((client) => client.hget(records, id))) ?? undefined;
  /** Puts what `change` makes of a record in its place, again until nobody came in between. */
  const replace = async (id: string, change: (record: T) => T | undefined): Promise<T | undefined> => {
    for (let attempt = 1; attempt <= ATTEMPTS_AT_MOST; attempt += 1) {
      const before = await findText(id);
      if (before === undefined) return undefined;
      const record = parse(before);
      const after = change(record);
      if ((await put(record, before, after === undefined ? '' : format(after))) === 'put') {
        return after ?? record;
      }
    }
    throw new AlertStoreUnavailable(`a record was changed by others ${ATTEMPTS_AT_MOST} times in a row`);
  };
  return {
    async create(record, atMost) {
      if ((await findText(record.id)) !== undefined) return 'exists';
      const word = await put(record, '', format(record), atMost);
      if (word === 'put') return 'created';
      return word === 'too_many' ? 'too_many' : 'exists';
    },
    async find(id) {
      const text = await findText(id);
      return text === undefined ? undefined : parse(text);
    },
    async list(accountId) {
      const keys = [records, alertKeys.ofOwner(kind, accountId)];
      return (await run('tollgateListAlertRecords', keys, [])).map(parse);
    },
    update: (id, change) => replace(id, change),
    delete: async (id) => ((await replace(id, () => undefined)) === undefined ? 'not_found' : 'deleted'),
  };
}
