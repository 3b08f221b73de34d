import type { FastifyReply } from 'fastify';
import { MAX_LIVE_GRANTS } from '../../domain/credit/credit-limits.ts';
import type { GrantState } from '../../domain/credit/credit-types.ts';
import { formatUsd, parseUsd } from '../../domain/money.ts';
import { type Charge, findCharge } from '../../ledger/find-charge.ts';
import type { RefundCommand, RefundReply } from '../../ledger/ledger.ts';
import type { AdminApp, AdminParts } from '../admin-parts.ts';
import { findAccountOrRefuse } from '../find-account-or-refuse.ts';
import { refuse, refuseFields } from '../problem.ts';
import { accountParams, answers, writeHeaders } from '../route-schemas.ts';
import { type CreateRefundBody, createRefundBody, type RefundAnswer } from '../schemas/refund-schemas.ts';

/** Credit given back stays in the account: there is no call that pays out or moves credit to another. */
export function addRefundRoutes(app: AdminApp, { directory, ledger }: AdminParts): void {
  const schema = {
    operationId: 'createRefund',
    summary: "Give a call's charge back to the grants that paid it, all that is left unless `amount_usd` says how much",
    tags: ['journal'],
    headers: writeHeaders,
    params: accountParams,
    body: createRefundBody,
    response: answers(201, 'Refund', 'The refund. Nothing is edited: it is an entry of its own in the journal.'),
  };
  app.post('/accounts/:account_id/refunds', { schema }, async (request, reply) => {
    const accountId = request.params.account_id;
    if ((await findAccountOrRefuse(directory, accountId, reply)) === undefined) return reply;
    const { body } = request;
    const charge = await findCharge(ledger, accountId, nameCall(body));
    if (charge === undefined) {
      return refuse(reply, 'not_found', 'The journal, as far as it is kept here, holds no charge of that call.');
    }
    const grants = charge.debtNanoUsd === 0n ? [] : await ledger.readGrants(accountId);
    const command = composeRefund(body, { accountId, refundId: request.write.newId('refund') }, charge, grants);
    const made = await ledger.refund(command);
    if (!('balance' in made)) return refuseRefund(reply, made);
    reply.code(201);
    return presentRefund(command, charge, made, body.note);
  });
}

function nameCall(body: CreateRefundBody): { holdId: string } | { requestId: string } {
  return body.hold_id === undefined ? { requestId: body.request_id ?? '' } : { holdId: body.hold_id };
}

function composeRefund(
  body: CreateRefundBody,
  ids: { accountId: string; refundId: string },
  charge: Charge,
  grants: readonly GrantState[],
): RefundCommand {
  const amountNanoUsd = body.amount_usd === undefined ? undefined : parseUsd(body.amount_usd);
  return {
    ...ids,
    holdId: charge.holdId,
    ...(amountNanoUsd === undefined ? {} : { amountNanoUsd }),
    allocations: charge.allocations,
    debtNanoUsd: charge.debtNanoUsd,
    fallbackGrantIds: findFallbacks(grants),
    details: {
      ...(body.request_id === undefined ? {} : { request_id: body.request_id }),
      ...(body.note === undefined ? {} : { note: body.note }),
    },
  };
}

/** Which grant repaid which debt is not recorded, since debt is one sum: who lasts longest gets it back first. */
function findFallbacks(grants: readonly GrantState[]): string[] {
  return grants
    .filter((grant) => grant.spentNanoUsd > 0n)
    .sort((left, right) => right.expiresAtMs - left.expiresAtMs || right.ordinal - left.ordinal)
    .slice(0, MAX_LIVE_GRANTS)
    .map((grant) => grant.grantId);
}

type RefundMade = Extract<RefundReply, { balance: unknown }>;

function refuseRefund(reply: FastifyReply, refusal: Exclude<RefundReply, RefundMade>): FastifyReply {
  switch (refusal.result) {
    case 'no_account':
      return refuse(reply, 'not_found', 'There is no such account.');
    case 'conflict':
      return refuse(reply, 'idempotency_conflict', 'A refund of other content was made by it.');
    case 'exceeds_charge': {
      const left = formatUsd(refusal.chargedNanoUsd - refusal.refundedNanoUsd);
      const message = `must be at most ${left}: what is left of the charge of ${formatUsd(refusal.chargedNanoUsd)}`;
      return refuseFields(reply, [{ field: 'amount_usd', message }]);
    }
    case 'not_settled':
    case 'no_credit':
      return refuse(reply, 'internal', `The journal and the books do not agree on this charge (${refusal.result}).`);
    case 'out_of_range':
      return refuse(reply, 'out_of_range', `The ledger's bound on "${refusal.what}" would be passed.`);
  }
}

function presentRefund(
  command: RefundCommand,
  charge: Charge,
  made: RefundMade,
  note: string | undefined,
): RefundAnswer {
  return {
    id: command.refundId,
    account_id: command.accountId,
    hold_id: command.holdId,
    amount_usd: formatUsd(made.amountNanoUsd),
    charged_usd: formatUsd(charge.amountNanoUsd),
    refunded_usd: formatUsd(made.refundedNanoUsd),
    note: note ?? null,
  };
}
