import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyReply, FastifyRequest } from 'fastify';

const LAST = Symbol('its last request has come');

interface EndingSocket extends Socket {
  [LAST]?: true;
}

/** Has the connection end with the answer to this request, of which nothing was sent. What follows is not served. */
export function makeLast(request: FastifyRequest, reply: FastifyReply): void {
  (request.raw.socket as EndingSocket)[LAST] = true;
  // On the response itself, for an answer may go out past fastify.
  reply.raw.setHeader('connection', 'close');
}

/** Whether a request that has just come is behind the last of its connection. It gets no answer. */
export function isBehindLast({ socket }: IncomingMessage): boolean {
  return (socket as EndingSocket)[LAST] === true;
}

/**
 * Throws away a request behind the last, and whatever comes after it: nobody would ever answer it, and each would be kept
 * until the connection ends. That the client leaves is still seen.
 */
export function throwAway(request: IncomingMessage): void {
  const { socket } = request;
  request.resume();
  // Node's parser has the socket's bytes until somebody else listens; not to be taken from it while it reads.
  process.nextTick(() => {
    socket.removeAllListeners('data');
    socket.on('data', ignoreBytes);
  });
}

function ignoreBytes(): void {}

/**
 * No other protocol is spoken here, and the offer of one ignored (RFC 9110 section 7.8). But Node's parser throws away
 * what follows it in the same piece and reads on at the next, which may begin in the middle of a request: nothing that
 * follows can be trusted.
 */
export function offersUpgrade({ headers }: Pick<IncomingMessage, 'headers'>): boolean {
  return headers.upgrade !== undefined;
}
