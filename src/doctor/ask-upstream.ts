import { type IncomingMessage, type RequestOptions, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { TLSSocket } from 'node:tls';

/** What the API answered to the question for its models, which costs nothing. */
export interface UpstreamLook {
  /** Undefined: there was no answer. */
  status: number | undefined;
  /** Why there was none: a code of the system or of TLS, and a sentence. */
  fault?: { code: string; message: string } | undefined;
  /** Ids of the models listed; undefined where the answer has none. */
  models?: string[] | undefined;
  /** Its time minus ours, in milliseconds, to half a second or so. */
  skewMs?: number | undefined;
  /** When its certificate ends, in milliseconds since 1970; undefined without TLS. */
  certificateEndsAtMs?: number | undefined;
}

export interface AskUpstreamOptions {
  baseUrl: string;
  apiKey: string;
  timeoutMs: number;
  nowMs: () => number;
}

const API_VERSION = '2023-06-01';
const MAX_ANSWER_BYTES = 4 * 1_024 * 1_024;

/** Asks once, with the certificate verified, and never rejects. */
export async function askUpstream(options: AskUpstreamOptions): Promise<UpstreamLook> {
  const { baseUrl, apiKey, timeoutMs, nowMs } = options;
  const url = new URL(`${baseUrl}/v1/models?limit=1000`);
  const headers = { 'x-api-key': apiKey, 'anthropic-version': API_VERSION, accept: 'application/json' };
  const startedAtMs = nowMs();
  try {
    const response = await send(url, { headers, timeout: timeoutMs, agent: false });
    const middleMs = (startedAtMs + nowMs()) / 2;
    const certificateEndsAtMs = readCertificateEnd(response);
    const text = await readWithin(response);
    return {
      status: response.statusCode,
      models: response.statusCode === 200 ? readModels(text) : undefined,
      skewMs: readSkew(response.headers.date, middleMs),
      certificateEndsAtMs,
    };
  } catch (error) {
    const { code = 'ERROR', message } = error as NodeJS.ErrnoException;
    return { status: undefined, fault: { code, message } };
  }
}

function send(url: URL, options: RequestOptions): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const request =
      url.protocol === 'https:'
        ? requestHttps(url, { ...options, rejectUnauthorized: true })
        : requestHttp(url, options);
    const { timeout } = options;
    const expiry = setTimeout(
      () => request.destroy(Object.assign(new Error(`no answer within ${timeout} ms`), { code: 'TIMEOUT' })),
      timeout,
    );
    request.on('close', () => clearTimeout(expiry));
    request.on('response', resolve);
    request.on('error', reject);
    request.end();
  });
}

function readCertificateEnd({ socket }: IncomingMessage): number | undefined {
  const certificate = (socket as Partial<TLSSocket>).getPeerCertificate?.();
  const endsAtMs = Date.parse(certificate?.valid_to ?? '');
  return Number.isNaN(endsAtMs) ? undefined : endsAtMs;
}

async function readWithin(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response) {
    size += (chunk as Buffer).byteLength;
    if (size > MAX_ANSWER_BYTES) throw new Error('its answer is larger than any list of models');
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** A date counts whole seconds: it stands for the middle of its second. */
function readSkew(date: string | undefined, atMs: number): number | undefined {
  const thereMs = Date.parse(date ?? '');
  return Number.isNaN(thereMs) ? undefined : thereMs + 500 - atMs;
}

function readModels(text: string): string[] | undefined {
  try {
    const { data } = JSON.parse(text) as { data?: unknown };
    if (!Array.isArray(data)) return undefined;
    return data.map((model: { id?: unknown } | null) => model?.id).filter((id) => typeof id === 'string');
  } catch {
    return undefined;
  }
}
