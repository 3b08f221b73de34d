import type { ServerResponse } from 'node:http';

/** A longer chunk is not copied to put its frame around it. */
const COPIED_BYTES_AT_MOST = 16 * 1_024;
const CRLF = '\r\n';
const [CR, LF] = Buffer.from(CRLF) as unknown as [number, number];

/** Ends a body in chunks, without trailers (RFC 9112 section 7.1). */
export const LAST_CHUNK = Buffer.from('0\r\n\r\n');

/**
 * Has Node leave the frames around the chunks of a body to us, once its head is written. Node sends each chunk as four
 * pieces: a tenth of a short stream's processor time.
 * @returns false where the body has no frames: of a known length, or up to the connection's end (HTTP/1.0).
 */
export function takeFraming(response: ServerResponse): boolean {
  const isChunked = response.chunkedEncoding;
  response.chunkedEncoding = false;
  return isChunked;
}

/** Writes a chunk with its frame, as one piece unless it is long. @returns what the response's own `write` does. */
export function frameChunk(response: ServerResponse, chunk: Uint8Array): boolean {
  // A chunk of no bytes would end the body.
  if (chunk.byteLength === 0) return response.write(chunk);
  const size = chunk.byteLength.toString(16) + CRLF;
  if (chunk.byteLength > COPIED_BYTES_AT_MOST) {
    response.write(size, 'latin1');
    response.write(chunk);
    return response.write(CRLF, 'latin1');
  }
  const end = size.length + chunk.byteLength;
  const framed = Buffer.allocUnsafe(end + CRLF.length);
  framed.write(size, 0, 'latin1');
  framed.set(chunk, size.length);
  framed[end] = CR;
  framed[end + 1] = LF;
  return response.write(framed);
}
