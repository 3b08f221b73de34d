import type { FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { mayDo, reachesAccount, teamOf } from '../access/caller.ts';
import type { AdminApp, AdminParts } from '../admin-parts.ts';
import { refuse } from '../problem.ts';
import { idField } from '../schemas/fields.ts';
import { createLiveFeed, type LiveFeed, type LiveWish } from './live-feed.ts';
import type { SessionClaims } from './session-seal.ts';
import { requireSession, type SignedInParts } from './signed-in.ts';
import type { Viewer } from './viewers.ts';

/** Told to the browser: it asks again after so long when the stream has ended. */
const RETRY_MS = 3_000;
/** What a reader that does not read may leave waiting before it is cut off. */
const WAITING_BYTES_AT_MOST = 256 * 1024;

type EventParts = SignedInParts & Pick<AdminParts, 'directory' | 'ledger' | 'openCalls' | 'clock' | 'every'>;

/** One stream of events per open console: every number on a page that moves. */
export function addEventRoutes(app: AdminApp, parts: EventParts): void {
  const feed = createLiveFeed(parts);
  app.addHook('preClose', async () => feed.close());
  app.addHook('onRequest', requireSession(parts));
  const querystring = Type.Object({ account_id: Type.Optional(idField) }, { additionalProperties: false });
  app.get('/console/events', { schema: { hide: true, querystring } }, async (request, reply) => {
    const { viewer, viewerClaims } = request;
    if (viewer === undefined || viewerClaims === undefined) return refuse(reply, 'unauthorized', 'Sign in first.');
    const wish = findWish(viewer, request.query.account_id);
    if (wish === undefined || (await parts.directory.findAccount(wish.accountId)) === undefined) {
      return refuse(reply, 'not_found', 'There is no such account.');
    }
    return stream(parts, feed, { request, reply, wish, claims: viewerClaims });
  });
}

/** What a viewer may be told of. Undefined: not of this account. */
export function findWish(viewer: Viewer, accountId: string | undefined): LiveWish | undefined {
  if (viewer.type === 'key') {
    const { account, key } = viewer.principal;
    if (accountId !== undefined && accountId !== account.id) return undefined;
    return { accountId: account.id, filter: { keyId: key.id }, withBalance: true };
  }
  const { caller } = viewer;
  const wanted = accountId ?? caller.accountId;
  if (wanted === undefined || !reachesAccount(caller, wanted) || !mayDo(caller, 'usage.read')) return undefined;
  return { accountId: wanted, filter: teamOf(caller), withBalance: mayDo(caller, 'money.read') };
}

interface Streamed {
  request: FastifyRequest;
  reply: FastifyReply;
  wish: LiveWish;
  claims: SessionClaims;
}

function stream(parts: EventParts, feed: LiveFeed, { request, reply, wish, claims }: Streamed): FastifyReply {
  const { raw } = reply;
  const end = (reason: string): void => {
    leave?.();
    if (raw.headersSent && !raw.writableEnded) raw.end(`event: end\ndata: ${JSON.stringify({ reason })}\n\n`);
  };
  let leave: (() => void) | undefined;
  const subscribe = (): (() => void) | undefined =>
    feed.subscribe({
      wish,
      async mayGoOn() {
        return !parts.sessions.isOver(claims, parts.clock()) && (await parts.viewers.find(claims)) !== undefined;
      },
      send(text) {
        if (raw.writableLength > WAITING_BYTES_AT_MOST) return end('slow');
        raw.write(text);
      },
      end,
    });
  leave = subscribe();
  if (leave === undefined) return refuse(reply, 'store_unavailable', 'There are too many open consoles.');
  reply.hijack();
  request.raw.once('close', leave);
  raw.once('close', leave);
  raw.writeHead(200, {
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store',
    'x-accel-buffering': 'no',
    'x-content-type-options': 'nosniff',
  });
  raw.write(`retry: ${RETRY_MS}\n\n`);
  return reply;
}
