import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type AskUpstream, readSmallAnswer, relayAnswer, relaySmallAnswer, upstreamPathOf } from '../ask-upstream.ts';
import { createKeptUploads } from '../kept-upload.ts';
import { BodyTooLarge, limitBody } from '../limited-body.ts';
import type { PublicParts } from '../public-parts.ts';
import { readQuery } from '../public-routes.ts';
import { refuseRequest } from '../refuse-request.ts';
import { readId, relayStoredList } from '../relay-stored-list.ts';
import { readStoredPage } from '../stored-page.ts';
import { accountOf, addStoredScope } from '../stored-scope.ts';

/** The API takes 500 MB. */
const FILE_BYTES_AT_MOST = 500 * 1_024 * 1_024;

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
  const { batchFolder: folder, limits } = parts;
  const limitBytes = FILE_BYTES_AT_MOST;
  const refuse = refuseRequest.bind(undefined, parts);
  const keep = createKeptUploads({ folder, limitBytes, uploads: limits.fileUploads, refuse });
  scope.post('/v1/files', { bodyLimit: limitBytes }, (request, reply) =>
    keep(request, reply, async (file) => {
      try {
        for await (const chunk of limitBody(request, limitBytes)) await file.append(chunk);
      } catch (error) {
        if (error instanceof BodyTooLarge) return refuse(request, reply, { kind: 'body_too_large', limitBytes });
        throw error;
      }
      const upload = { body: file.read(), contentLength: String(file.bytes) };
      const path = upstreamPathOf(request);
      const answer = await readSmallAnswer(await ask(request, { method: 'POST', path, ...upload }));
      const fileId = readId(answer);
      if (fileId !== undefined) await parts.stored.addFile(accountOf(request), fileId);
      return relaySmallAnswer(parts, request, reply, answer);
    }),
  );
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
