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

/** The alerts are one slot: a fall's states and its notice change together. They are few and change seldom. */
const ALERTS_TAG = '{tg:al}';

export const alertKeys = {
  states: `${ALERTS_TAG}:states`,
  fired: `${ALERTS_TAG}:fired`,
  due: `${ALERTS_TAG}:due`,
  notices: `${ALERTS_TAG}:notices`,
  attempts: `${ALERTS_TAG}:attempts`,
  abandoned: `${ALERTS_TAG}:abandoned`,
} as const;
