import { Transform } from 'node:stream';
import type { FastifyRequest } from 'fastify';

/** The body went on beyond its limit. */
export class BodyTooLarge extends Error {
  readonly code = 'BODY_TOO_LARGE';
  override readonly name = 'BodyTooLarge';
}

/** The client left before the end of its body. */
export class SenderLeft extends Error {
  readonly code = 'SENDER_LEFT';
  override readonly name = 'SenderLeft';
}

/**
 * The body of a request as it comes, broken off where it grows larger than allowed ({@link BodyTooLarge}) or its sender
 * leaves ({@link SenderLeft}). What comes after that is thrown away, so that an answer can still be given.
 */
export function limitBody(request: FastifyRequest, limitBytes: number): Transform {
  let bytes = 0;
  const counted = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.byteLength;
      done(bytes > limitBytes ? new BodyTooLarge('grew larger than allowed') : null, chunk);
    },
  });
  request.raw.once('close', () => {
    if (!request.raw.complete) counted.destroy(new SenderLeft('the sender left'));
  });
  counted.on('error', () => request.raw.unpipe(counted).resume());
  return request.raw.pipe(counted);
}
