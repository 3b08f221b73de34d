import type { AdminApp } from './admin-parts.ts';
import { parseStrictJson } from './parse-strict-json.ts';
import { BodyMalformed, RequestInvalid } from './request-invalid.ts';

/** JSON bodies only, read strictly; no body at all reads as `{}`, so that what is missing is named field by field. */
export function addBodyReading(app: AdminApp): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, async (_request: unknown, body: Buffer) =>
    readBody(body),
  );
  app.addHook('preValidation', async (request) => {
    const takesBody = request.routeOptions.schema?.body !== undefined;
    if (takesBody && request.body === undefined) request.body = {};
    if (!takesBody && request.body !== undefined) {
      throw new RequestInvalid([{ field: '', message: 'this call takes no body' }]);
    }
  });
}

/** @throws BodyMalformed */
function readBody(body: Buffer): unknown {
  if (body.length === 0) return undefined;
  const read = parseStrictJson(decode(body));
  if (!read.ok) throw new BodyMalformed(read.message);
  return read.value;
}

function decode(body: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(body);
  } catch (error) {
    throw new BodyMalformed('the body is not UTF-8', { cause: error });
  }
}
