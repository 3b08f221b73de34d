import type { FastifyReply } from 'fastify';
import { formatUsd, type NanoUsd, parseUsd } from '../../domain/money.ts';
import type { RefundCommand, RefundReply } from '../../ledger/ledger.ts';
import { sumCorrections } from '../../ledger/sum-corrections.ts';
import type { AdminApp, AdminParts } from '../admin-parts.ts';
import { describeChargedCall, findNamedCharges, refuseChargedCall, refuseSeveralCharges } from '../charged-call.ts';
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
  app.post(
    '/accounts/:account_id/refunds',
    { schema, config: { permission: 'money.write' } },
    async (request, reply) => {
      const accountId = request.params.account_id;
      if ((await findAccountOrRefuse(directory, accountId, reply)) === undefined) return reply;
      const { body } = request;
      const charges = await findNamedCharges(ledger, accountId, body);
      if (charges.length > 1) return refuseSeveralCharges(reply, charges);
      const [charge] = charges;
      if (charge === undefined) {
        return refuse(reply, 'not_found', 'The journal, as far as it is kept here, holds no charge of that call.');
      }
      const amountNanoUsd = body.amount_usd === undefined ? undefined : parseUsd(body.amount_usd);
      const command = {
        ...(await describeChargedCall(ledger, accountId, body, charge)),
        refundId: request.write.newId('refund'),
        ...(amountNanoUsd === undefined ? {} : { amountNanoUsd }),
      };
      const correctionNanoUsd = await sumCorrections(ledger, accountId, charge);
      const made = await ledger.refund(command);
      if (!('balance' in made)) return refuseRefund(reply, body, made, correctionNanoUsd);
      reply.code(201);
      const chargedNanoUsd = charge.amountNanoUsd + correctionNanoUsd;
      return presentRefund(command, { ...made, chargedNanoUsd, correctionNanoUsd }, body.note);
    },
  );
}

type RefundMade = Extract<RefundReply, { balance: unknown }>;

function refuseRefund(
  reply: FastifyReply,
  body: CreateRefundBody,
  refusal: Exclude<RefundReply, RefundMade>,
  correctionNanoUsd: NanoUsd,
): FastifyReply {
  switch (refusal.result) {
    case 'conflict':
      return refuse(reply, 'idempotency_conflict', 'A refund of other content was made by it.');
    case 'exceeds_charge': {
      const leftNanoUsd = refusal.chargedNanoUsd - refusal.refundedNanoUsd;
      const charge = formatUsd(refusal.chargedNanoUsd + correctionNanoUsd);
      if (leftNanoUsd <= 0n) {
        const field = body.hold_id === undefined ? 'request_id' : 'hold_id';
        return refuseFields(reply, [{ field, message: `names a call of whose charge of ${charge} nothing is left` }]);
      }
      const message = `must be at most ${formatUsd(leftNanoUsd)}: what is left of the charge of ${charge}`;
      return refuseFields(reply, [{ field: 'amount_usd', message }]);
    }
    default:
      return refuseChargedCall(reply, refusal);
  }
}

/** The ledger's sum is of refunds and corrections: what corrections gave back was never charged. */
function presentRefund(
  command: RefundCommand,
  made: RefundMade & { chargedNanoUsd: NanoUsd; correctionNanoUsd: NanoUsd },
  note: string | undefined,
): RefundAnswer {
  return {
    id: command.refundId,
    account_id: command.accountId,
    hold_id: command.holdId,
    amount_usd: formatUsd(made.amountNanoUsd),
    charged_usd: formatUsd(made.chargedNanoUsd),
    refunded_usd: formatUsd(made.refundedNanoUsd + made.correctionNanoUsd),
    note: note ?? null,
  };
}
