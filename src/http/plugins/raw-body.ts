import type { FastifyInstance } from 'fastify';

/**
 * Bodies of every content type are taken as the bytes they are, whole, up to the limit. Nothing is parsed here: the
 * bytes are what is forwarded, and a body that is sent slowly holds nothing but its own memory.
 */
export function takeRawBodies(app: FastifyInstance, bodyLimitBytes: number): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: bodyLimitBytes }, (_request, body, done) => {
    done(null, body);
  });
}
