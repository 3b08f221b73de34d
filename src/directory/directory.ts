import type { AccountMode } from '../domain/credit/credit-types.ts';
import type { NanoUsd } from '../domain/money.ts';
import type { PriceOverride } from '../domain/pricing-terms.ts';
import type { Quota, QuotaRaise, QuotaScopeType } from '../domain/quota.ts';
import type { QuotaCrowding } from '../domain/quota-rules.ts';
import type { AccessTokens } from './access-token.ts';
import type { Created } from './created.ts';
import type { Page, TeamPage } from './page.ts';

export type { Created } from './created.ts';
export type { Page } from './page.ts';

/** Who there is: accounts, teams, members, keys and access tokens. Holds no money and no secret, only hashes. */
export interface Directory extends AccessTokens {
  /**
   * Idempotent by id: the same id with the content it was made of answers the stored record as it is now (the time of
   * creation is not compared); other content answers `conflict`.
   */
  createAccount(account: Account): Promise<Created<Account>>;
  findAccount(accountId: string): Promise<Account | undefined>;
  listAccounts(page: Page): Promise<Account[]>;
  updateAccount(accountId: string, change: AccountChange): Promise<Account | undefined>;

  createTeam(team: Team): Promise<Created<Team>>;
  findTeam(accountId: string, teamId: string): Promise<Team | undefined>;
  listTeams(accountId: string, page: Page): Promise<Team[]>;
  updateTeam(accountId: string, teamId: string, change: { name?: string }): Promise<Team | undefined>;
  /** A team that still has members or keys is `in_use`. Its quotas go with it. */
  deleteTeam(accountId: string, teamId: string): Promise<'deleted' | 'not_found' | 'in_use'>;

  createMember(member: Member): Promise<Created<Member>>;
  findMember(accountId: string, memberId: string): Promise<Member | undefined>;
  listMembers(accountId: string, page: TeamPage): Promise<Member[]>;
  /** Undefined also when the team named is not of this account. */
  updateMember(
    accountId: string,
    memberId: string,
    change: { name?: string; email?: string | null; teamId?: string | null },
  ): Promise<Member | undefined>;
  /** A member that still has keys is `in_use`. Its quotas go with it. */
  deleteMember(accountId: string, memberId: string): Promise<'deleted' | 'not_found' | 'in_use'>;

  createKey(key: Key): Promise<Created<Key>>;
  findKey(accountId: string, keyId: string): Promise<Key | undefined>;
  listKeys(accountId: string, page: TeamPage): Promise<Key[]>;
  /** Undefined also when the team or member named is not of this account. */
  updateKey(accountId: string, keyId: string, change: KeyChange): Promise<Key | undefined>;
  /**
   * Replaces the secret: the new hash works at once, the old one until `oldExpiresAtMs`.
   * Only one old secret lives beside the new one; rotating again ends the older at once, except under the same
   * `rotationId` (a retry), which replaces the new secret and leaves the old one as it was.
   * Undefined when there is no such key, or the hash is another key's.
   */
  rotateKey(accountId: string, keyId: string, rotation: KeyRotation): Promise<Key | undefined>;

  /**
   * A quota on what is not there is refused, and so is one for which its account has no room, in the same step that
   * makes it ({@link findQuotaCrowding}). What the quota says is the caller's to check.
   */
  createQuota(quota: Quota): Promise<Created<Quota, QuotaScopeType> | { result: 'too_many'; what: QuotaCrowding }>;
  findQuota(accountId: string, quotaId: string): Promise<Quota | undefined>;
  listQuotas(accountId: string, page: TeamPage): Promise<Quota[]>;
  updateQuota(accountId: string, quotaId: string, change: QuotaChange): Promise<Quota | undefined>;
  /**
   * Adds a raise; idempotent by its id. The quota answered is without it when it has too many raises already.
   * @param nowMs raises that have ended by then are dropped.
   */
  raiseQuota(accountId: string, quotaId: string, raise: QuotaRaise, nowMs: number): Promise<Quota | undefined>;
  deleteQuota(accountId: string, quotaId: string): Promise<'deleted' | 'not_found'>;

  /** The principal of a key's hash (SHA-256, hex), whatever its expiry: the caller judges. One keyed look-up. */
  findPrincipal(secretHash: string): Promise<Principal | undefined>;
  /** Called with an account id whenever anything of that account changes, in any replica; with undefined: drop everything. */
  onChange(listener: (accountId: string | undefined) => void): void;

  /** Remembers what an idempotency key was used for. See {@link IdempotencyClaim}. */
  claimIdempotencyKey(claim: IdempotencyClaim): Promise<IdempotencyState>;
  completeIdempotencyKey(scope: string, key: string, response: StoredResponse): Promise<void>;

  ping(): Promise<void>;
  close(): Promise<void>;
}

export interface Account {
  /** `acct_...` */
  id: string;
  name: string;
  /** IANA time zone, "UTC" unless stated: quota windows and reports follow it. */
  timezone: string;
  mode: AccountMode;
  creditLimitNanoUsd: NanoUsd;
  /** What happens upstream when the client leaves: read to the end, or abort. */
  onDisconnect: 'drain' | 'cancel';
  /** What happens to a running call when the credit ends. */
  onExhausted: 'refuse' | 'cut' | 'finish';
  /** Balances (available + held) at which an alert goes out, highest first. */
  lowBalanceNanoUsd: readonly NanoUsd[];
  /** Decimal of four places, "1.25": of the whole cost. Absent: that of the operator's overrides, or x1. */
  priceMultiplier?: string;
  /** Prices that stand in place of the card's. */
  priceOverrides?: readonly PriceOverride[];
  closedAtMs?: number;
  createdAtMs: number;
}
export type AccountChange = Partial<
  Pick<
    Account,
    | 'name'
    | 'timezone'
    | 'mode'
    | 'creditLimitNanoUsd'
    | 'onDisconnect'
    | 'onExhausted'
    | 'lowBalanceNanoUsd'
    | 'closedAtMs'
  >
> & {
  /** `null` removes them. */
  priceMultiplier?: string | null;
  priceOverrides?: readonly PriceOverride[] | null;
};

export interface Team {
  /** `team_...` */
  id: string;
  accountId: string;
  name: string;
  createdAtMs: number;
}

export interface Member {
  /** `mem_...` */
  id: string;
  accountId: string;
  teamId?: string;
  name: string;
  email?: string;
  createdAtMs: number;
}

export interface Key {
  /** `key_...` */
  id: string;
  accountId: string;
  teamId?: string;
  memberId?: string;
  name: string;
  /** SHA-256 of the secret, hex. The secret itself is never stored. */
  secretHash: string;
  /** Names the last rotation. */
  rotationId?: string;
  /** Enough of the secret to recognise it by: `tg_` and four characters. */
  hint: string;
  /** The secret before the last rotation, alive until its instant. */
  previousSecret?: { secretHash: string; expiresAtMs: number };
  expiresAtMs?: number;
  /** Model ids the key may call; absent: all priced ones. */
  allowedModels?: readonly string[];
  revokedAtMs?: number;
  createdAtMs: number;
}
/** `null` removes an optional field. */
export type KeyChange = {
  name?: string;
  teamId?: string | null;
  memberId?: string | null;
  expiresAtMs?: number | null;
  allowedModels?: readonly string[] | null;
  revokedAtMs?: number;
};
export interface KeyRotation {
  secretHash: string;
  hint: string;
  oldExpiresAtMs: number;
  /** Derived from the caller's idempotency key, so that a retry whose first answer was lost keeps the client's secret alive. */
  rotationId?: string;
}

/** Scope, window and measure of a quota stay as they are: its counters are kept under them. `null`: all models, no raises. */
export interface QuotaChange {
  limit?: bigint;
  mode?: Quota['mode'];
  models?: readonly string[] | null;
  raises?: null;
}

/** The caller, resolved: whose credit, under which limits, by which rules. */
export interface Principal {
  account: Account;
  /** The key's team, or else its member's. */
  team?: Team;
  member?: Member;
  key: Key;
  /** Those of the account, team, member and key, in the order in which they are checked. */
  quotas: readonly Quota[];
  /** When the very secret presented stops working: the key's expiry, or the end of its rotation grace. */
  secretExpiresAtMs?: number;
}

/**
 * An admin write under `Idempotency-Key`. The claim is recorded before the write and completed after it; ids of what
 * is written are derived from scope and key, so a write resumed after a crash makes nothing twice.
 */
export interface IdempotencyClaim {
  /** Method and path of the call. */
  scope: string;
  key: string;
  /** Hash of the body. */
  fingerprint: string;
  atMs: number;
}
export interface StoredResponse {
  status: number;
  /** JSON; secrets left out. */
  body: string;
}
export type IdempotencyState =
  | { result: 'new' }
  /** Claimed before, with the same body, and not completed: do it again, the ids are the same. */
  | { result: 'resume' }
  | { result: 'replay'; response: StoredResponse }
  /** Same key, other body. */
  | { result: 'conflict' };

/** The store did not answer, or cannot take writes. */
export class DirectoryUnavailable extends Error {
  readonly code = 'DIRECTORY_UNAVAILABLE';
  override readonly name = 'DirectoryUnavailable';
}
