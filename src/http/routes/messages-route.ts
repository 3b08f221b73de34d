import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type MessagesRequest, readMessagesRequest } from '../../anthropic/messages-request.ts';
import type { Principal } from '../../directory/directory.ts';
import type { MeteredCall } from '../../metering/metered-call.ts';
import { parseTraceparent, type TraceContext } from '../../observability/traces/trace-context.ts';
import { doInTurns } from '../do-in-turns.ts';
import { findForeignFile } from '../find-foreign-file.ts';
import { forwardCall } from '../forward-call.ts';
import type { ForwardParts } from '../forward-types.ts';
import { inflateBody } from '../inflate-body.ts';
import { createPromptCounter, type PromptCounter } from '../prompt-counter.ts';
import type { PublicParts } from '../public-parts.ts';
import { readQuery } from '../public-routes.ts';
import { readHeader } from '../read-header.ts';
import type { Refusal } from '../refusals.ts';
import { createRefusalAnswer, refuseRequest } from '../refuse-request.ts';
import { sendErrorAnswer } from '../send-answer.ts';

/** Members of all objects and elements of all lists of one request: its largest list, messages, ends at 100,000. */
const JSON_KEYS_AT_MOST = 2_000_000;
const SESSION_ID_CHARACTERS_AT_MOST = 128;

/** `POST /v1/messages`: read, admitted, forwarded; settled when the answer has ended. */
export function addMessagesRoute(app: FastifyInstance, parts: PublicParts, forwarding: ForwardParts): void {
  const counter = createPromptCounter(parts);
  app.post('/v1/messages', async (request, reply) => {
    const received = performance.now();
    const read = await readRequest(parts, request);
    if ('refusal' in read) return refuseRequest(parts, request, reply, read.refusal);
    request.tollgate.model = read.request.model;
    const foreign = await findForeignFile(parts, request, read.request.fileIds);
    if (foreign !== undefined) return refuseRequest(parts, request, reply, foreign);
    const admission = await admit(parts, counter, request, read);
    // The inflated body has been read; what is sent is the one that came.
    if (read.plain !== request.body) request.tollgate.seat?.freeBytes(read.plain.byteLength);
    if (!admission.admitted) return refuseRequest(parts, request, reply, admission.refusal);
    const spentMs = performance.now() - received;
    parts.metrics.observeOverhead('total', request.tollgate.authMs + spentMs);
    return forward(parts, forwarding, request, reply, admission.call);
  });
}

interface ReadBody {
  request: MessagesRequest;
  /** The body, inflated. */
  plain: Uint8Array;
}

async function readRequest({ limits }: PublicParts, request: FastifyRequest): Promise<ReadBody | { refusal: Refusal }> {
  const { headers, tollgate } = request;
  const body = bodyOf(request);
  const inflated = await inflateBody(body, headers['content-encoding'], limits.inflatedBodyBytes, tollgate.seat);
  if ('refusal' in inflated) return inflated;
  const work = readMessagesRequest(inflated.plain, { depth: limits.jsonDepth, keys: JSON_KEYS_AT_MOST });
  const read = await doInTurns(work);
  return read.ok
    ? { request: read.request, plain: inflated.plain }
    : { refusal: { kind: 'malformed', reason: read.message } };
}

async function admit(parts: PublicParts, counter: PromptCounter, request: FastifyRequest, read: ReadBody) {
  const started = performance.now();
  const { requestId, arrivedAtMs, principal } = request.tollgate;
  const { rawHeaders } = request.raw;
  const facts = { requestId, arrivedAtMs, sessionId: readSessionId(request), traceContext: readTraceContext(request) };
  const owner = (principal as Principal).account.id;
  const count = () => counter.count({ rawHeaders, body: read.plain, owner });
  const admission = await parts.meter.admit(principal as Principal, read.request, facts, count);
  parts.metrics.observeOverhead('admit', performance.now() - started);
  return admission;
}

async function forward(
  parts: PublicParts,
  forwarding: ForwardParts,
  request: FastifyRequest,
  reply: FastifyReply,
  call: MeteredCall,
): Promise<FastifyReply> {
  const { upstream } = parts;
  // From here on the response is written directly: fastify would put a stream between each chunk and the socket.
  reply.hijack();
  await forwardCall(forwarding, {
    call,
    response: reply.raw,
    path: `${upstream.basePath}${request.tollgate.route?.upstreamPath}${readQuery(request.raw.url ?? '')}`,
    rawHeaders: request.raw.rawHeaders,
    body: bodyOf(request),
    onEnd: request.tollgate.seat?.keep() ?? (() => undefined),
    refuse(refusal) {
      const answer = createRefusalAnswer(parts, request.tollgate, refusal);
      sendErrorAnswer(reply.raw, answer, request.tollgate.requestId);
      return answer.status;
    },
  });
  return reply;
}

/** A request without a body has none in fastify either. */
function bodyOf(request: FastifyRequest): Buffer {
  return (request.body as Buffer | undefined) ?? Buffer.alloc(0);
}

function readTraceContext(request: FastifyRequest): TraceContext | undefined {
  return parseTraceparent(readHeader(request.headers, 'traceparent'));
}

/** A reporting dimension, as the client claims it; never an identity. */
function readSessionId(request: FastifyRequest): string | undefined {
  const value = readHeader(request.headers, 'x-claude-code-session-id');
  return value === undefined || value === '' ? undefined : value.slice(0, SESSION_ID_CHARACTERS_AT_MOST);
}
