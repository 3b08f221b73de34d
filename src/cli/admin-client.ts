import type { CliSettings } from '../config/cli-settings.ts';
import { AdminRefusal, CliFailure, EXIT_CODES } from './exit-codes.ts';
import { toTerminalText } from './terminal-text.ts';

/** Longer than any call of the admin API takes, shorter than a person waits. */
const TIMEOUT_MS = 30_000;
const MAX_ANSWER_BYTES = 64 * 1024 * 1024;

export interface AdminCall {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Steps below `/admin/v1`; each is encoded. */
  path: readonly string[];
  query?: { readonly [name: string]: string | number | undefined };
  /** Fields that are undefined are left out. */
  body?: { readonly [field: string]: unknown };
  idempotencyKey?: string | undefined;
  /** 30 s unless given. */
  timeoutMs?: number;
}

export interface AdminAnswer {
  text: string;
  /** Undefined where the answer is no JSON. */
  json: unknown;
  headers: Headers;
  /** It is the answer of a first call under the same idempotency key: nothing was done this time. */
  isReplayed: boolean;
}

/**
 * Sends one call.
 * @throws CliFailure when the API refuses (1) or does not answer (3).
 */
export async function callAdmin(settings: CliSettings, call: AdminCall): Promise<AdminAnswer> {
  const url = new URL(`${settings.adminUrl}/admin/v1/${call.path.map(encodeURIComponent).join('/')}`);
  for (const [name, value] of Object.entries(call.query ?? {})) {
    if (value !== undefined) url.searchParams.set(name, `${value}`);
  }
  const { response, text } = await exchange(url, {
    method: call.method,
    headers: {
      authorization: `Bearer ${settings.token}`,
      ...(call.body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(call.idempotencyKey === undefined ? {} : { 'idempotency-key': call.idempotencyKey }),
    },
    ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
    // A redirect would carry the token to wherever it points.
    redirect: 'error',
    signal: AbortSignal.timeout(call.timeoutMs ?? TIMEOUT_MS),
  });
  const json = response.headers.get('content-type')?.includes('json') === true ? parseJson(text) : undefined;
  const isReplayed = response.headers.get('idempotent-replayed') === 'true';
  const { status } = response;
  if (!response.ok) throw new AdminRefusal(describeProblem(status, json), { status, isReplayed });
  return { text, json, headers: response.headers, isReplayed };
}

async function exchange(url: URL, init: RequestInit): Promise<{ response: Response; text: string }> {
  try {
    const response = await fetch(url, init);
    return { response, text: await readWithin(response) };
  } catch (error) {
    if (error instanceof CliFailure) throw error;
    const reason = findReason(error);
    throw new CliFailure(`no answer from ${url.origin}: ${reason}`, EXIT_CODES.unreachable, { cause: error });
  }
}

async function readWithin(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.byteLength;
    if (size > MAX_ANSWER_BYTES) throw new CliFailure('the answer is above 64 MiB', EXIT_CODES.refused);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** `fetch` says "fetch failed" and keeps the reason in the cause. */
function findReason(error: unknown): string {
  const { message, cause } = error as Error;
  const { code, message: inner } = (cause ?? {}) as { code?: string; message?: string };
  return toTerminalText([code, inner === undefined || inner === '' ? message : inner].filter(Boolean).join(': '));
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new CliFailure('the answer is not the JSON it says it is', EXIT_CODES.refused, { cause: error });
  }
}

/** A problem for people: what is wrong, then a line per field. */
function describeProblem(status: number, json: unknown): string {
  const problem = (json ?? {}) as { title?: unknown; detail?: unknown; errors?: { field: string; message: string }[] };
  if (problem.title === undefined) return `refused with HTTP status ${status}; is this the admin listener?`;
  const errors = Array.isArray(problem.errors) ? problem.errors : [];
  const head = `${toTerminalText(problem.title)} (${status})`;
  if (errors.length === 0) return `${head}: ${toTerminalText(problem.detail)}`;
  const lines = errors.map(
    ({ field, message }) => `  ${toTerminalText(field || 'request')}: ${toTerminalText(message)}`,
  );
  return [`${head}:`, ...lines].join('\n');
}
