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

/** `rejected`: the receiver does not want it (410 Gone); sending again is no use. */
export type WebhookReply =
  | { result: 'delivered' }
  | { result: 'failed'; problem: string }
  | { result: 'rejected'; problem: string };

export interface WebhookSender {
  post(notice: Notice): Promise<WebhookReply>;
  close(): Promise<void>;
}

const TIMEOUT_MS = 15_000;
/** What a receiver answers is read to keep the connection and thrown away; above this the connection is closed. */
const ANSWER_BYTES_AT_MOST = 16_384;

/**
 * Posts notices, signed per Standard Webhooks (webhook-id, webhook-timestamp, webhook-signature).
 * Source: https://github.com/standard-webhooks/standard-webhooks, the specification.
 * @throws Error when the secret is not base64.
 */
export function createWebhookSender(options: WebhookOptions): WebhookSender {
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
        // The status is the answer; a body that breaks off or drips until the timeout takes nothing back.
        await body.dump({ limit: ANSWER_BYTES_AT_MOST }).catch(() => undefined);
        return judgeStatus(statusCode);
      } catch (error) {
        return { result: 'failed', problem: describeFault(error) };
      }
    },
    // A receiver that keeps silent does not keep the process.
    close: () => agent.destroy(),
  };
}

function judgeStatus(status: number): WebhookReply {
  if (status >= 200 && status < 300) return { result: 'delivered' };
  return { result: status === 410 ? 'rejected' : 'failed', problem: `status ${status}` };
}

/** A fault by its code or name: messages can carry the URL, and a webhook's URL is often a credential. */
function describeFault(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown fault';
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name;
}
