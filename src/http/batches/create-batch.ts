import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { BatchRecord } from '../../directory/batch-record.ts';
import type { Principal } from '../../directory/directory.ts';
import { formatUsd } from '../../domain/money.ts';
import {
  type AskUpstream,
  readSmallAnswer,
  refusalOfError,
  type SmallAnswer,
  upstreamPathOf,
} from '../ask-upstream.ts';
import { UpstreamBusy } from '../free-route-client.ts';
import { createKeptUploads } from '../kept-upload.ts';
import type { PublicParts } from '../public-parts.ts';
import { refuseRequest } from '../refuse-request.ts';
import { readId } from '../relay-stored-list.ts';
import type { BatchFile } from './batch-folder.ts';
import { readBatch } from './read-batch.ts';
import { relayBatch } from './relay-batch.ts';

/** With these no connection came to be, so nothing was sent. Source: the codes of undici and of Node's sockets. */
const NOTHING_SENT = ['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'UND_ERR_CONNECT_TIMEOUT'];
/** Overloaded: refused before anything was done. Other errors from 500 on leave it open. */
const OVERLOADED = 529;

/** `POST /v1/messages/batches`: read from its client into a file, held for, and sent on as it came. */
export function addCreateBatch(app: FastifyInstance, parts: PublicParts, ask: AskUpstream): void {
  const { batchBodyBytes: limitBytes, batchUploads: uploads } = parts.limits;
  const refuse = refuseRequest.bind(undefined, parts);
  const keep = createKeptUploads({ folder: parts.batchFolder, limitBytes, uploads, refuse });
  app.post('/v1/messages/batches', { bodyLimit: limitBytes }, (request, reply) =>
    keep(request, reply, (file) => takeBatch(parts, ask, request, reply, file)),
  );
}

async function takeBatch(
  parts: PublicParts,
  ask: AskUpstream,
  request: FastifyRequest,
  reply: FastifyReply,
  file: BatchFile,
): Promise<FastifyReply> {
  const read = await readBatch(parts, request, file);
  if ('refusal' in read) return refuseRequest(parts, request, reply, read.refusal);
  const { principal, requestId } = request.tollgate;
  const placed = await parts.batches.place(principal as Principal, requestId, read);
  if (!placed.placed) return refuseRequest(parts, request, reply, placed.refusal);
  // From here on the batch comes to its end without its client too.
  let answer: SmallAnswer;
  try {
    const body = { body: file.read(), contentLength: String(file.bytes) };
    answer = await readSmallAnswer(await ask(request, { method: 'POST', path: upstreamPathOf(request), ...body }));
  } catch (error) {
    if (isUnsent((error as Error).cause)) await release(parts, placed.record);
    return refuseRequest(parts, request, reply, refusalOfError(error as Error));
  }
  const upstreamId = readId(answer);
  if (upstreamId !== undefined) await open(parts, placed.record, upstreamId);
  else if ((answer.statusCode >= 400 && answer.statusCode < 500) || answer.statusCode === OVERLOADED)
    await release(parts, placed.record);
  if (answer.statusCode < 300) reply.header('tollgate-balance-usd', formatUsd(placed.leftNanoUsd));
  return relayBatch(parts, request, reply, answer);
}

function isUnsent(cause: unknown): boolean {
  return (
    cause instanceof UpstreamBusy || NOTHING_SENT.includes((cause as NodeJS.ErrnoException | undefined)?.code ?? '')
  );
}

/** Asked twice: a batch of which this is not noted is charged, but its client never sees it. */
async function open({ batches }: PublicParts, record: BatchRecord, upstreamId: string): Promise<void> {
  try {
    await batches.opened(record, upstreamId);
  } catch {
    await batches.opened(record, upstreamId);
  }
}

/** The caller is told what the upstream said, whatever becomes of the note: the poller looks after what is left. */
async function release({ batches, logger }: PublicParts, record: BatchRecord): Promise<void> {
  try {
    await batches.refused(record);
  } catch (error) {
    logger.warn({ err: error, request_id: record.requestId }, 'a batch that was not taken could not be forgotten');
  }
}
