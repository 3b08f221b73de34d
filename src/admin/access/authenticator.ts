import { timingSafeEqual } from 'node:crypto';
import type { AccessTokens } from '../../directory/access-token.ts';
import { hashKeySecret, isTokenSecret } from '../../directory/key-secret.ts';
import { type Caller, createRootCaller, createTokenCaller } from './caller.ts';

/** Why a credential is not let in. All but `unknown` are told to whoever holds the right secret only. */
export interface CredentialRefusal {
  refused: 'unknown' | 'expired' | 'revoked' | 'scope_gone';
}

export interface Authenticator {
  /**
   * Who presents a credential: the root token or the secret of an access token. The store is asked for the latter each
   * time and nothing is remembered, so that an expiry, a rotation or a revocation holds at once in every process. The
   * root token is judged without the store.
   * @throws DirectoryUnavailable when the store has to be asked and does not answer: nobody is let in then.
   */
  authenticate(credential: string): Promise<Caller | CredentialRefusal>;
  /** The same by the credential's SHA-256 in hex, for whoever must not keep the credential itself. */
  authenticateHash(credentialHash: string): Promise<Caller | CredentialRefusal>;
}

export interface AuthenticatorParts {
  directory: Pick<AccessTokens, 'findTokenBearer'>;
  /** Never empty. */
  adminToken: string;
  /** Milliseconds since the epoch. */
  clock: () => number;
}

/** @throws RangeError when the admin token is empty: an admin API without one must not start. */
export function createAuthenticator({ directory, adminToken, clock }: AuthenticatorParts): Authenticator {
  if (adminToken === '') throw new RangeError('the admin token is empty');
  const root = createRootCaller(adminToken);
  const rootHash = Buffer.from(hashKeySecret(adminToken));
  // Both sides are hashes: the comparison takes the same time whatever was sent, and so does the look-up.
  const isRoot = (credentialHash: string): boolean => {
    const given = Buffer.from(credentialHash);
    return given.length === rootHash.length && timingSafeEqual(given, rootHash);
  };
  const findBearer = async (secretHash: string): Promise<Caller | CredentialRefusal> => {
    const bearer = await directory.findTokenBearer(secretHash);
    if (bearer === undefined) return { refused: 'unknown' };
    const { token, secretExpiresAtMs = Number.POSITIVE_INFINITY } = bearer;
    if (token.revokedAtMs !== undefined) return { refused: 'revoked' };
    if (clock() >= secretExpiresAtMs) return { refused: 'expired' };
    if (!bearer.isScopeThere) return { refused: 'scope_gone' };
    return createTokenCaller(bearer);
  };
  return {
    authenticate: async (credential) => {
      const hash = hashKeySecret(credential);
      if (isRoot(hash)) return root;
      return isTokenSecret(credential) ? findBearer(hash) : { refused: 'unknown' };
    },
    authenticateHash: async (credentialHash) => (isRoot(credentialHash) ? root : findBearer(credentialHash)),
  };
}

const BEARER_PATTERN = /^Bearer +([\x21-\x7e]{1,512}) *$/i;

/** The credential in an `authorization` header. */
export function readBearer(authorization: string | undefined): string | undefined {
  return BEARER_PATTERN.exec(authorization ?? '')?.[1];
}
