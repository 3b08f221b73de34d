/** Every name this program gives to a key in Redis. docs/redis.md says what each holds. */

/** The directory is one slot, so that a script may touch any of its records. */
const DIRECTORY_TAG = '{tg:dir}';

/** Which process exports the journal; one key for all partitions, touched by no other command. */
export const EXPORT_LEASE_KEY = '{tg:ex}:lease';

export type DirectoryTable = 'accounts' | 'teams' | 'members' | 'keys' | 'quotas' | 'tokens';

export const directoryKeys = {
  table: (table: DirectoryTable): string => `${DIRECTORY_TAG}:${table}`,
  order: (table: DirectoryTable, accountId = ''): string =>
    `${DIRECTORY_TAG}:order:${table}${accountId === '' ? '' : `:${accountId}`}`,
  madeOf: `${DIRECTORY_TAG}:made-of`,
  ordinal: `${DIRECTORY_TAG}:ordinal`,
  secrets: `${DIRECTORY_TAG}:secrets`,
  tokenSecrets: `${DIRECTORY_TAG}:token-secrets`,
  /** Of an account and its teams; without an account those of the installation. */
  activeTokens: (accountId = ''): string => `${DIRECTORY_TAG}:active-tokens${accountId === '' ? '' : `:${accountId}`}`,
  audit: `${DIRECTORY_TAG}:audit`,
  auditResults: `${DIRECTORY_TAG}:audit-results`,
  auditByAccount: `${DIRECTORY_TAG}:audit-by-account`,
  uses: `${DIRECTORY_TAG}:uses`,
  /** Ids of the quotas on an account, team, member or key, by that one's id. */
  quotasOn: `${DIRECTORY_TAG}:quotas-on`,
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
  deliveries: `${ALERTS_TAG}:deliveries`,
  deliveryOrder: `${ALERTS_TAG}:delivery-order`,
  lookLease: `${ALERTS_TAG}:look-lease`,
  rules: `${ALERTS_TAG}:rules`,
  channels: `${ALERTS_TAG}:channels`,
  /** Ids of an account's rules or channels; without an account those of the installation. */
  ofOwner: (kind: 'rules' | 'channels', accountId = ''): string =>
    `${ALERTS_TAG}:${kind}-of${accountId === '' ? '' : `:${accountId}`}`,
} as const;

/** What accounts have stored upstream is one slot: batches are due over all accounts, and files are few per second. */
const STORED_TAG = '{tg:st}';

export const storedKeys = {
  batches: `${STORED_TAG}:batches`,
  byUpstreamId: `${STORED_TAG}:batches-by-upstream-id`,
  due: `${STORED_TAG}:due-batches`,
  ordinal: `${STORED_TAG}:ordinal`,
  ofAccount: (kind: 'batches' | 'files', accountId: string): string => `${STORED_TAG}:${kind}-of:${accountId}`,
} as const;

/**
 * Accounts are spread over a fixed number of partitions, each one slot: all keys of an account are on one slot, and
 * the sweeper has 64 places to look in whatever the number of accounts. Changing the number would lose every account.
 */
const LEDGER_PARTITIONS = 64;

/** Tags of all partitions: `{tg:00}` to `{tg:63}`. */
export const LEDGER_TAGS: readonly string[] = Array.from(
  { length: LEDGER_PARTITIONS },
  (_, partition) => `{tg:${partition.toString().padStart(2, '0')}}`,
);

const HOUR_MS = 3_600_000;

export const ledgerKeys = {
  account: (accountId: string): string => ofAccount('account', accountId),
  liveGrants: (accountId: string): string => ofAccount('live-grants', accountId),
  endedGrants: (accountId: string): string => ofAccount('ended-grants', accountId),
  burnOrder: (accountId: string): string => ofAccount('burn-order', accountId),
  grantExpiries: (accountId: string): string => ofAccount('grant-expiries', accountId),
  grantEffects: (accountId: string): string => ofAccount('grant-effects', accountId),
  journal: (accountId: string): string => ofAccount('journal', accountId),
  holds: (accountId: string): string => ofAccount('holds', accountId),
  cells: (accountId: string): string => ofAccount('cells', accountId),
  cellEnds: (accountId: string): string => ofAccount('cell-ends', accountId),
  /** How holds ended whose ids are of one hour, told by an instant in it. */
  endedHolds: (accountId: string, idMs: number): string =>
    `${ofAccount('ended-holds', accountId)}:${Math.floor(idMs / HOUR_MS)}`,
  /** Charges given back, and how much of each call's. */
  refunds: (accountId: string): string => ofAccount('refunds', accountId),
  /** Auto-reload: its terms and what it is at. */
  reload: (accountId: string): string => ofAccount('reload', accountId),
  /** The account as of the last entry that was trimmed. */
  snapshot: (accountId: string): string => ofAccount('snapshot', accountId),
  /** Sums of one day, by the hour and the caller, and by the session; days since 1970 (UTC). */
  usage: (accountId: string, day: number): string => `${ofAccount('usage', accountId)}:${day}`,
  sessions: (accountId: string, day: number): string => `${ofAccount('usage-sessions', accountId)}:${day}`,
  /** Sums of one month, and of each day in it, by key; the day in which it begins. */
  spend: (accountId: string, day: number): string => `${ofAccount('usage-keys', accountId)}:${day}`,
  /** Sums by month and model. */
  statements: (accountId: string): string => ofAccount('statements', accountId),
  /** How far each account's sums have come. */
  reported: (tag: string): string => `${tag}:reported`,
  exported: (tag: string): string => `${tag}:exported`,
  /** How far each sink has come with each account. */
  exportedTo: (tag: string): string => `${tag}:exported-to`,
  trimmed: (tag: string): string => `${tag}:trimmed`,
  trimDue: (tag: string): string => `${tag}:trim-due`,
  unexported: (tag: string): string => `${tag}:unexported`,
  dueAccounts: (tag: string): string => `${tag}:due-accounts`,
  /** Written after an administrative write, to wait for both. */
  fence: (tag: string): string => `${tag}:fence`,
  dueHolds: (tag: string): string => `${tag}:due-holds`,
  dueReloads: (tag: string): string => `${tag}:due-reloads`,
} as const;

/** Where what is to become a key of the ledger lies ready during a restore, on the same slot. */
export function readyKey(key: string): string {
  return key.replace(/^\{[^}]*\}:/, '$&restore:');
}

/** The partition's tag of an account, by FNV-1a of its id (http://www.isthe.com/chongo/tech/comp/fnv/). */
export function ledgerTag(accountId: string): string {
  const known = tags.get(accountId);
  if (known !== undefined) return known;
  const tag = findTag(accountId);
  // Anew from time to time, rather than with a bound that costs something at each look.
  if (tags.size >= TAGS_AT_MOST) tags.clear();
  tags.set(accountId, tag);
  return tag;
}

/** Every key of a script asks for the tag of the same account. */
const tags = new Map<string, string>();
const TAGS_AT_MOST = 10_000;

function findTag(accountId: string): string {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(accountId)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return LEDGER_TAGS[hash % LEDGER_PARTITIONS] ?? '';
}

function ofAccount(name: string, accountId: string): string {
  return `${ledgerTag(accountId)}:${name}:${accountId}`;
}

/**
 * KEYS of every script of the ledger, in the order of lib-books.lua. `idMs`: the instant in the id of the hold named.
 * The list is kept for the next call of the account.
 */
export function ledgerScriptKeys(accountId: string, idMs?: number): readonly string[] {
  const known = scriptKeys.get(accountId) ?? keepScriptKeys(accountId);
  if (idMs === undefined) return known.keys;
  const hour = Math.floor(idMs / HOUR_MS);
  if (known.hour !== hour) {
    known.hour = hour;
    known.withEnded = [...known.keys, ledgerKeys.endedHolds(accountId, idMs)];
  }
  return known.withEnded;
}

interface ScriptKeys {
  keys: readonly string[];
  /** The hour of the key of ended holds that `withEnded` has: the next hold is of the same one as a rule. */
  hour: number;
  withEnded: readonly string[];
}

const scriptKeys = new Map<string, ScriptKeys>();
/** Some 1.5 KB each. */
const SCRIPT_KEYS_AT_MOST = 2_000;

function keepScriptKeys(accountId: string): ScriptKeys {
  const tag = ledgerTag(accountId);
  const keys = [
    ...[ledgerKeys.account(accountId), ledgerKeys.liveGrants(accountId), ledgerKeys.endedGrants(accountId)],
    ...[ledgerKeys.burnOrder(accountId), ledgerKeys.grantExpiries(accountId), ledgerKeys.grantEffects(accountId)],
    ...[ledgerKeys.journal(accountId), ledgerKeys.unexported(tag), ledgerKeys.dueAccounts(tag)],
    ...[ledgerKeys.holds(accountId), ledgerKeys.cells(accountId), ledgerKeys.cellEnds(accountId)],
    ledgerKeys.dueHolds(tag),
  ];
  const kept = { keys, hour: Number.NaN, withEnded: keys };
  if (scriptKeys.size >= SCRIPT_KEYS_AT_MOST) scriptKeys.clear();
  scriptKeys.set(accountId, kept);
  return kept;
}
