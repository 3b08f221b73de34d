import { createId } from '../directory/create-id.ts';
import type { Logger } from '../observability/create-logger.ts';
import type { Metrics } from '../observability/metrics.ts';
import type { AlertChannel } from './alert-channel.ts';
import type { AlertDelivery, DeliveryResult } from './alert-delivery.ts';
import type { Notice } from './alert-store.ts';
import type { NoticeSender } from './channels/create-sender.ts';
import type { SendReply } from './channels/send-reply.ts';

export interface SendNoticeParts {
  sender: Pick<NoticeSender, 'send'>;
  nowMs: () => number;
  logger: Pick<Logger, 'info' | 'warn' | 'error'>;
  metrics: Pick<Metrics, 'alertSent'>;
}

export interface NoticeAttempt {
  notice: Notice;
  channelId: string;
  /** Undefined: it is gone. */
  channel: AlertChannel | undefined;
  /** From 1; 0: sent by hand. */
  attempt: number;
  /** What fails now is not tried again. */
  isLast: boolean;
}

/** Sends a notice once, counts and logs it. Never throws. */
export async function sendNotice(parts: SendNoticeParts, attempt: NoticeAttempt): Promise<AlertDelivery> {
  const { notice, channelId, channel } = attempt;
  const startedAtMs = parts.nowMs();
  const reply: SendReply =
    channel?.enabled === true
      ? await parts.sender.send(channel, notice)
      : { result: 'rejected', problem: channel === undefined ? 'the channel is gone' : 'the channel is off' };
  const result = judge(reply, attempt.isLast);
  const { type, accountId } = readSubject(notice);
  const delivery: AlertDelivery = {
    id: createId('delivery', startedAtMs),
    noticeId: notice.id,
    noticeType: type,
    ...(accountId === undefined ? {} : { accountId }),
    channelId,
    ...(channel === undefined ? {} : { channelType: channel.target.type }),
    attempt: attempt.attempt,
    result,
    ...(reply.status === undefined ? {} : { status: reply.status }),
    ...(reply.result === 'delivered' ? {} : { problem: reply.problem }),
    startedAtMs,
    endedAtMs: parts.nowMs(),
    payload: notice.payload,
  };
  if (channel !== undefined) parts.metrics.alertSent(channel.target.type, result);
  logDelivery(parts, delivery);
  return delivery;
}

function judge(reply: SendReply, isLast: boolean): DeliveryResult {
  if (reply.result === 'delivered') return 'delivered';
  return reply.result === 'rejected' || isLast ? 'abandoned' : 'failed';
}

/** Whom a notice tells of; also of those that other parts of the program wrote. */
function readSubject({ payload }: Notice): { type: string; accountId?: string } {
  const { type, data } = JSON.parse(payload) as { type?: unknown; data?: { account?: { id?: unknown } } };
  const accountId = data?.account?.id;
  return { type: String(type), ...(typeof accountId === 'string' ? { accountId } : {}) };
}

function logDelivery({ logger }: SendNoticeParts, delivery: AlertDelivery): void {
  const { noticeId, channelId, attempt, result, problem } = delivery;
  const facts = { notice_id: noticeId, channel_id: channelId, attempt };
  if (result === 'delivered') logger.info(facts, 'alert delivered');
  else if (result === 'abandoned') logger.error({ ...facts, problem }, 'alert given up, the channel did not take it');
  else logger.warn({ ...facts, problem }, 'alert not delivered, will be tried again');
}
