import type { Notice } from './alert-store.ts';
import { createJsonPoster, type PostReply } from './channels/post-json.ts';
import { createNoticeSigner } from './channels/sign-notice.ts';

export interface WebhookOptions {
  /** http or https. Certificates are verified, redirects are not followed. */
  url: string;
  /** Standard Webhooks secret, `whsec_` and base64. */
  secret: string;
  nowMs: () => number;
  /** From the connection to the end of the answer; 15 s unless given. */
  timeoutMs?: number;
}

export interface SignedPoster {
  post(notice: Notice): Promise<PostReply>;
  close(): Promise<void>;
}

/** Posts messages to one receiver, signed. Never rejects. @throws Error when the secret is not base64. */
export function createSignedPoster({ url, secret, nowMs, timeoutMs }: WebhookOptions): SignedPoster {
  const sign = createNoticeSigner(secret);
  const poster = createJsonPoster({ timeoutMs });
  return {
    post: (notice) => poster.post({ url, headers: sign(notice, nowMs()), body: notice.payload, publicOnly: false }),
    close: poster.close,
  };
}
