import type { FastifyReply } from 'fastify';
import { formatUsd, NANO_PER_USD, type NanoUsd, parseUsd } from '../../domain/money.ts';
import type { Charge } from '../../ledger/find-charge.ts';
import type { CorrectCommand, CorrectReply } from '../../ledger/ledger.ts';
import type { AdminApp, AdminParts } from '../admin-parts.ts';
import { describeChargedCall, findNamedCharges, refuseChargedCall, refuseSeveralCharges } from '../charged-call.ts';
import { findAccountOrRefuse } from '../find-account-or-refuse.ts';
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
  app.post(
    '/accounts/:account_id/corrections',
    { schema, config: { permission: 'money.write' } },
    async (request, reply) => {
      const accountId = request.params.account_id;
      if ((await findAccountOrRefuse(directory, accountId, reply)) === undefined) return reply;
      const { body } = request;
      const charges = await findNamedCharges(ledger, accountId, body, 'any');
      if (charges.length > 1) return refuseSeveralCharges(reply, charges);
      const [charge] = charges;
      if (charge === undefined) {
        return refuse(reply, 'not_found', 'The journal, as far as it is kept here, holds no end of that call.');
      }
      if (!request.write.resumed && isUnlikely(body, charge)) {
        return refuseFields(reply, [{ field: 'charge_usd', message: UNLIKELY }]);
      }
      const correctionId = request.write.newId('correction');
      const call = await describeChargedCall(ledger, accountId, body, charge);
      const details = { ...call.details, corrected_to_usd: body.charge_usd };
      const command = { ...call, correctionId, toNanoUsd: parseUsd(body.charge_usd) as NanoUsd, details };
      const made = await ledger.correct(command);
      if (!('changeNanoUsd' in made)) return refuseCorrection(reply, made);
      reply.code(201);
      return presentCorrection(command, made.changeNanoUsd, body.note);
    },
  );
}

/** A slip of the point is ten times off; a call that costs a hundred dollars is rare, a batch is charged that at its end. */
const LARGE_NANO_USD = 100n * NANO_PER_USD;
const LARGE_TIMES = 10n;
const UNLIKELY =
  'is above 100.00 and more than ten times what the call was charged: give the same as confirm_charge_usd if it is meant';

function isUnlikely(body: CreateCorrectionBody, charge: Charge): boolean {
  const toNanoUsd = parseUsd(body.charge_usd) ?? 0n;
  if (toNanoUsd <= LARGE_NANO_USD || toNanoUsd <= charge.amountNanoUsd * LARGE_TIMES) return false;
  return body.confirm_charge_usd === undefined || parseUsd(body.confirm_charge_usd) !== toNanoUsd;
}

function refuseCorrection(
  reply: FastifyReply,
  refusal: Exclude<CorrectReply, { changeNanoUsd: NanoUsd }>,
): FastifyReply {
  switch (refusal.result) {
    case 'conflict':
      return refuse(reply, 'idempotency_conflict', 'Another call was corrected by it.');
    case 'unchanged':
      return refuseFields(reply, [{ field: 'charge_usd', message: 'is what the call is charged already' }]);
    default:
      return refuseChargedCall(reply, refusal);
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
