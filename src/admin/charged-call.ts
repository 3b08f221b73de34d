import type { FastifyReply } from 'fastify';
import { type CallName, type Charge, findCharge } from '../ledger/find-charge.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { findFallbackGrants } from './find-fallback-grants.ts';
import { refuse } from './problem.ts';

/** A body that names a call of which something is said later, by one of the two ids. */
export interface CallNote {
  hold_id?: string;
  request_id?: string;
  note?: string;
}

/** Finds the call that a body names, as far back as the journal is kept. `any`: one that was charged nothing too. */
export function findNamedCharge(
  ledger: Ledger,
  accountId: string,
  body: CallNote,
  which?: 'any',
): Promise<Charge | undefined> {
  const name: CallName = body.hold_id === undefined ? { requestId: body.request_id ?? '' } : { holdId: body.hold_id };
  return findCharge(ledger, accountId, name, which);
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
