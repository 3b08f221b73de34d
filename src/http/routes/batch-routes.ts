import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { OpenBatch } from '../../metering/batches/batch-meter.ts';
import { type AskUpstream, readSmallAnswer, upstreamPathOf } from '../ask-upstream.ts';
import { addCreateBatch } from '../batches/create-batch.ts';
import { relayBatch, rewriteResultsUrl } from '../batches/relay-batch.ts';
import { relayResults } from '../batches/relay-results.ts';
import { createBatchUpstream } from '../batches/upstream-batches.ts';
import type { PublicParts } from '../public-parts.ts';
import { readQuery } from '../public-routes.ts';
import { refuseRequest } from '../refuse-request.ts';
import { relayStoredList } from '../relay-stored-list.ts';
import { readStoredPage } from '../stored-page.ts';
import { accountOf, addStoredScope } from '../stored-scope.ts';

const ROOT = '/v1/messages/batches';

/** Message Batches: an account sees only its own, and pays for each when its results are read, by whomever. */
export async function addBatchRoutes(app: FastifyInstance, parts: PublicParts): Promise<void> {
  await addStoredScope(app, parts, (scope, ask) => {
    const context = { parts, ask };
    addCreateBatch(scope, parts, ask);
    scope.get(ROOT, (request, reply) => listBatches(context, request, reply));
    scope.get<Named>(`${ROOT}/:id`, (request, reply) =>
      withOwn(context, request, reply, () => relayOwn(context, request, reply, 'GET')),
    );
    scope.post<Named>(`${ROOT}/:id/cancel`, (request, reply) =>
      withOwn(context, request, reply, async (record) => {
        const relayed = await relayOwn(context, request, reply, 'POST');
        await parts.batches.lookSoon(record);
        return relayed;
      }),
    );
    scope.get<Named>(`${ROOT}/:id/results`, (request, reply) =>
      withOwn(context, request, reply, async (record) =>
        relayResults(
          parts,
          request,
          reply,
          record,
          await context.ask(request, { method: 'GET', path: upstreamPathOf(request) }),
        ),
      ),
    );
    scope.delete<Named>(`${ROOT}/:id`, (request, reply) =>
      withOwn(context, request, reply, (record) => deleteBatch(context, request, reply, record)),
    );
  });
}

interface Named {
  Params: { id: string };
}

interface BatchContext {
  parts: PublicParts;
  ask: AskUpstream;
}

/** Another account's batch, and one that its client never learnt of, are as good as none. */
async function withOwn(
  { parts }: BatchContext,
  request: FastifyRequest<Named>,
  reply: FastifyReply,
  run: (record: OpenBatch) => Promise<FastifyReply>,
): Promise<FastifyReply> {
  const { id } = request.params;
  const record = await parts.stored.findBatch(id);
  if (record?.upstreamId === undefined || record.isAdopted || record.accountId !== accountOf(request)) {
    return refuseRequest(parts, request, reply, { kind: 'batch_not_found', id });
  }
  return run({ ...record, upstreamId: record.upstreamId });
}

async function relayOwn(
  context: BatchContext,
  request: FastifyRequest,
  reply: FastifyReply,
  method: 'GET' | 'POST' | 'DELETE',
): Promise<FastifyReply> {
  const answer = await readSmallAnswer(await context.ask(request, { method, path: upstreamPathOf(request) }));
  return relayBatch(context.parts, request, reply, answer);
}

/** Charged first: what is deleted can no longer be read. */
async function deleteBatch(
  context: BatchContext,
  request: FastifyRequest,
  reply: FastifyReply,
  record: OpenBatch,
): Promise<FastifyReply> {
  const { parts } = context;
  if (record.state !== 'settled') {
    const look = await parts.batches.collect(record, createBatchUpstream(parts));
    if (look === 'waiting') {
      const reason = `Message Batch ${record.upstreamId} cannot be deleted while it is being processed.`;
      return refuseRequest(parts, request, reply, { kind: 'malformed', reason });
    }
    if (look === 'gone')
      return refuseRequest(parts, request, reply, { kind: 'batch_not_found', id: record.upstreamId });
  }
  const answer = await readSmallAnswer(await context.ask(request, { method: 'DELETE', path: upstreamPathOf(request) }));
  // Gone is gone: one that the upstream does not know any more is nobody's.
  if (answer.statusCode < 300 || answer.statusCode === 404) await parts.stored.removeBatch(record);
  return relayBatch(parts, request, reply, answer);
}

/** A page of the account's own batches. The upstream's own list is everybody's. */
async function listBatches(context: BatchContext, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const { parts } = context;
  const page = readStoredPage(readQuery(request.raw.url ?? ''));
  if ('problem' in page) return refuseRequest(parts, request, reply, { kind: 'malformed', reason: page.problem });
  const found = await parts.stored.listBatches(accountOf(request), page);
  if (found === undefined) {
    const reason = 'The cursor is no Message Batch of this account.';
    return refuseRequest(parts, request, reply, { kind: 'malformed', reason });
  }
  return relayStoredList(parts, request, reply, {
    page: found,
    ask: async (id) => readSmallAnswer(await context.ask(request, { method: 'GET', path: `${ROOT}/${id}` })),
    rewrite: (text) => rewriteResultsUrl(parts, request, text),
  });
}
