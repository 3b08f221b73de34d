import type { FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import type { AlertDelivery } from '../../alerts/alert-delivery.ts';
import type { AdminApp, AdminParts } from '../admin-parts.ts';
import { presentAlertDelivery } from '../answers/present-alert-delivery.ts';
import { findAccountOrRefuse } from '../find-account-or-refuse.ts';
import { findChannelOrRefuse } from '../find-channel-or-refuse.ts';
import { refuse } from '../problem.ts';
import { answers, writeHeaders } from '../route-schemas.ts';
import { deliveriesQuery } from '../schemas/alert-channel-schemas.ts';
import { emptyBody } from '../schemas/fields.ts';
import { answerPage, readPage } from '../schemas/page-schemas.ts';

const tags = ['alerts'];
const deliveryParams = Type.Object({ delivery_id: Type.String() });

export function addAlertDeliveryRoutes(app: AdminApp, parts: AdminParts): void {
  addListDeliveries(app, parts);
  addReplayDelivery(app, parts);
}

function addListDeliveries(app: AdminApp, { alerts, directory }: AdminParts): void {
  const schema = {
    operationId: 'listAlertDeliveries',
    summary: 'Read how alerts fared: every attempt, of the last 10,000 and 90 days',
    tags,
    querystring: deliveriesQuery,
    response: answers(200, 'AlertDeliveryPage', 'Latest first.'),
  };
  const config = { permission: 'money.read', narrowest: 'account' } as const;
  app.get('/alert-deliveries', { schema, config }, async (request, reply) => {
    const own = request.caller.accountId;
    const accountId = request.query.account_id ?? own;
    if (own !== undefined && accountId !== own) return refuse(reply, 'not_found', 'There is no such account.');
    if (accountId !== undefined && (await findAccountOrRefuse(directory, accountId, reply)) === undefined) return reply;
    const page = readPage(request.query);
    const named = accountId === undefined ? {} : { accountId };
    const deliveries = await alerts.store.listDeliveries({ ...page, ...named, limit: page.limit + 1 });
    return answerPage(deliveries.map(presentAlertDelivery), page.limit);
  });
}

function addReplayDelivery(app: AdminApp, parts: AdminParts): void {
  const schema = {
    operationId: 'replayAlertDelivery',
    summary: 'Send a notice again to its channel now, under the same webhook-id',
    tags,
    headers: writeHeaders,
    params: deliveryParams,
    body: emptyBody,
    response: answers(200, 'AlertDelivery', 'How it fared this time.'),
  };
  const config = { permission: 'billing.write', narrowest: 'account' } as const;
  app.post('/alert-deliveries/:delivery_id/replay', { schema, config }, async (request, reply) => {
    const delivery = await findDeliveryOrRefuse(parts, request, reply, request.params.delivery_id);
    if (delivery === undefined) return reply;
    const channel = await findChannelOrRefuse(parts, request, reply, delivery.channelId);
    if (channel === undefined) return reply;
    const { noticeId: id, payload } = delivery;
    return presentAlertDelivery(await parts.alerts.sendNow({ id, payload }, channel));
  });
}

async function findDeliveryOrRefuse(
  { alerts }: AdminParts,
  request: FastifyRequest,
  reply: FastifyReply,
  deliveryId: string,
): Promise<AlertDelivery | undefined> {
  const delivery = await alerts.store.findDelivery(deliveryId);
  const own = request.caller.accountId;
  if (delivery !== undefined && (own === undefined || delivery.accountId === own)) return delivery;
  refuse(reply, 'not_found', 'There is no such delivery.');
  return undefined;
}
