/** Error types of the Messages API, as its SDKs map them to classes. */
export type ErrorType =
  | 'invalid_request_error'
  | 'authentication_error'
  | 'billing_error'
  | 'permission_error'
  | 'not_found_error'
  | 'request_too_large'
  | 'rate_limit_error'
  | 'api_error'
  | 'timeout_error'
  | 'overloaded_error';

/** An answer that refuses or fails, in full. */
export interface ErrorAnswer {
  status: number;
  type: ErrorType;
  /** One or two sentences for a person. */
  message: string;
  headers: { readonly [name: string]: string };
}

/** The body of an error in the form of the Messages API. */
export function writeEnvelope(answer: Pick<ErrorAnswer, 'type' | 'message'>, requestId: string): string {
  return JSON.stringify({
    type: 'error',
    error: { type: answer.type, message: answer.message },
    request_id: requestId,
  });
}

export interface ReadEnvelope {
  type: string;
  message: string;
  errorCode: string | undefined;
  /** It had the outer `type` too: what the API itself writes. Its front door leaves it out. */
  whole: boolean;
}

/** Reads an error body of the upstream; undefined when it is not in the form of the API's errors. */
export function readEnvelope(body: Uint8Array): ReadEnvelope | undefined {
  let value: {
    type?: unknown;
    error?: { type?: unknown; message?: unknown; details?: { error_code?: unknown } | null };
  };
  try {
    value = JSON.parse(new TextDecoder().decode(body));
  } catch {
    return undefined;
  }
  const error = value?.error;
  if (typeof error !== 'object' || error === null) return undefined;
  if (typeof error.type !== 'string' || typeof error.message !== 'string') return undefined;
  const code = error.details?.error_code;
  return {
    type: error.type,
    message: error.message,
    errorCode: typeof code === 'string' ? code : undefined,
    whole: value.type === 'error',
  };
}
