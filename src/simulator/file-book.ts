import { createErrorAnswer, type ErrorAnswer, invalidRequest } from './error-answers.ts';
import type { JsonObject } from './json-value.ts';

interface StoredFile {
  metadata: JsonObject & { id: string };
  bytes: Buffer;
}

/** The files of the simulated API, in memory. */
export interface FileBook {
  /** @param body a `multipart/form-data` body with a part named `file`. */
  upload(id: string, body: Buffer, contentType: string | undefined): JsonObject | ErrorAnswer;
  show(id: string): JsonObject | ErrorAnswer;
  content(id: string): { bytes: Buffer; type: string } | ErrorAnswer;
  remove(id: string): JsonObject | ErrorAnswer;
  /** Newest first. */
  list(query: URLSearchParams): JsonObject;
}

export function createFileBook(clock: () => Date): FileBook {
  const files = new Map<string, StoredFile>();
  const notFound = (id: string): ErrorAnswer => createErrorAnswer(404, 'not_found_error', `File not found: ${id}`);
  return {
    upload(id, body, contentType) {
      const part = readFilePart(body, contentType);
      if (part === undefined) return invalidRequest('file: Field required');
      const metadata = {
        id,
        type: 'file',
        filename: part.name,
        mime_type: part.type,
        size_bytes: part.bytes.length,
        created_at: clock().toISOString(),
        downloadable: true,
      };
      files.set(id, { metadata, bytes: part.bytes });
      return metadata;
    },
    show: (id) => files.get(id)?.metadata ?? notFound(id),
    content(id) {
      const file = files.get(id);
      return file === undefined ? notFound(id) : { bytes: file.bytes, type: String(file.metadata.mime_type) };
    },
    remove: (id) => (files.delete(id) ? { id, type: 'file_deleted' } : notFound(id)),
    list(query) {
      const limit = Number(query.get('limit') ?? 20);
      const all = [...files.values()].map(({ metadata }) => metadata).toReversed();
      const from = all.findIndex(({ id }) => id === (query.get('after_id') ?? query.get('page'))) + 1;
      const data = all.slice(from, from + limit);
      const hasMore = from + limit < all.length;
      const [first, last] = [data[0]?.id ?? null, data.at(-1)?.id ?? null];
      return { data, has_more: hasMore, first_id: first, last_id: last, next_page: hasMore ? last : null };
    },
  };
}

/** The part named `file` of a multipart body (RFC 7578). */
function readFilePart(body: Buffer, contentType: string | undefined) {
  const [, quoted, plain] = /boundary=(?:"([^"]+)"|([^;\s]+))/i.exec(contentType ?? '') ?? [];
  const boundary = quoted ?? plain;
  if (boundary === undefined) return undefined;
  const mark = Buffer.from(`--${boundary}`);
  for (let at = body.indexOf(mark); at >= 0; ) {
    const next = body.indexOf(mark, at + mark.length);
    if (next < 0) return undefined;
    const headEnd = body.indexOf('\r\n\r\n', at);
    const head = body.subarray(at, headEnd).toString('utf8');
    if (headEnd < next && /name="file"/.test(head)) {
      const name = /filename="([^"]*)"/.exec(head)?.[1] ?? 'unnamed';
      const type = /content-type: *([^\r\n]+)/i.exec(head)?.[1] ?? 'application/octet-stream';
      return { name, type, bytes: body.subarray(headEnd + 4, next - 2) };
    }
    at = next;
  }
  return undefined;
}
