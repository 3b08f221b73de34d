import type { IncomingHttpHeaders } from 'node:http';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type MessagesRequest, type ReadRequest, readMessagesRequest } from '../../anthropic/messages-request.ts';
import type { Limits } from '../../config/settings.ts';
import type { Principal } from '../../directory/directory.ts';
import type { MeteredCall } from '../../metering/metered-call.ts';
import { parseTraceparent, type TraceContext } from '../../observability/traces/trace-context.ts';
import type { Seat } from '../admission/admission-control.ts';
import { doInTurns } from '../do-in-turns.ts';
import { findForeignFile } from '../find-foreign-file.ts';
import { forwardCall } from '../forward-call.ts';
import type { ForwardParts } from '../forward-types.ts';
import { type InflatedBody, inflateBody } from '../inflate-body.ts';
import { isLetGo } from '../one-time-body.ts';
import { createPromptCounter, type PromptCounter } from '../prompt-counter.ts';
import type { PublicParts } from '../public-parts.ts';
import { readQuery } from '../public-routes.ts';
import { readHeader } from '../read-header.ts';
import type { Refusal } from '../refusals.ts';
import { createRefusalAnswer, refuseRequest } from '../refuse-request.ts';
import { sendErrorAnswer } from '../send-answer.ts';

/** Members of all objects and elements of all lists of one request: its largest list, messages, ends at 100,000. */
const JSON_KEYS_AT_MOST = 2_000_000;
const NOTHING: IncomingHttpHeaders = {};
const SESSION_ID_CHARACTERS_AT_MOST = 128;

/** `POST /v1/messages`: read, admitted, forwarded; settled when the answer has ended. */
export function addMessagesRoute(app: FastifyInstance, parts: PublicParts, forwarding: ForwardParts): void {
  const counter = createPromptCounter(parts);
  // Of what it waits for, only the hold takes time for most requests: the rest is waited for where it does.
  app.post('/v1/messages', async (request, reply) => {
    const received = performance.now();
    const reading = readRequest(parts, request);
    const read = reading instanceof Promise ? await reading : reading;
    if ('refusal' in read) return refuseRequest(parts, request, reply, read.refusal);
    request.tollgate.model = read.request.model;
    const looking = findForeignFile(parts, request, read.request.fileIds);
    const foreign = looking instanceof Promise ? await looking : looking;
    if (foreign !== undefined) return refuseRequest(parts, request, reply, foreign);
    const admission = await admit(parts, counter, request, read);
    // The inflated body has been read; what is sent is the one that came.
    if (read.plain !== request.body) request.tollgate.seat?.freeBytes(read.plain.byteLength);
    if (!admission.admitted) return refuseRequest(parts, request, reply, admission.refusal);
    const spentMs = performance.now() - received;
    parts.metrics.observeOverhead('total', request.tollgate.authMs + spentMs);
    const forwarded = forward(parts, forwarding, request, reply, admission.call);
    if (forwarded instanceof Promise) await forwarded;
    return reply;
  });
}

interface ReadBody {
  request: MessagesRequest;
  /** The body, inflated. */
  plain: Uint8Array;
}

type ReadResult = ReadBody | { refusal: Refusal };

function readRequest({ limits }: PublicParts, request: FastifyRequest): ReadResult | Promise<ReadResult> {
  const { headers, tollgate } = request;
  const body = bodyOf(request);
  const inflated = inflateBody(body, headers['content-encoding'], limits.inflatedBodyBytes, tollgate.seat);
  return inflated instanceof Promise ? inflated.then((done) => readPlain(limits, done)) : readPlain(limits, inflated);
}

function readPlain(limits: Limits, inflated: InflatedBody): ReadResult | Promise<ReadResult> {
  if ('refusal' in inflated) return inflated;
  const { plain } = inflated;
  const read = doInTurns(readMessagesRequest(plain, { depth: limits.jsonDepth, keys: JSON_KEYS_AT_MOST }));
  return read instanceof Promise ? read.then((done) => toResult(done, plain)) : toResult(read, plain);
}

function toResult(read: ReadRequest, plain: Uint8Array): ReadResult {
  return read.ok ? { request: read.request, plain } : { refusal: { kind: 'malformed', reason: read.message } };
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

function forward(
  parts: PublicParts,
  forwarding: ForwardParts,
  request: FastifyRequest,
  reply: FastifyReply,
  call: MeteredCall,
): void | Promise<void> {
  const { upstream } = parts;
  const { raw, tollgate } = request;
  // From here on the response is written directly: fastify would put a stream between each chunk and the socket.
  reply.hijack();
  const body = bodyOf(request);
  const job = {
    call,
    response: reply.raw,
    onSent: noteSent(tollgate.seat, body),
    onEnd: tollgate.seat?.keep() ?? (() => undefined),
    refuse(refusal: Refusal) {
      const answer = createRefusalAnswer(parts, tollgate, refusal);
      sendErrorAnswer(job.response, answer, tollgate.requestId);
      return answer.status;
    },
  };
  const path = `${upstream.basePath}${tollgate.route?.upstreamPath}${readQuery(raw.url ?? '')}`;
  const forwarded = forwardCall(forwarding, job, { path, rawHeaders: raw.rawHeaders, body });
  forgetRequest(request);
  return forwarded;
}

/** A body that is let go of takes no more room. */
function noteSent(seat: Seat | undefined, body: Buffer): () => void {
  if (seat === undefined || !isLetGo(body)) return () => undefined;
  const bytes = body.byteLength;
  return () => seat.freeBytes(bytes);
}

/** Nobody asks for it any more, and an answer may last for minutes. */
function forgetRequest(request: FastifyRequest): void {
  request.body = undefined;
  request.raw.headers = NOTHING;
  request.raw.rawHeaders = [];
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
