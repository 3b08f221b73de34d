import type { FastifyReply } from 'fastify';
import { type CallName, type Charge, findBatchCharges, findCharge } from '../ledger/find-charge.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { findFallbackGrants } from './find-fallback-grants.ts';
import { refuse, refuseFields } from './problem.ts';

/** A body that names a call of which something is said later, by one of the two ids. */
export interface CallNote {
  hold_id?: string;
  request_id?: string;
  note?: string;
}

const BATCH_ID = /^msgbatch_/;

/**
 * Finds the call that a body names, as far back as the journal is kept. `any`: one that was charged nothing too. A
 * Message Batch, named by its id, may have several charges.
 */
export async function findNamedCharges(
  ledger: Ledger,
  accountId: string,
  { hold_id: holdId, request_id: requestId = '' }: CallNote,
  which?: 'any',
): Promise<Charge[]> {
  if (holdId === undefined && BATCH_ID.test(requestId)) return findBatchCharges(ledger, accountId, requestId, which);
  const name: CallName = holdId === undefined ? { requestId } : { holdId };
  const charge = await findCharge(ledger, accountId, name, which);
  return charge === undefined ? [] : [charge];
}

/** A batch has a charge for each of its models: which one is meant, its hold says. */
export function refuseSeveralCharges(reply: FastifyReply, charges: readonly Charge[]): FastifyReply {
  const holds = charges.map(({ holdId, caller }) => `${holdId} (${caller.model})`).join(', ');
  const message = `names a batch with a charge for each of its models: give the hold_id of one, ${holds}`;
  return refuseFields(reply, [{ field: 'request_id', message }]);
}

/** What the ledger is told of a charged call, by a refund as by a correction. */
export async function describeChargedCall(ledger: Ledger, accountId: string, body: CallNote, charge: Charge) {
  return {
    accountId,
    holdId: charge.holdId,
    allocations: charge.allocations,
    debtNanoUsd: charge.debtNanoUsd,
    fallbackGrantIds: await findFallbackGrants(ledger, accountId),
    details: {
      ...charge.caller,
      ...(body.request_id === undefined ? {} : { request_id: body.request_id }),
      ...(body.note === undefined ? {} : { note: body.note }),
    },
  };
}

type SharedRefusal = { result: 'no_account' | 'not_settled' | 'no_credit' } | { result: 'out_of_range'; what: string };

/** What both refuse alike. */
export function refuseChargedCall(reply: FastifyReply, refusal: SharedRefusal): FastifyReply {
  switch (refusal.result) {
    case 'no_account':
      return refuse(reply, 'not_found', 'There is no such account.');
    case 'not_settled':
    case 'no_credit':
      return refuse(reply, 'internal', `The journal and the books do not agree on this charge (${refusal.result}).`);
    case 'out_of_range':
      return refuse(reply, 'out_of_range', `The ledger's bound on "${refusal.what}" would be passed.`);
  }
}
