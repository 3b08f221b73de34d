import { createTransport } from 'nodemailer';
import type { Notice } from '../alert-store.ts';
import { describeNotice } from './describe-notice.ts';
import { SEND_TIMEOUT_MS } from './post-json.ts';
import type { SendReply } from './send-reply.ts';

export interface MailerOptions {
  /** `smtp://` or `smtps://`, with user and password where there are any. Certificates are verified. */
  url: string;
  from: string;
  timeoutMs?: number;
}

export interface Mailer {
  send(notice: Notice, to: readonly string[]): Promise<SendReply>;
  close(): void;
}

/** Sends notices as plain text. A notice keeps its message id over all attempts. */
export function createMailer({ url, from, timeoutMs = SEND_TIMEOUT_MS }: MailerOptions): Mailer {
  const transport = createTransport({
    url,
    connectionTimeout: timeoutMs,
    greetingTimeout: timeoutMs,
    socketTimeout: timeoutMs,
    dnsTimeout: timeoutMs,
    // No file and no URL is read because a message names it.
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  return {
    async send(notice, to) {
      const { title, facts } = describeNotice(notice.payload);
      try {
        await transport.sendMail({
          from,
          to: [...to],
          subject: `[Tollgate] ${title}`,
          text: [title, '', ...facts.map(([name, value]) => `${name}: ${value}`), ''].join('\n'),
          messageId: `<${notice.id}@tollgate>`,
          headers: { 'Auto-Submitted': 'auto-generated' },
        });
        return { result: 'delivered', status: 250 };
      } catch (error) {
        return judgeFault(error);
      }
    },
    close: () => transport.close(),
  };
}

/** SMTP's 5xx is for good (RFC 5321, 4.2.1), but for a log-in that a person mends in the settings. */
function judgeFault(error: unknown): SendReply {
  const { code, responseCode } = error as { code?: unknown; responseCode?: unknown };
  const status = typeof responseCode === 'number' ? responseCode : undefined;
  const problem = typeof code === 'string' ? code : 'SMTP';
  const isForGood = status !== undefined && status >= 500 && code !== 'EAUTH';
  return {
    result: isForGood ? 'rejected' : 'failed',
    ...(status === undefined ? {} : { status }),
    problem: status === undefined ? problem : `${problem}, status ${status}`,
  };
}
