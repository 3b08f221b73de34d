import type { IncomingMessage } from 'node:http';
import type { FastifyInstance } from 'fastify';
import { isBehindLast, makeLast, offersUpgrade, throwAway } from '../last-request.ts';
import type { Refusal } from '../refusals.ts';
import { type RefusalParts, refuseRequest } from '../refuse-request.ts';

/** Several times what any client sends. Node would drop what is beyond its own bound without a word. */
export const HEADERS_AT_MOST = 256;

/** A host, also an IPv6 address with its zone, with a port (RFC 3986 section 3.2.2), or nothing (RFC 9112 section 3.2). */
const HOST = /^(?:\[[\w:.%~-]{2,100}\]|[\w.~!$&'()*+;=%-]{0,255})(?::\d{0,5})?$/;

/**
 * Refuses what Node's parser takes and another server may read differently. The connection ends, since where the
 * request ends is part of what is in doubt, and what comes behind it is not served. A request that offers another
 * protocol is served, as the last of its connection.
 */
export function refuseAmbiguous(app: FastifyInstance, parts: RefusalParts): void {
  app.addHook('onRequest', (request, reply, done) => {
    if (isBehindLast(request.raw)) {
      throwAway(request.raw);
      reply.hijack();
      return;
    }
    const refusal = findAmbiguity(request.raw);
    if (refusal !== undefined || offersUpgrade(request.raw)) makeLast(request, reply);
    if (refusal === undefined) done();
    else refuseRequest(parts, request, reply, refusal);
  });
}

function findAmbiguity({ rawHeaders, headers, httpVersion }: IncomingMessage): Refusal | undefined {
  if (httpVersion !== '1.1' && httpVersion !== '1.0') return malformed('Only HTTP/1.1 is served here.');
  if (rawHeaders.length > 2 * HEADERS_AT_MOST) return { kind: 'headers_too_large' };
  const coding = headers['transfer-encoding'];
  // RFC 9112 section 6.1: HTTP/1.0 knows no transfer codings, and what is coded otherwise would be passed on as plain.
  if (coding !== undefined && (httpVersion === '1.0' || coding.toLowerCase() !== 'chunked')) {
    return malformed('The only transfer coding taken is chunked, by HTTP/1.1.');
  }
  // RFC 9112 section 3.2: of more than one Host, each reader may take another.
  let hosts = 0;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] ?? '';
    if (name.length === 4 && name.toLowerCase() === 'host') hosts += 1;
  }
  if (hosts > 1) return malformed('More than one Host header.');
  return HOST.test(headers.host ?? '') ? undefined : malformed('The Host header names no host.');
}

function malformed(reason: string): Refusal {
  return { kind: 'malformed', reason };
}
