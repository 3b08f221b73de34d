/** Every name this program gives to a key in Redis. docs/redis.md says what each holds. */

/** The directory is one slot, so that a script may touch any of its records. */
const DIRECTORY_TAG = '{tg:dir}';

export type DirectoryTable = 'accounts' | 'teams' | 'members' | 'keys';

export const directoryKeys = {
  table: (table: DirectoryTable): string => `${DIRECTORY_TAG}:${table}`,
  order: (table: DirectoryTable, accountId = ''): string =>
    `${DIRECTORY_TAG}:order:${table}${accountId === '' ? '' : `:${accountId}`}`,
  madeOf: `${DIRECTORY_TAG}:made-of`,
  ordinal: `${DIRECTORY_TAG}:ordinal`,
  secrets: `${DIRECTORY_TAG}:secrets`,
  uses: `${DIRECTORY_TAG}:uses`,
  idempotency: (hash: string): string => `${DIRECTORY_TAG}:idempotency:${hash}`,
  /** A pub/sub channel, not a key. */
  changesChannel: 'tg:dir:changes',
} as const;
