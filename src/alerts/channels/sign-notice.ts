import { Webhook } from 'standardwebhooks';
import type { Notice } from '../alert-store.ts';

/** The headers that sign a notice at an instant. */
export type NoticeSigner = (notice: Notice, nowMs: number) => { [name: string]: string };

/**
 * Signs per Standard Webhooks (webhook-id, webhook-timestamp, webhook-signature).
 * Source: https://github.com/standard-webhooks/standard-webhooks, the specification.
 * @param secret `whsec_` and base64.
 * @throws Error when the secret is not base64.
 */
export function createNoticeSigner(secret: string): NoticeSigner {
  const signer = new Webhook(secret);
  return ({ id, payload }, nowMs) => {
    const at = new Date(nowMs);
    return {
      'webhook-id': id,
      'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
      'webhook-signature': signer.sign(id, at, payload),
    };
  };
}
