import type { Notice } from '../alerts/alert-store.ts';
import { createSignedPoster, type WebhookOptions } from '../alerts/post-signed.ts';

/** What the payment side says became of a request. `unknown`: nothing that can be understood; it is asked again. */
export type PaymentAnswer =
  | { outcome: 'paid' | 'declined'; reference?: string; reason?: string }
  | { outcome: 'pending' }
  | { outcome: 'unknown'; problem: string };

export interface PaymentAsker {
  /** Never rejects. */
  ask(request: Notice): Promise<PaymentAnswer>;
  close(): Promise<void>;
}

/** Asks by a signed POST, whose answer may be the outcome. @throws Error when the secret is not base64. */
export function createPaymentAsker(options: WebhookOptions): PaymentAsker {
  const poster = createSignedPoster(options);
  return {
    async ask(request) {
      const reply = await poster.post(request);
      if (!reply.answered) return { outcome: 'unknown', problem: reply.problem };
      if (reply.status === 202) return { outcome: 'pending' };
      if (reply.status !== 200) return { outcome: 'unknown', problem: `status ${reply.status}` };
      return parsePaymentAnswer(reply.body) ?? { outcome: 'unknown', problem: 'an answer that is no outcome' };
    },
    close: poster.close,
  };
}

const TEXT_CHARACTERS_AT_MOST = 500;
const UNSAFE = /[\p{Cc}\p{Cs}]/gu;

/** Undefined where the text says neither paid nor declined nor pending: what is not understood is no outcome. */
export function parsePaymentAnswer(text: string | undefined): PaymentAnswer | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text ?? '');
  } catch {
    return undefined;
  }
  if (typeof parsed !== 'object' || parsed === null) return undefined;
  const { outcome, reference, reason } = parsed as { [name: string]: unknown };
  if (outcome === 'pending') return { outcome };
  if (outcome !== 'paid' && outcome !== 'declined') return undefined;
  return { outcome, ...readText('reference', reference), ...readText('reason', reason) };
}

/** It goes to the journal and to people: cut, and without characters that a log or a terminal would act on. */
function readText<Name extends string>(name: Name, value: unknown): { [name in Name]?: string } {
  if (typeof value !== 'string' || value === '') return {};
  return { [name]: value.replace(UNSAFE, ' ').slice(0, TEXT_CHARACTERS_AT_MOST) } as { [name in Name]?: string };
}
