import type { IncomingHttpHeaders } from 'node:http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { relaySmallAnswer, type SmallAnswer } from '../ask-upstream.ts';
import type { PublicParts } from '../public-parts.ts';

/** As the API writes it; in what it says of a batch no client's text can look like it. */
const RESULTS_URL = /("results_url"\s*:\s*)"[^"\\]*?(\/v1\/messages\/batches\/[A-Za-z0-9_-]+\/results)"/g;
const HOST = /^[A-Za-z0-9.-]{1,253}(?::\d{1,5})?$|^\[[0-9A-Fa-f:.]{2,45}\](?::\d{1,5})?$/;

/** Passes on what the upstream says of a batch, with its results where the caller reaches us. */
export function relayBatch(
  parts: PublicParts,
  request: FastifyRequest,
  reply: FastifyReply,
  answer: SmallAnswer,
): FastifyReply {
  const bytes = Buffer.from(rewriteResultsUrl(parts, request, answer.bytes.toString('utf8')));
  // An error is judged as it came.
  if (answer.statusCode >= 300 || bytes.equals(answer.bytes)) return relaySmallAnswer(parts, request, reply, answer);
  const headers: IncomingHttpHeaders = { ...answer.headers, 'content-length': String(bytes.byteLength) };
  return relaySmallAnswer(parts, request, reply, { ...answer, headers, bytes });
}

/** Puts our own address in place of the upstream's, to which the caller's key is nothing. */
export function rewriteResultsUrl(
  { publicUrl }: Pick<PublicParts, 'publicUrl'>,
  request: FastifyRequest,
  text: string,
) {
  const base = publicUrl ?? callerUrl(request);
  return text.replace(RESULTS_URL, (_whole, head: string, path: string) => head + JSON.stringify(`${base}${path}`));
}

/**
 * The address that the request names. Only its own sender is told it, so there is nothing to be gained by a false one.
 */
function callerUrl({ headers, protocol }: FastifyRequest): string {
  const forwarded = headers['x-forwarded-proto'];
  const scheme = forwarded === 'https' || forwarded === 'http' ? forwarded : protocol;
  return `${scheme}://${HOST.test(headers.host ?? '') ? headers.host : 'localhost'}`;
}
