import { createLinkedMap } from '../collections/linked-map.ts';

/** Amounts between which nothing is reached and nothing recovers, for as long as what that stands on is known. */
export interface QuietBand {
  /** Undefined: however little. */
  from: bigint | undefined;
  /** Exclusive; undefined: however much. */
  below: bigint | undefined;
  untilMs: number;
}

/** The amounts around one that have the same thresholds at or below them. */
export function findBand(amount: bigint, thresholds: readonly bigint[], untilMs: number): QuietBand {
  let from: bigint | undefined;
  let below: bigint | undefined;
  for (const threshold of thresholds) {
    if (threshold > amount) below = below === undefined || threshold < below ? threshold : below;
    else from = from === undefined || threshold > from ? threshold : from;
  }
  return { from, below, untilMs };
}

/**
 * Of each account the amounts of which nothing can come, so that most replies of the ledger end at a comparison. A band
 * is found when all rules were looked at and none had anything to do.
 */
export interface QuietAccounts {
  /** Whether nothing can come of a balance. Of replies that overtake each other the older one is done with as well. */
  isBalanceQuiet(accountId: string, netNanoUsd: bigint, sequence: number): boolean;
  /** Whether nothing can come of the use of a quota, of which a call has many: the account is looked up once. */
  quietQuotasOf(accountId: string): (quotaId: string, limit: bigint, used: bigint) => boolean;
  /** To be taken before the rules are looked at, and given with what was found: what is forgotten meanwhile stays so. */
  generation(): number;
  noteBalance(accountId: string, band: QuietBand, generation: number): void;
  noteQuota(accountId: string, quotaId: string, limit: bigint, band: QuietBand, generation: number): void;
  /** The account's rules or levels were changed; undefined: those of any. */
  forget(accountId?: string): void;
}

interface QuietAccount {
  /** Of the newest balance, and when it was seen. */
  sequence: number;
  sequenceAtMs: number;
  balance: QuietBand | undefined;
  quotas: Map<string, { limit: bigint; band: QuietBand }>;
}

/** A sequence that stays behind (a fail-over) is believed after so long. */
const BELIEVED_AFTER_MS = 30_000;
/** Accounts remembered; of the rest every reply is looked at. */
const ACCOUNTS_AT_MOST = 10_000;
/** Quotas remembered of one: more than it can have, since some go and others come. */
const QUOTAS_AT_MOST = 1_000;

export function createQuietAccounts(nowMs: () => number): QuietAccounts {
  const accounts = createLinkedMap<QuietAccount>();
  let generation = 0;
  const isWithin = (amount: bigint, { from, below, untilMs }: QuietBand, atMs: number): boolean =>
    (from === undefined || amount >= from) && (below === undefined || amount < below) && atMs < untilMs;
  const findAccount = (accountId: string): QuietAccount => {
    const known = accounts.get(accountId);
    if (known !== undefined) return known;
    const account = { sequence: 0, sequenceAtMs: 0, balance: undefined, quotas: new Map() };
    accounts.set(accountId, account);
    const oldest = accounts.size > ACCOUNTS_AT_MOST ? accounts.firstKey() : undefined;
    if (oldest !== undefined) accounts.delete(oldest);
    return account;
  };
  return {
    isBalanceQuiet(accountId, netNanoUsd, sequence) {
      const account = findAccount(accountId);
      const atMs = nowMs();
      if (sequence < account.sequence && atMs - account.sequenceAtMs < BELIEVED_AFTER_MS) return true;
      account.sequence = sequence;
      account.sequenceAtMs = atMs;
      return account.balance !== undefined && isWithin(netNanoUsd, account.balance, atMs);
    },
    quietQuotasOf(accountId) {
      const quotas = accounts.get(accountId)?.quotas;
      const atMs = nowMs();
      return (quotaId, limit, used) => {
        const known = quotas?.get(quotaId);
        return known !== undefined && known.limit === limit && isWithin(used, known.band, atMs);
      };
    },
    generation: () => generation,
    noteBalance(accountId, band, seen) {
      if (seen === generation) findAccount(accountId).balance = band;
    },
    noteQuota(accountId, quotaId, limit, band, seen) {
      if (seen !== generation) return;
      const { quotas } = findAccount(accountId);
      if (quotas.size >= QUOTAS_AT_MOST && !quotas.has(quotaId)) quotas.clear();
      quotas.set(quotaId, { limit, band });
    },
    forget(accountId) {
      generation += 1;
      const changed = accountId === undefined ? accounts.values() : [accounts.get(accountId)];
      for (const account of changed) {
        if (account === undefined) continue;
        account.balance = undefined;
        account.quotas.clear();
      }
    },
  };
}
