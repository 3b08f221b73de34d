import type { Notice } from './alert-store.ts';
import { createSignedPoster, type WebhookOptions } from './post-signed.ts';

/** `rejected`: the receiver does not want it (410 Gone); sending again is no use. */
export type WebhookReply =
  | { result: 'delivered' }
  | { result: 'failed'; problem: string }
  | { result: 'rejected'; problem: string };

export interface WebhookSender {
  post(notice: Notice): Promise<WebhookReply>;
  close(): Promise<void>;
}

/**
 * Posts notices, of which the receiver's status is all that counts.
 * @throws Error when the secret is not base64.
 */
export function createWebhookSender(options: WebhookOptions): WebhookSender {
  const poster = createSignedPoster(options);
  return {
    async post(notice) {
      const reply = await poster.post(notice);
      return reply.answered ? judgeStatus(reply.status) : { result: 'failed', problem: reply.problem };
    },
    close: poster.close,
  };
}

function judgeStatus(status: number): WebhookReply {
  if (status >= 200 && status < 300) return { result: 'delivered' };
  return { result: status === 410 ? 'rejected' : 'failed', problem: `status ${status}` };
}
