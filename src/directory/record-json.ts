import { createHash } from 'node:crypto';
import type { Quota, QuotaRaise } from '../domain/quota.ts';
import type { Account } from './directory.ts';

/** Any record of the directory. */
export interface DirectoryRecord {
  id: string;
  createdAtMs: number;
}

/** Amounts of an account: decimal strings in JSON, bigint in the program. */
type StoredAccount = Omit<Account, 'creditLimitNanoUsd' | 'lowBalanceNanoUsd'> & {
  creditLimitNanoUsd: string;
  lowBalanceNanoUsd: string[];
};

/** Amounts of a quota, likewise. */
type StoredQuota = Omit<Quota, 'limit' | 'raises'> & {
  limit: string;
  raises: (Omit<QuotaRaise, 'limit'> & { limit: string })[];
};

/** JSON with its keys in order, absent fields left out and amounts as decimal strings: equal records give equal text. */
export function writeRecord(record: object): string {
  return JSON.stringify(record, (_key, value: unknown) => {
    if (typeof value === 'bigint') return value.toString();
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
    return Object.fromEntries(Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1)));
  });
}

/** Reads what {@link writeRecord} wrote of a team, member or key. */
export function readRecord<T extends DirectoryRecord>(text: string): T {
  return JSON.parse(text) as T;
}

/** Reads what {@link writeRecord} wrote of an account. */
export function readAccount(text: string): Account {
  const { creditLimitNanoUsd, lowBalanceNanoUsd, ...rest } = JSON.parse(text) as StoredAccount;
  return {
    ...rest,
    creditLimitNanoUsd: BigInt(creditLimitNanoUsd),
    lowBalanceNanoUsd: lowBalanceNanoUsd.map(BigInt),
  };
}

/** Reads what {@link writeRecord} wrote of a quota. */
export function readQuota(text: string): Quota {
  const { limit, raises, ...rest } = JSON.parse(text) as StoredQuota;
  return { ...rest, limit: BigInt(limit), raises: raises.map((raise) => ({ ...raise, limit: BigInt(raise.limit) })) };
}

/**
 * Names the content a record was made of, so that a creation sent again is told from another one under the same id,
 * whatever was changed in between. The time of creation is not content: a retry has a later one.
 */
export function fingerprintRecord(record: DirectoryRecord): string {
  const { createdAtMs: _, ...content } = record;
  return createHash('sha256').update(writeRecord(content)).digest('hex');
}
