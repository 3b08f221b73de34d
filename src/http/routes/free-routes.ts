import type { IncomingHttpHeaders } from 'node:http';
import type { Readable } from 'node:stream';
import httpProxy, { type FastifyHttpProxyOptions } from '@fastify/http-proxy';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { readFileIds } from '../../anthropic/read-file-ids.ts';
import type { Principal } from '../../directory/directory.ts';
import { readAtMost, refusalOfError } from '../ask-upstream.ts';
import { doInTurns } from '../do-in-turns.ts';
import { findForeignFile } from '../find-foreign-file.ts';
import { createFreeRouteClient, freeRouteAsker } from '../free-route-client.ts';
import { createClientHeaders, createUpstreamHeaders } from '../headers.ts';
import { inflateBody } from '../inflate-body.ts';
import type { PublicParts } from '../public-parts.ts';
import type { Refusal } from '../refusals.ts';
import { refuseRequest, routeLabel } from '../refuse-request.ts';
import { judgeUpstreamError } from '../upstream-error.ts';

/** As in a Messages request. */
const JSON_KEYS_AT_MOST = 2_000_000;
const ERROR_BODY_BYTES = 256 * 1_024;

/** The routes that cost nothing upstream, carried by @fastify/http-proxy. */
export async function addFreeRoutes(app: FastifyInstance, parts: PublicParts): Promise<void> {
  const options = proxyOptions(parts);
  await app.register(httpProxy, { ...options, httpMethods: ['GET'], routes: ['/v1/models', '/v1/models/:id'] });
  await app.register(httpProxy, {
    ...options,
    httpMethods: ['POST'],
    routes: ['/v1/messages/count_tokens'],
    preHandler: async (request, reply) => {
      const refusal = await findForeignReference(parts, request as FastifyRequest);
      if (refusal !== undefined) return refuseRequest(parts, request as FastifyRequest, reply as never, refusal);
    },
  });
  app.addHook('onResponse', async (request, reply) => {
    const label = routeLabel(request.tollgate.route?.id);
    if (label !== 'count_tokens' && label !== 'models') return;
    if (request.tollgate.forwarded !== true) return;
    const status = reply.statusCode;
    const outcome = status < 400 ? 'completed' : 'upstream_error';
    parts.metrics.requestForwarded({ route: label, status, outcome });
  });
}

/** A count tells the size of a file: it is taken of the account's own files only. */
async function findForeignReference(parts: PublicParts, request: FastifyRequest): Promise<Refusal | undefined> {
  const { limits } = parts;
  const body = (request.body as Buffer | undefined) ?? Buffer.alloc(0);
  const { seat } = request.tollgate;
  const inflated = await inflateBody(body, request.headers['content-encoding'], limits.inflatedBodyBytes, seat);
  if ('refusal' in inflated) return inflated.refusal;
  const work = readFileIds(inflated.plain, { depth: limits.jsonDepth, keys: JSON_KEYS_AT_MOST });
  const fileIds = await doInTurns(work);
  if (inflated.plain !== body) seat?.freeBytes(inflated.plain.byteLength);
  // What is no JSON refers to nothing, unless another parser takes it for some: it may not speak of files.
  if (fileIds === undefined) {
    const mayRefer = inflated.plain.includes('file_id') || inflated.plain.includes('\\u');
    return mayRefer ? { kind: 'malformed', reason: 'The request body is not valid JSON.' } : undefined;
  }
  return findForeignFile(parts, request, fileIds);
}

function proxyOptions(parts: PublicParts): FastifyHttpProxyOptions {
  const { upstream } = parts;
  return {
    upstream: upstream.origin,
    // Our own clients, by way of one that bounds the wait: left to itself the proxy makes one that verifies no
    // certificate.
    undici: createFreeRouteClient(upstream, parts.limits, parts.timers) as never,
    // Bodies are ours: whole, within the limit and as they came.
    proxyPayloads: false,
    // By default a GET that met a 503 is sent up to ten times more; `maxRetriesOn503: 0` does not stop it.
    retryMethods: [],
    disableCache: true,
    disableRequestLogging: true,
    handler(request, reply, _destination, options) {
      request.tollgate.forwarded = true;
      const send = () =>
        reply.from(`${upstream.basePath}${request.tollgate.route?.upstreamPath}`, {
          ...options,
          // With a type given, the bytes are sent as they are; without, a JSON body would be serialised anew.
          ...(request.method === 'POST'
            ? { body: (request.body as Buffer | undefined) ?? Buffer.alloc(0), contentType: 'application/octet-stream' }
            : {}),
        });
      // Nothing is charged or noted of an answer: for a client that left, no connection need wait for it.
      const left = new AbortController();
      reply.raw.once('close', () => left.abort());
      const { account } = request.tollgate.principal as Principal;
      return freeRouteAsker.run({ account: account.id, gone: left.signal }, send);
    },
    replyOptions: {
      rewriteRequestHeaders: (request) =>
        toHeaderObject(createUpstreamHeaders(request.raw.rawHeaders, upstream.apiKey)),
      rewriteHeaders: (headers, request) =>
        ({
          'request-id': (request as FastifyRequest).id,
          ...createClientHeaders(headers as IncomingHttpHeaders),
        }) as never,
      onResponse: (request, reply, response) =>
        void relay(parts, request as FastifyRequest, reply as never, response as never),
      onError(reply, { error }) {
        if (reply.raw.closed) return;
        void refuseRequest(parts, reply.request as never, reply as never, refusalOfError(error));
      },
    },
  };
}

/** What http-proxy hands over of the upstream's answer. */
interface ProxiedResponse {
  statusCode: number;
  headers: IncomingHttpHeaders;
  stream: Readable;
}

async function relay(
  parts: PublicParts,
  request: FastifyRequest,
  reply: FastifyReply,
  { statusCode, headers, stream }: ProxiedResponse,
): Promise<void> {
  if (statusCode >= 200 && statusCode < 300) return void reply.send(stream);
  const body = await readAtMost(stream, ERROR_BODY_BYTES);
  const verdict = judgeUpstreamError(statusCode, headers, body);
  if (verdict.action === 'relay') return void reply.send(body);
  if (verdict.alert !== undefined) parts.onOperatorAlert(verdict.alert);
  for (const name of Object.keys(reply.getHeaders())) reply.removeHeader(name);
  void refuseRequest(parts, request, reply, verdict.refusal);
}

/** Names in lower case; a repeated one becomes a list. */
function toHeaderObject(flat: readonly string[]): IncomingHttpHeaders {
  const headers: { [name: string]: string | string[] } = {};
  for (let index = 0; index + 1 < flat.length; index += 2) {
    const name = (flat[index] ?? '').toLowerCase();
    const value = flat[index + 1] ?? '';
    const before = headers[name];
    headers[name] = before === undefined ? value : [before, value].flat();
  }
  return headers;
}
