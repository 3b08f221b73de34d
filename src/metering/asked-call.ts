import type { MessagesRequest } from '../domain/call-request.ts';
import type { NanoUsd } from '../domain/money.ts';
import type { AppliedQuota } from '../domain/quota.ts';
import type { HoldCommand } from '../ledger/ledger.ts';
import type { TraceContext } from '../observability/traces/trace-context.ts';
import type { BindingQuota } from './call-quotas.ts';
import type { CallFacts } from './metered-call.ts';
import type { HoldRequest } from './place-hold.ts';
import type { SpoolPlace } from './spool-place.ts';

export interface AdmissionFacts {
  requestId: string;
  arrivedAtMs: number;
  sessionId: string | undefined;
  traceContext?: TraceContext | undefined;
}

/** A call that the ledger is asked for. */
export interface AskedCall extends HoldRequest {
  request: MessagesRequest;
  facts: AdmissionFacts;
  quotas: readonly AppliedQuota[];
  place: SpoolPlace;
}

export interface OpenedHold {
  /** As it was made. */
  hold: HoldCommand;
  availableNanoUsd: NanoUsd;
  bindingQuota?: BindingQuota | undefined;
  onGrace?: boolean;
}

/** Field by field: every call has one of these, and a spread of another object costs several times as much. */
export function toCallFacts(
  { principal, request, priced, plan, quotas, atMs, facts }: AskedCall,
  { hold, availableNanoUsd, bindingQuota, onGrace = false }: OpenedHold,
): CallFacts {
  return {
    requestId: facts.requestId,
    holdId: hold.holdId,
    principal,
    request,
    model: priced.model,
    card: priced.card,
    heldNanoUsd: hold.amountNanoUsd,
    ceilingNanoUsd: priced.amountNanoUsd,
    isOpen: plan.open.length > 0,
    availableNanoUsd,
    sessionId: facts.sessionId,
    traceContext: facts.traceContext,
    arrivedAtMs: facts.arrivedAtMs,
    admittedAtMs: atMs,
    quotas,
    bindingQuota,
    onGrace,
  };
}
