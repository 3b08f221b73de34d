import type { IncomingMessage } from 'node:http';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { createErrorAnswer, type ErrorAnswer, invalidRequest } from './error-answers.ts';

const MIB = 1024 * 1024;
/** The API takes 32 MB for a message, 256 MB for a batch, 500 MB for a file. */
const MAXIMUM_BODY_BYTES = 32 * MIB;

export function findBodyLimit(target: string): number {
  if (target.startsWith('/v1/messages/batches')) return 256 * MIB;
  return target.startsWith('/v1/files') ? 500 * MIB : MAXIMUM_BODY_BYTES;
}

/** A body as it came, or why it is refused. `complete` is false when the client left before its end. */
export interface ReceivedBody {
  bytes: Buffer;
  complete: boolean;
  tooLarge: boolean;
}

/** Reads the whole request. Over the limit it keeps nothing, and what still comes is for the server to discard. */
export async function readRequestBody(request: IncomingMessage, limitBytes: number): Promise<ReceivedBody> {
  const nothing = Buffer.alloc(0);
  if (Number(request.headers['content-length'] ?? 0) > limitBytes) {
    return { bytes: nothing, complete: true, tooLarge: true };
  }
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    // Leaving the loop early must not destroy the connection: the refusal is still to be sent over it.
    for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      length += chunk.length;
      if (length > limitBytes) return { bytes: nothing, complete: true, tooLarge: true };
      chunks.push(chunk);
    }
  } catch (error) {
    if (!request.destroyed) throw error;
    return { bytes: Buffer.concat(chunks), complete: false, tooLarge: false };
  }
  return { bytes: Buffer.concat(chunks), complete: true, tooLarge: false };
}

const inflate = promisify(gunzip);

/** The body as text, inflated where it is gzip. */
export async function decodeRequestBody(
  bytes: Buffer,
  encoding: string | undefined,
  limitBytes: number,
): Promise<string | ErrorAnswer> {
  if (encoding === undefined || encoding === '' || encoding === 'identity') return bytes.toString('utf8');
  if (encoding.toLowerCase() !== 'gzip') {
    return invalidRequest(`Unsupported content encoding: ${encoding}`, 'request_body_encoding_unsupported');
  }
  try {
    return (await inflate(bytes, { maxOutputLength: limitBytes })).toString('utf8');
  } catch (error) {
    if (!(error instanceof Error) || !('code' in error)) throw error;
    return error.code === 'ERR_BUFFER_TOO_LARGE'
      ? createErrorAnswer(413, 'request_too_large', 'Request exceeds the maximum size', {
          errorCode: 'request_body_too_large_after_decoding',
        })
      : invalidRequest('The request body is not valid gzip', 'request_body_encoding_invalid');
  }
}
