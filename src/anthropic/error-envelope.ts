/** The API's form of an error. `type` is an open set. Source: the API's page on errors. */
export interface ErrorEnvelope {
  type: 'error';
  error: { type: string; message: string; details?: unknown };
  request_id?: string | null;
}

/** An error body is a few hundred bytes; a middlebox's page that is longer is not one. */
const LARGEST_ENVELOPE_BYTES = 1_048_576;

/** The body of an error in the API's form. */
export function createErrorEnvelope(errorType: string, message: string, requestId: string): ErrorEnvelope {
  return { type: 'error', error: { type: errorType, message }, request_id: requestId };
}

/**
 * Reads an error body. Recordings before 2025 have no `request_id`; the body that the API's edge sends for a request
 * that is too large has no outer `type`, and is none.
 * @returns the envelope, or undefined for anything that the API itself would not have written.
 */
export function readErrorEnvelope(body: Uint8Array): ErrorEnvelope | undefined {
  if (body.length > LARGEST_ENVELOPE_BYTES) return undefined;
  const json = parseJson(body) as Partial<ErrorEnvelope> | null | undefined;
  if (typeof json !== 'object' || json === null || json.type !== 'error') return undefined;
  const error = json.error as Partial<ErrorEnvelope['error']> | null | undefined;
  if (typeof error !== 'object' || error === null) return undefined;
  if (typeof error.type !== 'string' || typeof error.message !== 'string') return undefined;
  return json as ErrorEnvelope;
}

function parseJson(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body)) as unknown;
  } catch {
    // Neither the decoder nor JSON.parse has another way of saying that a body is not JSON in UTF-8.
    return undefined;
  }
}
