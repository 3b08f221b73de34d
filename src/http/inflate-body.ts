import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import type { Refusal } from './refusals.ts';

const inflate = promisify(gunzip);

/**
 * The body's plain bytes, to be read; what is forwarded stays as it came. The API takes `gzip` and nothing else.
 * @param limitBytes of the plain bytes: a few kilobytes of gzip can inflate to gigabytes.
 */
export async function inflateBody(
  body: Buffer,
  contentEncoding: string | undefined,
  limitBytes: number,
): Promise<{ plain: Buffer } | { refusal: Refusal }> {
  const encoding = contentEncoding?.trim().toLowerCase() ?? '';
  if (encoding === '' || encoding === 'identity') return { plain: body };
  if (encoding !== 'gzip') {
    return { refusal: { kind: 'malformed', reason: 'request_body_encoding_unsupported: only gzip is supported.' } };
  }
  try {
    return { plain: await inflate(body, { maxOutputLength: limitBytes }) };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') {
      return { refusal: { kind: 'inflated_body_too_large', limitBytes } };
    }
    return { refusal: { kind: 'malformed', reason: 'request_body_encoding_invalid: the body is not valid gzip.' } };
  }
}
