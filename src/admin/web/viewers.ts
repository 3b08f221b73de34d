import { DirectoryUnavailable, type Principal } from '../../directory/directory.ts';
import { hashKeySecret, isKeySecret } from '../../directory/key-secret.ts';
import type { PrincipalCache } from '../../directory/principal-cache.ts';
import type { Authenticator } from '../access/authenticator.ts';
import type { Caller } from '../access/caller.ts';
import type { SessionClaims } from './session-seal.ts';

/** Who looks at the console: the bearer of a token of the admin API, or the holder of an API key. */
export type Viewer = { type: 'admin'; caller: Caller } | { type: 'key'; principal: Principal };

export interface ViewerParts {
  authenticator: Pick<Authenticator, 'authenticateHash'>;
  principals: Pick<PrincipalCache, 'find'>;
  clock: () => number;
}

/** What a session keeps of a credential. */
type Credential = Pick<SessionClaims, 'kind' | 'secretHash'>;

/** Who a credential is, asked anew each time: one that was revoked or has expired is nobody's. */
export interface Viewers {
  /** Of what somebody typed to sign in. */
  identify(secret: string): Promise<(Credential & { viewer: Viewer }) | undefined>;
  /** Of a session. */
  find(credential: Credential): Promise<Viewer | undefined>;
}

export function createViewers(parts: ViewerParts): Viewers {
  const find: Viewers['find'] = async ({ kind, secretHash }) => {
    if (kind === 'key') {
      const principal = await findKeyHolder(parts, secretHash);
      return principal === undefined ? undefined : { type: 'key', principal };
    }
    const caller = await parts.authenticator.authenticateHash(secretHash);
    return 'refused' in caller ? undefined : { type: 'admin', caller };
  };
  return {
    async identify(secret) {
      const credential = { kind: isKeySecret(secret) ? 'key' : 'token', secretHash: hashKeySecret(secret) } as const;
      const viewer = await find(credential);
      return viewer === undefined ? undefined : { ...credential, viewer };
    },
    find,
  };
}

async function findKeyHolder({ principals, clock }: ViewerParts, secretHash: string): Promise<Principal | undefined> {
  const principal = await principals.find(secretHash);
  if (principal === 'busy') throw new DirectoryUnavailable('too many keys are being looked up');
  if (principal === undefined || principal.key.revokedAtMs !== undefined) return undefined;
  const { secretExpiresAtMs } = principal;
  return secretExpiresAtMs !== undefined && secretExpiresAtMs <= clock() ? undefined : principal;
}
