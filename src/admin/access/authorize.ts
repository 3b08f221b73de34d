import type { FastifyReply, FastifyRequest } from 'fastify';
import { DirectoryUnavailable } from '../../directory/directory.ts';
import { refuse } from '../problem.ts';
import { type Authenticator, type CredentialRefusal, readBearer } from './authenticator.ts';
import { type Caller, mayDo, reachesAccount } from './caller.ts';
import { isScopeServed } from './route-permission.ts';

/** Who has signed in to the console by a token. */
export interface SessionCallers {
  /** Undefined: nobody, or the request was answered with a refusal. */
  findSessionCaller(request: FastifyRequest, reply: FastifyReply): Promise<Caller | undefined>;
}

const READING_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * The hook that lets in who may call the route: a token that works (401), whose role and scope allow it (403), and for
 * an account that is his (404, as if it were not there).
 */
export function authorize({
  authenticate,
  findSessionCaller,
}: Pick<Authenticator, 'authenticate'> & SessionCallers): (
  request: FastifyRequest,
  reply: FastifyReply,
) => Promise<FastifyReply | undefined> {
  return async (request, reply) => {
    if (request.routeOptions.config.public === true) return undefined;
    if (request.headers.authorization === undefined) {
      const signedIn = await findSessionCaller(request, reply);
      if (reply.sent) return reply;
      if (signedIn !== undefined) {
        request.caller = signedIn;
        return refuseRoute(signedIn, request, reply);
      }
    }
    const credential = readBearer(request.headers.authorization);
    const found = await findCaller(authenticate, credential, request);
    if (found === 'unavailable') {
      return refuse(reply, 'store_unavailable', 'Whether the token works cannot be told. Nothing was done.');
    }
    if ('refused' in found) return refuse(reply, 'unauthorized', UNAUTHORIZED[found.refused]);
    request.caller = found;
    return refuseRoute(found, request, reply);
  };
}

/** Fails closed: a store that does not answer lets nobody in but root. */
async function findCaller(
  authenticate: Authenticator['authenticate'],
  credential: string | undefined,
  request: FastifyRequest,
): Promise<Caller | CredentialRefusal | 'unavailable'> {
  if (credential === undefined) return { refused: 'unknown' };
  try {
    return await authenticate(credential);
  } catch (error) {
    if (!(error instanceof DirectoryUnavailable)) throw error;
    request.log.error({ err: error }, 'a token cannot be looked up');
    return 'unavailable';
  }
}

export const UNAUTHORIZED: { readonly [refused in CredentialRefusal['refused']]: string } = {
  unknown: 'Send an admin token as "Authorization: Bearer <token>".',
  expired: 'The token has expired. Make a new one.',
  revoked: 'The token has been revoked.',
  scope_gone: 'The account or team of this token is not there any more.',
};

/** Of two reasons the one that tells less comes first: whether an account is there is nobody's who may not call. */
function refuseRoute(caller: Caller, request: FastifyRequest, reply: FastifyReply): FastifyReply | undefined {
  const { url, config } = request.routeOptions;
  const { permission } = config;
  if (permission === undefined) return refuse(reply, 'forbidden', 'The call says nobody who may make it.');
  const isAllowed = permission === 'any' || [permission].flat().some((each) => mayDo(caller, each));
  if (!isAllowed) {
    const needed = [permission].flat().join(' or ');
    return refuse(reply, 'forbidden', `It needs ${needed}, which this token's role and scope do not give.`);
  }
  if (!isScopeServed(caller.scope.type, { url, config })) {
    return refuse(reply, 'forbidden', `It is not for tokens of ${NAMES[caller.scope.type]}.`);
  }
  const { account_id: accountId } = request.params as { account_id?: string };
  if (accountId !== undefined && !reachesAccount(caller, accountId)) {
    return refuse(reply, 'not_found', 'There is no such account.');
  }
  if (caller.isAccountClosed && !READING_METHODS.has(request.method)) {
    return refuse(reply, 'account_closed', 'Of a closed account everything can be read and nothing changed.');
  }
  return undefined;
}

const NAMES = { installation: 'the installation', account: 'an account', team: 'a team' } as const;
