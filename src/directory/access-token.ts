import type { Created } from './created.ts';
import type { KeySecret } from './key-secret.ts';
import type { Page } from './page.ts';

export const TOKEN_ROLES = ['owner', 'billing', 'admin', 'viewer'] as const;
export type TokenRole = (typeof TOKEN_ROLES)[number];

/** Active tokens of one account, with those of its teams; and of the installation. */
export const MAX_ACTIVE_TOKENS = 1_000;

/** Where a token holds. `installation` is every account, and what belongs to none. */
export type TokenScope =
  | { type: 'installation' }
  | { type: 'account'; accountId: string }
  | { type: 'team'; accountId: string; teamId: string };

/** A credential of the admin API. */
export interface AccessToken {
  /** `token_...` */
  id: string;
  name: string;
  role: TokenRole;
  scope: TokenScope;
  /** SHA-256 of the secret, hex. The secret itself is never stored. */
  secretHash: string;
  /** Enough of the secret to recognise it by: `tga_` and four characters. */
  hint: string;
  /** Names the last rotation. */
  rotationId?: string;
  /** The secret before the last rotation, alive until its instant. */
  previousSecret?: { secretHash: string; expiresAtMs: number };
  /** Absent: it works until it is revoked. */
  expiresAtMs?: number;
  revokedAtMs?: number;
  createdAtMs: number;
}

export interface TokenRotation extends Pick<KeySecret, 'secretHash' | 'hint'> {
  oldExpiresAtMs: number;
  /** As of a key's rotation: a retry keeps the old secret as it was. */
  rotationId?: string;
  /** `null`: it works until it is revoked; absent: as it was. */
  expiresAtMs?: number | null;
}

/** Who presented a secret. */
export interface TokenBearer {
  token: AccessToken;
  /** The account and the team of its scope are still there. */
  isScopeThere: boolean;
  isAccountClosed: boolean;
  /** When the very secret presented stops working; undefined: never. */
  secretExpiresAtMs?: number;
}

export type TokenCreated = Created<AccessToken, 'account' | 'team'> | { result: 'too_many' };

/** The access tokens of a directory. Revoked and expired ones stay, as what the audit names. */
export interface AccessTokens {
  /**
   * Idempotent by id, as every record of the directory. `too_many`: its account, or the installation, had
   * {@link MAX_ACTIVE_TOKENS} at the time of its creation that were neither revoked nor expired. Nothing was written.
   */
  createToken(token: AccessToken): Promise<TokenCreated>;
  findToken(tokenId: string): Promise<AccessToken | undefined>;
  /** With an account: those of the account and of its teams. */
  listTokens(page: Page, accountId?: string): Promise<AccessToken[]>;
  /** As `rotateKey`. Undefined when there is no such token, or the hash is another token's. */
  rotateToken(tokenId: string, rotation: TokenRotation): Promise<AccessToken | undefined>;
  /** One that is revoked already stays as it is. */
  revokeToken(tokenId: string, revokedAtMs: number): Promise<AccessToken | undefined>;
  /** The bearer of a secret's hash (SHA-256, hex), whatever its expiry: the caller judges. One keyed look-up. */
  findTokenBearer(secretHash: string): Promise<TokenBearer | undefined>;
}

/** The account that a token is of; undefined for one of the installation. */
export function tokenAccountId({ scope }: Pick<AccessToken, 'scope'>): string | undefined {
  return scope.type === 'installation' ? undefined : scope.accountId;
}

export function tokenTeamId({ scope }: Pick<AccessToken, 'scope'>): string | undefined {
  return scope.type === 'team' ? scope.teamId : undefined;
}
