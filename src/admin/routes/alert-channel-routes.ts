import type { FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import {
  type AlertChannel,
  BUILT_IN_CHANNEL_ID,
  CHANNELS_AT_MOST,
  type ChannelTarget,
} from '../../alerts/alert-channel.ts';
import type { AdminApp, AdminParts } from '../admin-parts.ts';
import { presentAlertChannel } from '../answers/present-alert-channel.ts';
import { presentAlertDelivery } from '../answers/present-alert-delivery.ts';
import { findAccountOrRefuse } from '../find-account-or-refuse.ts';
import { findChannelOrRefuse } from '../find-channel-or-refuse.ts';
import { type FieldError, refuse, refuseFields } from '../problem.ts';
import { readChannelTarget } from '../read-channel-target.ts';
import { answers, answersNothing, writeHeaders } from '../route-schemas.ts';
import {
  channelsQuery,
  createChannelBody,
  type UpdateChannelBody,
  updateChannelBody,
} from '../schemas/alert-channel-schemas.ts';
import { emptyBody } from '../schemas/fields.ts';
import { cutPage } from '../schemas/page-schemas.ts';

const tags = ['alerts'];
const channelParams = Type.Object({ channel_id: Type.String() });
// They keep to what is the caller's account's, which no path names.
const reading = { permission: 'money.read', narrowest: 'account' } as const;
const writing = { permission: 'billing.write', narrowest: 'account' } as const;
const BUILT_IN = 'It is what ALERT_WEBHOOK_URL says.';

export function addAlertChannelRoutes(app: AdminApp, parts: AdminParts): void {
  addListChannels(app, parts);
  addCreateChannel(app, parts);
  addUpdateChannel(app, parts);
  addDeleteChannel(app, parts);
  addTestChannel(app, parts);
}

function addListChannels(app: AdminApp, parts: AdminParts): void {
  const schema = {
    operationId: 'listAlertChannels',
    summary: 'List where alerts are sent',
    tags,
    querystring: channelsQuery,
    response: answers(200, 'AlertChannelPage', 'In order of creation, never with an address that is a secret.'),
  };
  app.get('/alert-channels', { schema, config: reading }, async (request, reply) => {
    const owner = await findOwnerOrRefuse(parts, request, reply, request.query.account_id);
    if (owner === undefined) return reply;
    const builtIn =
      owner.accountId === undefined ? await parts.alerts.book.findChannel(BUILT_IN_CHANNEL_ID) : undefined;
    const stored = await parts.alerts.store.channels.list(owner.accountId);
    const channels = [...(builtIn === undefined ? [] : [builtIn]), ...stored];
    return cutPage(channels.map(presentAlertChannel), request.query);
  });
}

function addCreateChannel(app: AdminApp, parts: AdminParts): void {
  const schema = {
    operationId: 'createAlertChannel',
    summary: 'Make a channel; the secret of a webhook is shown this once',
    tags,
    headers: writeHeaders,
    body: createChannelBody,
    response: answers(201, 'AlertChannelWithSecret', 'The channel.'),
  };
  app.post('/alert-channels', { schema, config: writing }, async (request, reply) => {
    const { body, write } = request;
    const owner = await findOwnerOrRefuse(parts, request, reply, body.account_id);
    if (owner === undefined) return reply;
    const target = readChannelTarget(body.type, body, targetRules(parts, request));
    if (Array.isArray(target)) return refuseFields(reply, target);
    const channel: AlertChannel = {
      id: write.newId('channel'),
      ...owner,
      name: body.name,
      target,
      isDefault: body.default ?? false,
      publicOnly: targetRules(parts, request).publicOnly,
      enabled: body.enabled ?? true,
      createdAtMs: write.nowMs,
    };
    const { channels } = parts.alerts.store;
    const created = await channels.create(channel, CHANNELS_AT_MOST);
    if (created === 'too_many') {
      return refuse(reply, 'too_many', `There are ${CHANNELS_AT_MOST} channels of one owner at most.`);
    }
    // A first try made it and was cut off before its answer: nobody has its secret.
    if (created === 'exists') await channels.update(channel.id, (present) => ({ ...present, target }));
    parts.alerts.book.forget();
    reply.code(201).header('cache-control', 'no-store');
    return { ...presentAlertChannel(channel), secret: secretOf(target) };
  });
}

function addUpdateChannel(app: AdminApp, parts: AdminParts): void {
  const schema = {
    operationId: 'updateAlertChannel',
    summary: 'Change a channel',
    tags,
    headers: writeHeaders,
    params: channelParams,
    body: updateChannelBody,
    response: answers(200, 'AlertChannel', 'The channel as it is now.'),
  };
  app.patch('/alert-channels/:channel_id', { schema, config: writing }, async (request, reply) => {
    const { channel_id: channelId } = request.params;
    const present = await findChannelOrRefuse(parts, request, reply, channelId);
    if (present === undefined) return reply;
    if (present.id === BUILT_IN_CHANNEL_ID) return refuse(reply, 'built_in', BUILT_IN);
    const change = (channel: AlertChannel) => changeChannel(parts, request, channel, request.body);
    const changed = change(present);
    if (Array.isArray(changed)) return refuseFields(reply, changed);
    const channel = await parts.alerts.store.channels.update(channelId, (one) => {
      const again = change(one);
      return Array.isArray(again) ? one : again;
    });
    if (channel === undefined) return refuse(reply, 'not_found', 'There is no such channel.');
    parts.alerts.book.forget();
    return presentAlertChannel(channel);
  });
}

function addDeleteChannel(app: AdminApp, parts: AdminParts): void {
  const schema = {
    operationId: 'deleteAlertChannel',
    summary: 'Delete a channel; what waits for it is given up',
    tags,
    headers: writeHeaders,
    params: channelParams,
    response: answersNothing('Deleted.'),
  };
  app.delete('/alert-channels/:channel_id', { schema, config: writing }, async (request, reply) => {
    const { channel_id: channelId } = request.params;
    // The first try of this write may have deleted it already.
    if (request.write.resumed && (await parts.alerts.book.findChannel(channelId)) === undefined) {
      return reply.code(204).send();
    }
    const channel = await findChannelOrRefuse(parts, request, reply, channelId);
    if (channel === undefined) return reply;
    if (channel.id === BUILT_IN_CHANNEL_ID) return refuse(reply, 'built_in', BUILT_IN);
    await parts.alerts.store.channels.delete(channel.id);
    parts.alerts.book.forget();
    return reply.code(204).send();
  });
}

function addTestChannel(app: AdminApp, parts: AdminParts): void {
  const schema = {
    operationId: 'testAlertChannel',
    summary: 'Send a test to a channel now, and see what came back',
    tags,
    headers: writeHeaders,
    params: channelParams,
    body: emptyBody,
    response: answers(200, 'AlertDelivery', 'How it fared; a refusal by the receiver is told here, not by the status.'),
  };
  app.post('/alert-channels/:channel_id/test', { schema, config: writing }, async (request, reply) => {
    const { newId, nowMs } = request.write;
    const channel = await findChannelOrRefuse(parts, request, reply, request.params.channel_id);
    if (channel === undefined) return reply;
    const { id, name, accountId } = channel;
    const account = accountId === undefined ? {} : { account: { id: accountId } };
    const at = new Date(nowMs).toISOString();
    const data = { ...account, channel: { id, name }, message: 'Alerts of Tollgate arrive here.' };
    const payload = JSON.stringify({ type: 'test', timestamp: at, data });
    const delivery = await parts.alerts.sendNow({ id: `${newId('alert')}_test`, payload }, channel);
    return presentAlertDelivery(delivery);
  });
}

/** Whose channels the call is about: the caller's account's, or whose he names. */
async function findOwnerOrRefuse(
  { directory }: AdminParts,
  request: FastifyRequest,
  reply: FastifyReply,
  named: string | undefined,
): Promise<{ accountId?: string } | undefined> {
  const own = request.caller.accountId;
  const accountId = named ?? own;
  if (accountId === undefined) return {};
  if (own !== undefined && accountId !== own) {
    refuse(reply, 'not_found', 'There is no such account.');
    return undefined;
  }
  const account = await findAccountOrRefuse(directory, accountId, reply);
  return account === undefined ? undefined : { accountId: account.id };
}

function targetRules({ alerts }: AdminParts, request: FastifyRequest) {
  const isOfAccount = request.caller.accountId !== undefined;
  return { publicOnly: isOfAccount && !alerts.allowsPrivateTargets, hasSmtp: alerts.hasSmtp };
}

function changeChannel(
  parts: AdminParts,
  request: FastifyRequest,
  channel: AlertChannel,
  body: UpdateChannelBody,
): AlertChannel | FieldError[] {
  const rules = targetRules(parts, request);
  const present = channel.target;
  const isMoved = body.url !== undefined;
  const isAimed = isMoved || body.secret !== undefined || body.to !== undefined;
  const fields = { ...present, ...definedOf(body) };
  // Whoever keeps an address need not have been allowed to choose it.
  const publicOnly = isMoved ? rules.publicOnly : channel.publicOnly;
  const target = isAimed ? readChannelTarget(present.type, pickTarget(fields), { ...rules, publicOnly }) : present;
  if (Array.isArray(target)) return target;
  return {
    ...channel,
    name: body.name ?? channel.name,
    target,
    publicOnly,
    isDefault: body.default ?? channel.isDefault,
    enabled: body.enabled ?? channel.enabled,
  };
}

function definedOf({ url, secret, to }: UpdateChannelBody) {
  return {
    ...(url === undefined ? {} : { url }),
    ...(secret === undefined ? {} : { secret }),
    ...(to === undefined ? {} : { to }),
  };
}

function pickTarget(fields: { url?: string; secret?: string; to?: readonly string[] }) {
  const { url, secret, to } = fields;
  return {
    ...(url === undefined ? {} : { url }),
    ...(secret === undefined ? {} : { secret }),
    ...(to === undefined ? {} : { to: [...to] }),
  };
}

function secretOf(target: ChannelTarget): string | null {
  return target.type === 'webhook' ? target.secret : null;
}
