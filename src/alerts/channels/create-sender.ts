import type { AlertChannel } from '../alert-channel.ts';
import type { Notice } from '../alert-store.ts';
import { createMailer, type Mailer, type MailerOptions } from './create-mailer.ts';
import { createJsonPoster, describeFault, type JsonPost } from './post-json.ts';
import type { SendReply } from './send-reply.ts';
import { createNoticeSigner } from './sign-notice.ts';
import { writeSlackMessage } from './write-slack-message.ts';
import { writeTeamsMessage } from './write-teams-message.ts';

export interface SenderOptions {
  nowMs: () => number;
  /** Undefined: no mail can be sent. */
  smtp: Omit<MailerOptions, 'timeoutMs'> | undefined;
  timeoutMs?: number;
}

/** Sends notices by any channel. */
export interface NoticeSender {
  send(channel: Pick<AlertChannel, 'target' | 'publicOnly'>, notice: Notice): Promise<SendReply>;
  close(): Promise<void>;
}

export function createNoticeSender({ nowMs, smtp, timeoutMs }: SenderOptions): NoticeSender {
  const timeout = timeoutMs === undefined ? {} : { timeoutMs };
  const poster = createJsonPoster(timeout);
  const mailer: Mailer | undefined = smtp === undefined ? undefined : createMailer({ ...smtp, ...timeout });
  const post = async (message: JsonPost): Promise<SendReply> => {
    const reply = await poster.post(message);
    return reply.answered ? judgeStatus(reply.status) : { result: 'failed', problem: reply.problem };
  };
  const send: NoticeSender['send'] = async ({ target, publicOnly }, notice) => {
    switch (target.type) {
      case 'webhook':
        return post({
          url: target.url,
          headers: createNoticeSigner(target.secret)(notice, nowMs()),
          body: notice.payload,
          publicOnly,
        });
      case 'slack':
        return post({ url: target.url, body: writeSlackMessage(notice.payload), publicOnly });
      case 'teams':
        return post({ url: target.url, body: writeTeamsMessage(notice.payload), publicOnly });
      case 'email':
        return mailer === undefined
          ? { result: 'failed', problem: 'SMTP_URL is not set' }
          : mailer.send(notice, target.to);
    }
  };
  return {
    // A notice that cannot be written must not end the delivery of the others.
    send: async (channel, notice) => {
      try {
        return await send(channel, notice);
      } catch (error) {
        return { result: 'failed', problem: describeFault(error) };
      }
    },
    async close() {
      mailer?.close();
      await poster.close();
    },
  };
}

/** A receiver that says Gone does not want it (410); anything else may pass. */
function judgeStatus(status: number): SendReply {
  if (status >= 200 && status < 300) return { result: 'delivered', status };
  return { result: status === 410 ? 'rejected' : 'failed', status, problem: `status ${status}` };
}
