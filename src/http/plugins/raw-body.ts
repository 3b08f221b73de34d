import type { IncomingMessage } from 'node:http';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { BodyTooLarge } from '../limited-body.ts';

/** There is no room for the body in this process at the moment. */
export class BodyMemoryFull extends Error {
  readonly code = 'BODY_MEMORY_FULL';
  override readonly name = 'BodyMemoryFull';
}

/** The body did not come to its end: its sender left, or its framing broke. */
export class BodyBroken extends Error {
  readonly code = 'BODY_BROKEN';
  override readonly name = 'BodyBroken';
}

type Done = (error: Error | null, body?: Buffer) => void;

/**
 * Bodies of every content type are taken as the bytes they are, whole, up to the limit. Nothing is parsed here: the
 * bytes are what is forwarded, and a body that is sent slowly holds nothing but its own memory, which is counted.
 */
export function takeRawBodies(app: FastifyInstance, bodyLimitBytes: number): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (request, payload, done) => {
    const announced = Number(request.headers['content-length'] ?? 0);
    if (announced > bodyLimitBytes) done(new BodyTooLarge('is announced too large'));
    else takeBody(request, payload, bodyLimitBytes, done);
  });
}

/** Calls `done` once; what comes after that is the caller's to throw away. */
function takeBody(request: FastifyRequest, payload: IncomingMessage, limitBytes: number, done: Done): void {
  const { seat } = request.tollgate;
  const chunks: Buffer[] = [];
  let bytes = 0;
  const end = (error: Error | null, body?: Buffer): void => {
    payload.off('data', take);
    payload.off('end', finish);
    payload.off('error', fail);
    chunks.length = 0;
    done(error, body);
  };
  const take = (chunk: Buffer): void => {
    bytes += chunk.byteLength;
    if (bytes > limitBytes) end(new BodyTooLarge('grew larger than allowed'));
    else if (seat?.holdBytes(chunk.byteLength) === false) end(new BodyMemoryFull('no room for a body'));
    else chunks.push(chunk);
  };
  const finish = (): void => end(null, chunks.length === 1 ? chunks[0] : Buffer.concat(chunks, bytes));
  const fail = (error: Error): void => {
    // Nobody listens to it any more, and nobody need.
    payload.on('error', () => undefined);
    end(new BodyBroken('the body broke off', { cause: error }));
  };
  payload.on('data', take);
  payload.on('end', finish);
  payload.on('error', fail);
}
