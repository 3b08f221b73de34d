import type { FastifyReply } from 'fastify';
import { formatUsd, type NanoUsd, parseUsd } from '../../domain/money.ts';
import { type Charge, findCharge } from '../../ledger/find-charge.ts';
import type { CorrectCommand, CorrectReply } from '../../ledger/ledger.ts';
import type { AdminApp, AdminParts } from '../admin-parts.ts';
import { findAccountOrRefuse } from '../find-account-or-refuse.ts';
import { findFallbackGrants } from '../find-fallback-grants.ts';
import { nameCall } from '../name-call.ts';
import { refuse, refuseFields } from '../problem.ts';
import { accountParams, answers, writeHeaders } from '../route-schemas.ts';
import {
  type CorrectionAnswer,
  type CreateCorrectionBody,
  createCorrectionBody,
} from '../schemas/correction-schemas.ts';

/** A later fact stands in place of an estimate: what the API has billed for one call, by its usage report or invoice. */
export function addCorrectionRoutes(app: AdminApp, { directory, ledger }: AdminParts): void {
  const schema = {
    operationId: 'createCorrection',
    summary: 'Set what a call that has ended is charged; the difference is refunded, or charged',
    tags: ['journal'],
    headers: writeHeaders,
    params: accountParams,
    body: createCorrectionBody,
    response: answers(
      201,
      'Correction',
      'The correction. Nothing is edited: it is an entry of its own in the journal.',
    ),
  };
  app.post('/accounts/:account_id/corrections', { schema }, async (request, reply) => {
    const accountId = request.params.account_id;
    if ((await findAccountOrRefuse(directory, accountId, reply)) === undefined) return reply;
    const { body } = request;
    const charge = await findCharge(ledger, accountId, nameCall(body), 'any');
    if (charge === undefined) {
      return refuse(reply, 'not_found', 'The journal, as far as it is kept here, holds no end of that call.');
    }
    const ids = { accountId, correctionId: request.write.newId('correction') };
    const command = composeCorrection(body, ids, charge, await findFallbackGrants(ledger, accountId));
    const made = await ledger.correct(command);
    if (!('changeNanoUsd' in made)) return refuseCorrection(reply, made);
    reply.code(201);
    return presentCorrection(command, made.changeNanoUsd, body.note);
  });
}

function composeCorrection(
  body: CreateCorrectionBody,
  ids: { accountId: string; correctionId: string },
  charge: Charge,
  fallbackGrantIds: readonly string[],
): CorrectCommand {
  return {
    ...ids,
    holdId: charge.holdId,
    toNanoUsd: parseUsd(body.charge_usd) as NanoUsd,
    allocations: charge.allocations,
    debtNanoUsd: charge.debtNanoUsd,
    fallbackGrantIds,
    details: {
      ...charge.caller,
      ...(body.request_id === undefined ? {} : { request_id: body.request_id }),
      ...(body.note === undefined ? {} : { note: body.note }),
      corrected_to_usd: body.charge_usd,
    },
  };
}

function refuseCorrection(
  reply: FastifyReply,
  refusal: Exclude<CorrectReply, { changeNanoUsd: NanoUsd }>,
): FastifyReply {
  switch (refusal.result) {
    case 'no_account':
      return refuse(reply, 'not_found', 'There is no such account.');
    case 'conflict':
      return refuse(reply, 'idempotency_conflict', 'Another call was corrected by it.');
    case 'unchanged':
      return refuseFields(reply, [{ field: 'charge_usd', message: 'is what the call is charged already' }]);
    case 'not_settled':
    case 'no_credit':
      return refuse(reply, 'internal', `The journal and the books do not agree on this charge (${refusal.result}).`);
    case 'out_of_range':
      return refuse(reply, 'out_of_range', `The ledger's bound on "${refusal.what}" would be passed.`);
  }
}

function presentCorrection(
  { correctionId, accountId, holdId, toNanoUsd }: CorrectCommand,
  changeNanoUsd: NanoUsd,
  note: string | undefined,
): CorrectionAnswer {
  return {
    id: correctionId,
    account_id: accountId,
    hold_id: holdId,
    before_usd: formatUsd(toNanoUsd - changeNanoUsd),
    charge_usd: formatUsd(toNanoUsd),
    operation: changeNanoUsd > 0n ? 'charge' : 'refund',
    amount_usd: formatUsd(changeNanoUsd > 0n ? changeNanoUsd : -changeNanoUsd),
    note: note ?? null,
  };
}
