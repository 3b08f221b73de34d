/** One thing wrong with what was sent. */
export interface FieldError {
  field: string;
  message: string;
}

/** A refusal or a fault, with a sentence for people. */
export class ApiProblem extends Error {
  override readonly name = 'ApiProblem';
  readonly status: number;
  readonly type: string;
  readonly errors: readonly FieldError[];
  constructor(status: number, type: string, message: string, errors: readonly FieldError[] = []) {
    super(message);
    this.status = status;
    this.type = type;
    this.errors = errors;
  }
}

interface Call {
  method?: 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE';
  body?: unknown;
  /** Asked by the page itself and not by its reader: no sign of life. */
  background?: boolean;
  signal?: AbortSignal;
  /** The same for each try of one act, so that an answer lost on the way does not make it happen twice. */
  actId?: string;
}

let onSignedOut = (): void => undefined;

/** Called when the server knows the session no more. */
export function whenSignedOut(run: () => void): void {
  onSignedOut = run;
}

/** Sends one call. @throws ApiProblem on any answer that is not a success, and where there is no answer. */
export async function send<Answer>(path: string, call: Call = {}): Promise<Answer> {
  const response = await fetchAnswer(path, call);
  if (response.status === 401 && path !== '/console/session') onSignedOut();
  const text = await response.text();
  const isJson = /json/.test(response.headers.get('content-type') ?? '');
  const body: unknown = text !== '' && isJson ? JSON.parse(text) : undefined;
  if (response.ok) return body as Answer;
  const { type = '', title, detail, errors } = (body ?? {}) as Record<string, unknown>;
  const sentence = `${detail ?? title ?? `The server answered ${response.status}.`}`;
  throw new ApiProblem(response.status, `${type}`, sentence, errors as FieldError[] | undefined);
}

async function fetchAnswer(
  path: string,
  { method = 'GET', body, background = false, signal, actId }: Call,
): Promise<Response> {
  try {
    return await fetch(path, {
      method,
      credentials: 'same-origin',
      cache: 'no-store',
      redirect: 'error',
      headers: {
        'x-tollgate-console': background ? 'look' : 'act',
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(actId === undefined ? {} : { 'idempotency-key': actId }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(signal === undefined ? {} : { signal }),
    });
  } catch (error) {
    if (signal?.aborted === true) throw error;
    throw new ApiProblem(0, 'unreachable', 'Tollgate does not answer. Is it running, and are you online?');
  }
}

/** The path of a call of the admin API, with its query; what is undefined or empty is left out. */
export function adminPath(path: string, query: Record<string, string | number | undefined> = {}): string {
  return withQuery(`/admin/v1${path}`, query);
}

export function withQuery(path: string, query: Record<string, string | number | undefined>): string {
  const named = Object.entries(query).filter(([, value]) => value !== undefined && value !== '');
  const text = new URLSearchParams(named.map(([name, value]) => [name, `${value}`])).toString();
  return text === '' ? path : `${path}?${text}`;
}
