import type { IncomingHttpHeaders } from 'node:http';
import type { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Dispatcher } from 'undici';
import { nameFault } from './exchange.ts';
import { createFreeRouteClient, UpstreamBusy, UpstreamExpired } from './free-route-client.ts';
import { createClientHeaders, createUpstreamHeaders } from './headers.ts';
import type { PublicParts } from './public-parts.ts';
import { readQuery } from './public-routes.ts';
import type { Refusal } from './refusals.ts';
import { refuseRequest } from './refuse-request.ts';
import { refusalOfEnd } from './relay-success.ts';
import { judgeUpstreamError } from './upstream-error.ts';
import { UpstreamFailed } from './upstream-failed.ts';

/** Larger than any error of the API, and than what it says of a batch or a file. */
const SMALL_ANSWER_BYTES = 256 * 1_024;

export interface UpstreamQuestion {
  method: 'GET' | 'POST' | 'DELETE';
  /** Below the API's own root, with its query string. */
  path: string;
  /** Streamed as it comes. */
  body?: Readable;
  /** Of the body, where it is known. */
  contentLength?: string | undefined;
}

/**
 * Asks the upstream on behalf of a request, in its own words: headers by the rules of both directions.
 * @throws UpstreamFailed where no answer comes; the cause says why.
 */
export type AskUpstream = (request: FastifyRequest, question: UpstreamQuestion) => Promise<Dispatcher.ResponseData>;

export function createAskUpstream(parts: PublicParts): AskUpstream {
  const client = createFreeRouteClient(parts.upstream, parts.limits, parts.timers);
  const { basePath, apiKey } = parts.upstream;
  return (request, { method, path, body, contentLength }) => {
    request.tollgate.forwarded = true;
    const headers = createUpstreamHeaders(request.raw.rawHeaders, apiKey);
    if (body !== undefined && contentLength !== undefined) headers.push('content-length', contentLength);
    const options = { method, path: `${basePath}${path}`, headers, ...(body === undefined ? {} : { body }) };
    return new Promise((resolve, reject) => {
      client.request(
        options,
        (error, data) =>
          error === null ? resolve(data) : reject(new UpstreamFailed(`${method} ${path}`, { cause: error })),
        request.tollgate.principal?.account.id,
      );
    });
  };
}

/** The path of a request as it is asked of the upstream. */
export function upstreamPathOf(request: FastifyRequest): string {
  return `${request.tollgate.route?.upstreamPath}${readQuery(request.raw.url ?? '')}`;
}

/** Passes an answer on: a success as it streams, an error judged. */
export async function relayAnswer(
  parts: PublicParts,
  request: FastifyRequest,
  reply: FastifyReply,
  { statusCode, headers, body }: Dispatcher.ResponseData,
): Promise<FastifyReply> {
  if (isSuccess(statusCode)) return reply.code(statusCode).headers(answerHeaders(request, headers)).send(body);
  return relayFailure(parts, request, reply, {
    statusCode,
    headers,
    bytes: await readAtMost(body, SMALL_ANSWER_BYTES),
  });
}

/** A small answer, read whole; of an error the beginning, where it broke off or was larger than any of the API. */
export interface SmallAnswer {
  statusCode: number;
  headers: IncomingHttpHeaders;
  bytes: Buffer;
}

/** @throws UpstreamFailed where a success breaks off, or is larger than any of the API: no part of it is passed on. */
export async function readSmallAnswer({ statusCode, headers, body }: Dispatcher.ResponseData): Promise<SmallAnswer> {
  if (!isSuccess(statusCode)) return { statusCode, headers, bytes: await readAtMost(body, SMALL_ANSWER_BYTES) };
  let bytes: Buffer | undefined;
  try {
    bytes = await readWhole(body, SMALL_ANSWER_BYTES);
  } catch (error) {
    throw new UpstreamFailed('an answer that broke off', { cause: error });
  }
  if (bytes === undefined) throw new UpstreamFailed('an answer larger than any of the API');
  return { statusCode, headers, bytes };
}

/** Passes a small answer on whole, an error judged. */
export function relaySmallAnswer(
  parts: PublicParts,
  request: FastifyRequest,
  reply: FastifyReply,
  answer: SmallAnswer,
): FastifyReply {
  if (!isSuccess(answer.statusCode)) return relayFailure(parts, request, reply, answer);
  return reply.code(answer.statusCode).headers(answerHeaders(request, answer.headers)).send(answer.bytes);
}

function relayFailure(
  parts: PublicParts,
  request: FastifyRequest,
  reply: FastifyReply,
  { statusCode, headers, bytes }: SmallAnswer,
): FastifyReply {
  const verdict = judgeUpstreamError(statusCode, headers, bytes);
  if (verdict.action === 'relay') return reply.code(statusCode).headers(answerHeaders(request, headers)).send(bytes);
  if (verdict.alert !== undefined) parts.onOperatorAlert(verdict.alert);
  return refuseRequest(parts, request, reply, verdict.refusal);
}

function answerHeaders(request: FastifyRequest, headers: IncomingHttpHeaders) {
  return { 'request-id': request.tollgate.requestId, ...createClientHeaders(headers) } as Record<string, string>;
}

/** The body of an error, or the beginning of one that is longer than allowed or breaks off. */
export async function readAtMost(stream: Readable, limitBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  try {
    await collect(stream, limitBytes, chunks);
  } catch {
    // What came is judged.
  }
  return Buffer.concat(chunks);
}

/** @returns undefined where it is longer than allowed. Throws what the stream throws. */
async function readWhole(stream: Readable, limitBytes: number): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  return (await collect(stream, limitBytes, chunks)) ? Buffer.concat(chunks) : undefined;
}

/** @returns false where it is longer than allowed: `chunks` are its beginning then. */
async function collect(stream: Readable, limitBytes: number, chunks: Buffer[]): Promise<boolean> {
  let bytes = 0;
  for await (const chunk of stream) {
    bytes += (chunk as Buffer).byteLength;
    if (bytes > limitBytes) return false;
    chunks.push(chunk as Buffer);
  }
  return true;
}

function isSuccess(statusCode: number): boolean {
  return statusCode >= 200 && statusCode < 300;
}

/** What an error of the client that asks the upstream is to the caller. */
export function refusalOfError(error: Error): Refusal {
  const fault = error instanceof UpstreamFailed && error.cause instanceof Error ? error.cause : error;
  const cause = fault.cause instanceof Error ? fault.cause : fault;
  if (cause instanceof UpstreamBusy) return { kind: 'upstream_busy' };
  if (cause instanceof UpstreamExpired) return { kind: 'upstream_slow' };
  return refusalOfEnd(nameFault(cause, false));
}
