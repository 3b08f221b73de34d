import type { FastifyReply, FastifyRequest } from 'fastify';
import type { StoredList } from '../directory/stored-registry.ts';
import { relaySmallAnswer, type SmallAnswer } from './ask-upstream.ts';
import type { PublicParts } from './public-parts.ts';

/** Entries of a page that are asked for at once. */
const ASKED_AT_ONCE = 8;

export interface RelayedList {
  page: StoredList<string>;
  /** Asks the upstream for one entry. */
  ask(id: string): Promise<SmallAnswer>;
  /** What is shown of an answer; as it is unless given. */
  rewrite?(text: string): string;
}

/** Answers with a page of what the account has stored, each entry as the upstream describes it. */
export async function relayStoredList(
  parts: PublicParts,
  request: FastifyRequest,
  reply: FastifyReply,
  { page: { entries: ids, hasMore }, ask, rewrite = (text) => text }: RelayedList,
): Promise<FastifyReply> {
  const shown: string[] = [];
  for (let at = 0; at < ids.length; at += ASKED_AT_ONCE) {
    for (const answer of await Promise.all(ids.slice(at, at + ASKED_AT_ONCE).map(ask))) {
      // One that has expired or was deleted elsewhere.
      if (answer.statusCode === 404) continue;
      if (readId(answer) === undefined) return relaySmallAnswer(parts, request, reply, answer);
      shown.push(rewrite(answer.bytes.toString('utf8')));
    }
  }
  const edges = {
    first_id: ids[0] ?? null,
    last_id: ids.at(-1) ?? null,
    next_page: hasMore ? (ids.at(-1) ?? null) : null,
  };
  const rest = JSON.stringify({ has_more: hasMore, ...edges }).slice(1);
  return reply
    .headers({ 'content-type': 'application/json', 'request-id': request.tollgate.requestId })
    .send(Buffer.from(`{"data":[${shown.join(',')}],${rest}`));
}

/** The id in a success of the upstream that describes something stored. */
export function readId({ statusCode, bytes }: SmallAnswer): string | undefined {
  if (statusCode < 200 || statusCode >= 300) return undefined;
  try {
    const { id } = JSON.parse(bytes.toString('utf8')) as { id?: unknown };
    return typeof id === 'string' && id !== '' ? id : undefined;
  } catch {
    return undefined;
  }
}
