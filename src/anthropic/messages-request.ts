import type { MessagesRequest } from '../domain/call-request.ts';
import { type JsonLimits, type JsonScan, scanJson } from './json-scanner.ts';
import { RequestVisitor } from './request-visitor.ts';
import type { Work } from './work.ts';

export type { FallbackModel, MessagesRequest, RequestTool, SourceCount } from '../domain/call-request.ts';
export type { JsonLimits } from './json-scanner.ts';

export type ReadRequest = { ok: true; request: MessagesRequest } | { ok: false; message: string };

/**
 * Reads what matters for the price out of a Messages body, in one pass over its bytes; the rest is only checked to
 * be JSON and passes unchanged. Whatever two parsers could read differently is refused: invalid UTF-8, a byte order
 * mark, names given twice, names with NUL or half a surrogate pair.
 * @returns the request, or the text for an `invalid_request_error` (400) in the API's wording.
 */
export function* readMessagesRequest(body: Uint8Array, limits: JsonLimits): Work<ReadRequest> {
  const visitor = new RequestVisitor(body);
  const scan = yield* scanJson(body, limits, visitor);
  return scan.ok ? visitor.finish() : { ok: false, message: refusalMessage(scan) };
}

function refusalMessage(scan: JsonScan & { ok: false }): string {
  if (scan.cause === 'refused') return scan.problem;
  return `The request body is not valid JSON: ${scan.problem} (char ${scan.at})`;
}
