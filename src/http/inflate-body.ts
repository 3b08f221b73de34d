import { createGunzip } from 'node:zlib';
import type { Seat } from './admission/admission-control.ts';
import type { Refusal } from './refusals.ts';

/** Of what is inflated at a time. */
const CHUNK_BYTES = 64 * 1_024;

export type InflatedBody = { plain: Buffer } | { refusal: Refusal };

/**
 * The body's plain bytes, to be read; what is forwarded stays as it came. The API takes `gzip` and nothing else.
 * Inflating stops at the limit, and where the seat has no room: a few kilobytes can grow to gigabytes.
 * @returns at once for a body that is not compressed.
 * @param seat what the plain bytes are held by until the caller gives them back.
 */
export function inflateBody(
  body: Buffer,
  contentEncoding: string | undefined,
  limitBytes: number,
  seat?: Seat,
): InflatedBody | Promise<InflatedBody> {
  const encoding = contentEncoding?.trim().toLowerCase() ?? '';
  if (encoding === '' || encoding === 'identity') return { plain: body };
  if (encoding !== 'gzip') {
    return { refusal: { kind: 'malformed', reason: 'request_body_encoding_unsupported: only gzip is supported.' } };
  }
  return gunzipBody(body, limitBytes, seat);
}

async function gunzipBody(body: Buffer, limitBytes: number, seat: Seat | undefined): Promise<InflatedBody> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  const gunzip = createGunzip({ chunkSize: CHUNK_BYTES });
  gunzip.end(body);
  try {
    for await (const chunk of gunzip as AsyncIterable<Buffer>) {
      bytes += chunk.byteLength;
      if (bytes > limitBytes) return { refusal: { kind: 'inflated_body_too_large', limitBytes } };
      if (seat?.holdBytes(chunk.byteLength) === false) return { refusal: { kind: 'overloaded', cause: 'body_memory' } };
      chunks.push(chunk);
    }
  } catch {
    return { refusal: { kind: 'malformed', reason: 'request_body_encoding_invalid: the body is not valid gzip.' } };
  }
  return { plain: Buffer.concat(chunks, bytes) };
}
