import { Webhook } from 'standardwebhooks';
import { Agent, request } from 'undici';
import type { Notice } from './alert-store.ts';

export interface WebhookOptions {
  /** http or https. Certificates are verified, redirects are not followed. */
  url: string;
  /** Standard Webhooks secret, `whsec_` and base64. */
  secret: string;
  nowMs: () => number;
  /** From the connection to the end of the answer; 15 s unless given. */
  timeoutMs?: number;
}

/** `body` undefined: it broke off, or is longer than {@link ANSWER_BYTES_AT_MOST}. The status stands all the same. */
export type SignedReply =
  | { answered: true; status: number; body: string | undefined }
  | { answered: false; problem: string };

export interface SignedPoster {
  post(notice: Notice): Promise<SignedReply>;
  close(): Promise<void>;
}

const TIMEOUT_MS = 15_000;
/** What a receiver answers is read to keep the connection; above this the connection is closed. */
export const ANSWER_BYTES_AT_MOST = 16_384;

/**
 * Posts messages, signed per Standard Webhooks (webhook-id, webhook-timestamp, webhook-signature). Never rejects.
 * Source: https://github.com/standard-webhooks/standard-webhooks, the specification.
 * @throws Error when the secret is not base64.
 */
export function createSignedPoster(options: WebhookOptions): SignedPoster {
  const signer = new Webhook(options.secret);
  const timeoutMs = options.timeoutMs ?? TIMEOUT_MS;
  const agent = new Agent({
    allowH2: false,
    connections: 4,
    connect: { timeout: timeoutMs, rejectUnauthorized: true },
    headersTimeout: timeoutMs,
    bodyTimeout: timeoutMs,
  });
  return {
    async post(notice) {
      const at = new Date(options.nowMs());
      try {
        const { statusCode, body } = await request(options.url, {
          method: 'POST',
          dispatcher: agent,
          signal: AbortSignal.timeout(timeoutMs),
          headers: {
            'content-type': 'application/json',
            'user-agent': 'tollgate',
            'webhook-id': notice.id,
            'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
            'webhook-signature': signer.sign(notice.id, at, notice.payload),
          },
          body: notice.payload,
        });
        return { answered: true, status: statusCode, body: await readWithin(body) };
      } catch (error) {
        return { answered: false, problem: describeFault(error) };
      }
    },
    // A receiver that keeps silent does not keep the process.
    close: () => agent.destroy(),
  };
}

/** The status is the answer; a body that breaks off or drips until the timeout takes nothing back. */
async function readWithin(body: AsyncIterable<Buffer>): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of body) {
      size += chunk.length;
      if (size > ANSWER_BYTES_AT_MOST) return undefined;
      chunks.push(chunk);
    }
    return Buffer.concat(chunks).toString('utf8');
  } catch {
    return undefined;
  }
}

/** A fault by its code or name: messages can carry the URL, and a webhook's URL is often a credential. */
function describeFault(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown fault';
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name;
}
