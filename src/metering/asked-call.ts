import type { Principal } from '../directory/directory.ts';
import type { MessagesRequest } from '../domain/call-request.ts';
import type { NanoUsd } from '../domain/money.ts';
import type { AppliedQuota } from '../domain/quota.ts';
import type { HoldCommand } from '../ledger/ledger.ts';
import type { TraceContext } from '../observability/traces/trace-context.ts';
import type { CallFacts } from './metered-call.ts';
import type { PlacedHold } from './place-hold.ts';
import type { HoldPlan } from './plan-hold.ts';
import type { PricedRequest } from './price-request.ts';
import type { SpoolPlace } from './settle-queue.ts';

export interface AdmissionFacts {
  requestId: string;
  arrivedAtMs: number;
  sessionId: string | undefined;
  traceContext?: TraceContext | undefined;
}

/** A call that the ledger was asked for, and what it said. */
export interface AskedCall {
  principal: Principal;
  request: MessagesRequest;
  facts: AdmissionFacts;
  priced: PricedRequest;
  plan: HoldPlan;
  quotas: readonly AppliedQuota[];
  place: SpoolPlace;
  placed: PlacedHold;
  atMs: number;
}

/** @param hold as it was made. */
export function toCallFacts(asked: AskedCall, hold: HoldCommand, availableNanoUsd: NanoUsd): CallFacts {
  const { principal, request, priced, plan, quotas, atMs } = asked;
  return {
    ...asked.facts,
    holdId: hold.holdId,
    principal,
    request,
    model: priced.model,
    card: priced.card,
    heldNanoUsd: hold.amountNanoUsd,
    ceilingNanoUsd: priced.amountNanoUsd,
    isOpen: plan.open.length > 0,
    availableNanoUsd,
    admittedAtMs: atMs,
    quotas,
  };
}
