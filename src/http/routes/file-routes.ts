import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type AskUpstream, readSmallAnswer, relayAnswer, relaySmallAnswer, upstreamPathOf } from '../ask-upstream.ts';
import { BodyTooLarge, limitBody } from '../limited-body.ts';
import type { PublicParts } from '../public-parts.ts';
import { readQuery } from '../public-routes.ts';
import { refuseRequest } from '../refuse-request.ts';
import { readId, relayStoredList } from '../relay-stored-list.ts';
import { readStoredPage } from '../stored-page.ts';
import { accountOf, addStoredScope } from '../stored-scope.ts';

/** The API takes 500 MB. */
const FILE_BYTES_AT_MOST = 500 * 1_024 * 1_024;
/** Uploads at once in this process: each holds a connection to the upstream for as long as its sender takes. */
const UPLOADS_AT_MOST = 32;

/** The Files API, free of charge: an account sees, refers to and deletes only the files it has uploaded itself. */
export async function addFileRoutes(app: FastifyInstance, parts: PublicParts): Promise<void> {
  await addStoredScope(app, parts, (scope, ask) => {
    addUpload(scope, parts, ask);
    scope.get('/v1/files', (request, reply) => listFiles(parts, ask, request, reply));
    scope.get<Named>('/v1/files/:id', (request, reply) => relayOwn(parts, ask, request, reply));
    scope.get<Named>('/v1/files/:id/content', (request, reply) => relayOwn(parts, ask, request, reply));
    scope.delete<Named>('/v1/files/:id', (request, reply) => deleteFile(parts, ask, request, reply));
  });
}

interface Named {
  Params: { id: string };
}

function addUpload(scope: FastifyInstance, parts: PublicParts, ask: AskUpstream): void {
  let uploads = 0;
  scope.post('/v1/files', { bodyLimit: FILE_BYTES_AT_MOST }, async (request, reply) => {
    const contentLength = request.headers['content-length'];
    const tooLarge = { kind: 'body_too_large', limitBytes: FILE_BYTES_AT_MOST } as const;
    if (Number(contentLength ?? 0) > FILE_BYTES_AT_MOST) return refuseRequest(parts, request, reply, tooLarge);
    if (uploads >= UPLOADS_AT_MOST) return refuseRequest(parts, request, reply, { kind: 'upstream_busy' });
    uploads += 1;
    try {
      const body = limitBody(request, FILE_BYTES_AT_MOST);
      const upload = { method: 'POST', path: upstreamPathOf(request), body, contentLength } as const;
      const data = await ask(request, upload).catch((error: Error) => {
        if (body.errored instanceof BodyTooLarge) return undefined;
        throw error;
      });
      if (data === undefined) return refuseRequest(parts, request, reply, tooLarge);
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
  return relayAnswer(parts, request, reply, await ask(request, { method: 'GET', path: upstreamPathOf(request) }));
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
  const answer = await readSmallAnswer(await ask(request, { method: 'DELETE', path: upstreamPathOf(request) }));
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
    ask: async (id) => readSmallAnswer(await ask(request, { method: 'GET', path: `/v1/files/${id}` })),
  });
}

async function keepOwn(parts: PublicParts, request: FastifyRequest, ids: readonly string[]): Promise<string[]> {
  const foreign = await Promise.all(ids.map((id) => findForeign(parts, request, id)));
  return ids.filter((_, index) => !foreign[index]);
}
