import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Principal } from '../../directory/directory.ts';
import {
  type AskUpstream,
  createAskUpstream,
  readSmallAnswer,
  refusalOfError,
  relayAnswer,
  relaySmallAnswer,
  upstreamPathOf,
} from '../ask-upstream.ts';
import { BodyTooLarge, limitBody } from '../limited-body.ts';
import type { PublicParts } from '../public-parts.ts';
import { readQuery } from '../public-routes.ts';
import { refuseRequest, routeLabel } from '../refuse-request.ts';
import { readId, relayStoredList } from '../relay-stored-list.ts';
import { readStoredPage } from '../stored-page.ts';
import { UpstreamFailed } from '../upstream-failed.ts';

/** The API takes 500 MB. */
const FILE_BYTES_AT_MOST = 500 * 1_024 * 1_024;
/** Uploads at once in this process: each holds a connection to the upstream for as long as its sender takes. */
const UPLOADS_AT_MOST = 32;

/** The Files API, free of charge: an account sees, refers to and deletes only the files it has uploaded itself. */
export async function addFileRoutes(app: FastifyInstance, parts: PublicParts): Promise<void> {
  const ask = createAskUpstream(parts);
  await app.register(async (scope) => {
    // An upload is passed on as it comes.
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', (_request, payload, done) => done(null, payload));
    scope.setErrorHandler((error: Error, request, reply) => answerFault(parts, error, request, reply));
    addUpload(scope, parts, ask);
    scope.get('/v1/files', (request, reply) => listFiles(parts, ask, request, reply));
    scope.get<Named>('/v1/files/:id', (request, reply) => relayOwn(parts, ask, request, reply));
    scope.get<Named>('/v1/files/:id/content', (request, reply) => relayOwn(parts, ask, request, reply));
    scope.delete<Named>('/v1/files/:id', (request, reply) => deleteFile(parts, ask, request, reply));
    scope.addHook('onResponse', async ({ tollgate }, { statusCode: status }) => {
      if (!tollgate.forwarded) return;
      const outcome = status < 400 ? 'completed' : 'upstream_error';
      parts.metrics.requestForwarded({ route: routeLabel(tollgate.route?.id) as 'files', status, outcome });
    });
  });
}

interface Named {
  Params: { id: string };
}

/** What the upstream's side throws is told by name; the rest is the whole listener's to answer. */
function answerFault(parts: PublicParts, error: Error, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  if (error instanceof BodyTooLarge) {
    return refuseRequest(parts, request, reply, { kind: 'body_too_large', limitBytes: FILE_BYTES_AT_MOST });
  }
  if (!(error instanceof UpstreamFailed)) throw error;
  return refuseRequest(parts, request, reply, refusalOfError(error.cause as Error));
}

function accountOf(request: FastifyRequest): string {
  return (request.tollgate.principal as Principal).account.id;
}

function addUpload(scope: FastifyInstance, parts: PublicParts, ask: AskUpstream): void {
  let uploads = 0;
  scope.post('/v1/files', { bodyLimit: FILE_BYTES_AT_MOST }, async (request, reply) => {
    const contentLength = request.headers['content-length'];
    if (Number(contentLength ?? 0) > FILE_BYTES_AT_MOST) throw new BodyTooLarge('announced larger than allowed');
    if (uploads >= UPLOADS_AT_MOST) return refuseRequest(parts, request, reply, { kind: 'upstream_busy' });
    uploads += 1;
    try {
      const body = limitBody(request, FILE_BYTES_AT_MOST);
      const data = await ask(request, { method: 'POST', path: upstreamPathOf(request), body, contentLength }).catch(
        (error: Error) => {
          throw body.errored instanceof BodyTooLarge ? body.errored : new UpstreamFailed('upload', { cause: error });
        },
      );
      const answer = await readSmallAnswer(data);
      const fileId = readId(answer);
      if (fileId !== undefined) await parts.stored.addFile(accountOf(request), fileId);
      return relaySmallAnswer(parts, request, reply, answer);
    } finally {
      uploads -= 1;
    }
  });
}

async function findForeign(parts: PublicParts, request: FastifyRequest, id: string): Promise<boolean> {
  return (await parts.stored.findForeignFile(accountOf(request), [id])) !== undefined;
}

async function relayOwn(
  parts: PublicParts,
  ask: AskUpstream,
  request: FastifyRequest<Named>,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { id } = request.params;
  if (await findForeign(parts, request, id))
    return refuseRequest(parts, request, reply, { kind: 'file_not_found', id });
  return relayAnswer(parts, request, reply, await askOnce(ask, request, 'GET', upstreamPathOf(request)));
}

async function deleteFile(
  parts: PublicParts,
  ask: AskUpstream,
  request: FastifyRequest<Named>,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { id } = request.params;
  if (await findForeign(parts, request, id))
    return refuseRequest(parts, request, reply, { kind: 'file_not_found', id });
  const answer = await readSmallAnswer(await askOnce(ask, request, 'DELETE', upstreamPathOf(request)));
  // Gone is gone: one that the upstream does not know any more is nobody's.
  if (answer.statusCode < 300 || answer.statusCode === 404) await parts.stored.removeFile(accountOf(request), id);
  return relaySmallAnswer(parts, request, reply, answer);
}

/** A page of the account's own files, each as the upstream describes it. The upstream's own list is everybody's. */
async function listFiles(
  parts: PublicParts,
  ask: AskUpstream,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const page = readStoredPage(readQuery(request.raw.url ?? ''));
  if ('problem' in page) return refuseRequest(parts, request, reply, { kind: 'malformed', reason: page.problem });
  const found = page.ids ?? (await parts.stored.listFiles(accountOf(request), page));
  if (found === undefined) {
    return refuseRequest(parts, request, reply, {
      kind: 'malformed',
      reason: 'The cursor is no file of this account.',
    });
  }
  return relayStoredList(parts, request, reply, {
    page: Array.isArray(found) ? { entries: await keepOwn(parts, request, found), hasMore: false } : found,
    ask: async (id) => readSmallAnswer(await askOnce(ask, request, 'GET', `/v1/files/${id}`)),
  });
}

async function keepOwn(parts: PublicParts, request: FastifyRequest, ids: readonly string[]): Promise<string[]> {
  const foreign = await Promise.all(ids.map((id) => findForeign(parts, request, id)));
  return ids.filter((_, index) => !foreign[index]);
}

async function askOnce(ask: AskUpstream, request: FastifyRequest, method: 'GET' | 'DELETE', path: string) {
  try {
    return await ask(request, { method, path });
  } catch (error) {
    throw new UpstreamFailed(`${method} of a file`, { cause: error });
  }
}
