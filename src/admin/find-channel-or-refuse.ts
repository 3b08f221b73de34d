import type { FastifyReply, FastifyRequest } from 'fastify';
import type { AlertChannel } from '../alerts/alert-channel.ts';
import type { AdminParts } from './admin-parts.ts';
import { refuse } from './problem.ts';

/** The channel, when the caller may act on it; what is another account's is as if it were not there. */
export async function findChannelOrRefuse(
  { alerts }: Pick<AdminParts, 'alerts'>,
  request: FastifyRequest,
  reply: FastifyReply,
  channelId: string,
): Promise<AlertChannel | undefined> {
  const channel = await alerts.book.findChannel(channelId);
  const callerAccount = request.caller.accountId;
  if (channel !== undefined && (callerAccount === undefined || channel.accountId === callerAccount)) return channel;
  refuse(reply, 'not_found', 'There is no such channel.');
  return undefined;
}
