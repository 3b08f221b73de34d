/** A value of the admin API's JSON. */
export type AuditValue = unknown;

/** What an administrator is about to do: written before anything is done. */
export interface AuditAct {
  atMs: number;
  /** Which credential acted: a token's id, or for the root token a name made of its hash, which tells one from another. */
  actor: string;
  /** The token's name then. */
  actorName?: string;
  /** The account to which the token is bound. */
  actorAccountId?: string;
  method: string;
  /** The path with its ids as names: `/admin/v1/accounts/{account_id}/keys`. */
  route: string;
  /** The ids in the path, by name. */
  ids: { readonly [name: string]: string };
  /** Whose account it changes; absent where it is none's. */
  accountId?: string;
  requestId: string;
  /** The fields of the body. No secrets. */
  requested: { readonly [field: string]: AuditValue };
}

/** What came of it. */
export interface AuditOutcome {
  /** `refused`: nothing was changed. `failed`: whether it took effect is not known. */
  outcome: 'done' | 'refused' | 'failed';
  /** HTTP status of the answer. */
  status: number;
  changes: readonly AuditChange[];
}

/** A field of a record, as the admin API shows it, before and after; absent where there was or is none. */
export interface AuditChange {
  field: string;
  before?: AuditValue;
  after?: AuditValue;
}

export interface AuditRecord extends AuditAct {
  /** Contiguous, in the order in which the acts began. */
  sequence: number;
  /** Absent: the process ended before it could be noted, so whether the act took effect is not known. */
  result?: AuditOutcome;
}

/**
 * Either the records after a sequence, in sequence, or the newest ones, in sequence as well; with an account those of
 * acts on that one only.
 */
export type AuditPage = ({ afterSequence: number; limit: number } | { newest: number }) & { accountId?: string };

/**
 * Every administrative act, kept in the store of the directory. An act is begun here before it is done, so that none
 * is without a record; a store that does not take the record (DirectoryUnavailable) keeps the act from being done.
 */
export interface AuditLog {
  /** @returns the record's sequence. */
  begin(act: AuditAct): Promise<number>;
  /** A record that has been trimmed meanwhile stays so. */
  finish(sequence: number, result: AuditOutcome): Promise<void>;
  list(page: AuditPage): Promise<AuditRecord[]>;
}

/** How long records are kept. */
export interface AuditBounds {
  /** Records older than this may go. */
  lifeMs: number;
  /** So many newest records stay whatever their age. */
  atLeast: number;
  /** Above it the oldest records go whatever their age. */
  atMost: number;
}

/** A year and a month; at most some 100 MB. */
export const AUDIT_BOUNDS: AuditBounds = { lifeMs: 400 * 86_400_000, atLeast: 10_000, atMost: 100_000 };
/** Records removed at most with each that is begun, so that none pays for a long clean-up. */
export const AUDIT_TRIMMED_AT_ONCE = 4;
