import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Dispatcher } from 'undici';
import type { Principal } from '../../directory/directory.ts';
import type { OpenBatch } from '../../metering/batches/batch-meter.ts';
import {
  type AskUpstream,
  createAskUpstream,
  readSmallAnswer,
  refusalOfError,
  upstreamPathOf,
} from '../ask-upstream.ts';
import { addCreateBatch } from '../batches/create-batch.ts';
import { relayBatch, rewriteResultsUrl } from '../batches/relay-batch.ts';
import { relayResults } from '../batches/relay-results.ts';
import { createBatchUpstream } from '../batches/upstream-batches.ts';
import type { PublicParts } from '../public-parts.ts';
import { readQuery } from '../public-routes.ts';
import { refuseRequest, routeLabel } from '../refuse-request.ts';
import { relayStoredList } from '../relay-stored-list.ts';
import { readStoredPage } from '../stored-page.ts';
import { UpstreamFailed } from '../upstream-failed.ts';

const ROOT = '/v1/messages/batches';

/** Message Batches: an account sees only its own, and pays for each when its results are read, by whomever. */
export async function addBatchRoutes(app: FastifyInstance, parts: PublicParts): Promise<void> {
  const ask = createAskUpstream(parts);
  const context = { parts, ask };
  await app.register(async (scope) => {
    // A batch is read as it comes.
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', (_request, payload, done) => done(null, payload));
    scope.setErrorHandler((error: Error, request, reply) => {
      if (!(error instanceof UpstreamFailed)) throw error;
      const cause = error.cause instanceof Error ? error.cause : error;
      return refuseRequest(parts, request, reply, refusalOfError(cause));
    });
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
        relayResults(parts, request, reply, record, await askOnce(context, request, 'GET', upstreamPathOf(request))),
      ),
    );
    scope.delete<Named>(`${ROOT}/:id`, (request, reply) =>
      withOwn(context, request, reply, (record) => deleteBatch(context, request, reply, record)),
    );
    scope.addHook('onResponse', async ({ tollgate }, { statusCode: status }) => {
      if (!tollgate.forwarded) return;
      const outcome = status < 400 ? 'completed' : 'upstream_error';
      parts.metrics.requestForwarded({ route: routeLabel(tollgate.route?.id) as 'batches', status, outcome });
    });
  });
}

interface Named {
  Params: { id: string };
}

interface BatchContext {
  parts: PublicParts;
  ask: AskUpstream;
}

function accountOf(request: FastifyRequest): string {
  return (request.tollgate.principal as Principal).account.id;
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
  const answer = await readSmallAnswer(await askOnce(context, request, method, upstreamPathOf(request)));
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
  const answer = await readSmallAnswer(await askOnce(context, request, 'DELETE', upstreamPathOf(request)));
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
    ask: async (id) => readSmallAnswer(await askOnce(context, request, 'GET', `${ROOT}/${id}`)),
    rewrite: (text) => rewriteResultsUrl(parts, request, text),
  });
}

async function askOnce(
  { ask }: BatchContext,
  request: FastifyRequest,
  method: 'GET' | 'POST' | 'DELETE',
  path: string,
): Promise<Dispatcher.ResponseData> {
  try {
    return await ask(request, { method, path });
  } catch (error) {
    throw new UpstreamFailed(`${method} of a batch`, { cause: error });
  }
}
