import { createId } from '../directory/create-id.ts';
import type { Principal } from '../directory/directory.ts';
import type { MessagesRequest } from '../domain/call-request.ts';
import { findCreditLeft } from '../domain/credit/credit-left.ts';
import type { NanoUsd } from '../domain/money.ts';
import { modelLabels } from '../domain/rate-card.ts';
import { createWindowCache } from '../domain/window-cache.ts';
import { type HoldCommand, type HoldReply, type Ledger, LedgerUnavailable } from '../ledger/ledger.ts';
import type { Logger } from '../observability/create-logger.ts';
import type { Metrics } from '../observability/metrics.ts';
import type { AdmissionRefusal } from './admission-refusal.ts';
import { type AdmissionFacts, type AskedCall, toCallFacts } from './asked-call.ts';
import { type CallPolicies, DEFAULT_CALL_POLICIES } from './call-policies.ts';
import { findBindingQuota, findCallQuotas } from './call-quotas.ts';
import { describeOpenParts } from './describe-open-parts.ts';
import type { GraceBudget } from './grace-budget.ts';
import { toHoldRefusal } from './hold-refusal.ts';
import type { MeteredCall } from './metered-call.ts';
import type { OpenCalls } from './open-calls.ts';
import { createOpenCostMemory, type OpenCostMemory } from './open-cost-memory.ts';
import { openMeteredCall } from './open-metered-call.ts';
import { openOnGrace } from './open-on-grace.ts';
import { createOutputRatios, type OutputRatios } from './output-ratios.ts';
import { type CountPrompt, placeHold } from './place-hold.ts';
import { type HoldPlan, nameOpenKind, planWholeHold } from './plan-hold.ts';
import type { PriceBook } from './price-book.ts';
import { priceRequest } from './price-request.ts';
import { createQuotaWatch, type QuotaWatch } from './quota-watch.ts';
import type { CallTraces } from './report-call.ts';
import { createRunningHolds, type RunningHolds } from './running-holds.ts';
import type { SettleQueue, SpoolPlace } from './settle-queue.ts';
import type { Timers } from './timers.ts';

export interface MeterParts {
  ledger: Pick<Ledger, 'hold' | 'extend'>;
  priceBook: Pick<PriceBook, 'cardOf'>;
  settleQueue: SettleQueue;
  openCalls: OpenCalls;
  timers: Timers;
  metrics: Pick<
    Metrics,
    | 'callFinished'
    | 'outputEstimated'
    | 'usageMissing'
    | 'unknownUsage'
    | 'unpricedRequest'
    | 'storeFailed'
    | 'holdOpened'
    | 'smallerHold'
    | 'holdEnlarged'
    | 'quotaSoftlyExceeded'
    | 'quotaShadowRefused'
    | 'graceAsked'
  >;
  logger: Pick<Logger, 'info' | 'warn' | 'error'>;
  limits: { holdLeaseMs: number };
  /** Told of each call that is refused for want of credit. Returns at once and does not throw. */
  onShortOfCredit?(short: CreditShortage): void;
  /** Absent: a call for which the store does not answer is refused. */
  grace?: GraceBudget;
  /** {@link DEFAULT_CALL_POLICIES} unless given. */
  policies?: CallPolicies;
  traces?: CallTraces;
  /** Of its own unless given. */
  openCosts?: OpenCostMemory;
}

/** The least that a call would have had to hold, and for which model. */
export interface CreditShortage {
  accountId: string;
  neededNanoUsd: NanoUsd;
  modelLabels: readonly string[];
}

export type Admission = { admitted: true; call: MeteredCall } | { admitted: false; refusal: AdmissionRefusal };

/** One call, from admission to settlement. */
export interface Meter {
  /**
   * Holds the most that the call can cost, and its share of every quota that counts it: one round trip to the ledger.
   * Only where there is no room for that, the prompt is counted and, if the account lets its calls run on less, less
   * is held. Where the ledger does not answer, the grace budget is asked, if there is one. Refusals are values; it throws only on a fault that is not an outage ({@link Ledger}).
   * @param countPrompt absent: prompts are bounded by their bytes alone.
   */
  admit(
    principal: Principal,
    request: MessagesRequest,
    facts: AdmissionFacts,
    countPrompt?: CountPrompt,
  ): Promise<Admission>;
}

export function createMeter(parts: MeterParts): Meter {
  const findWindow = createWindowCache();
  const { unboundedRequests } = parts.policies ?? DEFAULT_CALL_POLICIES;
  const shared: SharedParts = {
    ...parts,
    quotaWatch: createQuotaWatch(parts),
    runningHolds: createRunningHolds(parts),
    openCosts: parts.openCosts ?? createOpenCostMemory(),
    outputRatios: createOutputRatios(),
  };
  return {
    async admit(principal, request, facts, countPrompt) {
      const atMs = parts.timers.nowMs();
      const priced = priceRequest(parts, principal, request, atMs);
      if ('kind' in priced) return refuse(priced);
      const plan = planWholeHold(priced, request, { keyId: principal.key.id, memory: shared.openCosts }, atMs);
      if (plan.open.length > 0 && unboundedRequests === 'refuse') {
        return refuse({ kind: 'unbounded_cost', reason: describeOpenParts(plan.open) });
      }
      const quotas = findCallQuotas(principal, priced.card, request, atMs, findWindow);
      const place = parts.settleQueue.reserve();
      if (place === undefined) return refuse({ kind: 'spool_full' });
      const command: HoldCommand = {
        accountId: principal.account.id,
        holdId: createId('hold', atMs),
        amountNanoUsd: plan.amountNanoUsd,
        tokens: plan.tokens,
        leaseMs: parts.limits.holdLeaseMs,
        modelLabels: modelLabels(priced.model),
        cells: quotas.map(({ cell }) => cell),
      };
      const send = (wanted: HoldCommand) => holdOrRelease(parts, wanted, place);
      const placed = await placeHold(send, { principal, priced, plan, command, countPrompt, atMs }).catch((error) => {
        place.giveBack();
        throw error;
      });
      return openOrRefuse(shared, { principal, request, facts, priced, plan, quotas, place, placed, atMs });
    },
  };
}

interface SharedParts extends MeterParts {
  quotaWatch: QuotaWatch;
  runningHolds: RunningHolds;
  openCosts: OpenCostMemory;
  outputRatios: OutputRatios;
}

function openOrRefuse(parts: SharedParts, asked: AskedCall): Admission {
  const { principal, plan, quotas, place } = asked;
  const { reply, command, watch } = asked.placed;
  if (reply === undefined) {
    const call = openOnGrace(parts, asked);
    return call === undefined ? refuse({ kind: 'ledger_unavailable' }) : { admitted: true, call };
  }
  parts.grace?.note({ accountId: principal.account.id, keyId: principal.key.id }, reply);
  if (reply.result !== 'held' && reply.result !== 'exists') {
    place.giveBack();
    if (reply.result === 'insufficient_credit') {
      const { neededNanoUsd } = reply;
      parts.onShortOfCredit?.({ accountId: command.accountId, neededNanoUsd, modelLabels: command.modelLabels });
    }
    return refuse(toHoldRefusal(parts.logger, command, quotas, reply));
  }
  const hold = { ...command, amountNanoUsd: reply.amountNanoUsd };
  parts.quotaWatch.noteHold(hold, quotas, reply.cells);
  if (hold.amountNanoUsd < plan.amountNanoUsd && command.minNanoUsd !== undefined) parts.metrics.smallerHold();
  const bindingQuota = findBindingQuota(quotas, reply.cells);
  const facts = {
    ...toCallFacts(asked, hold, findCreditLeft(reply.balance)),
    ...(bindingQuota === undefined ? {} : { bindingQuota }),
  };
  const call = openMeteredCall({ ...parts, place }, hold, facts, watch);
  return { admitted: true, call: plan.open.length === 0 ? call : noteOpenCost(parts.openCosts, call, plan) };
}

/** What an open call came to is what the next of its kind is held at. */
function noteOpenCost(memory: OpenCostMemory, call: MeteredCall, { open }: HoldPlan): MeteredCall {
  const { principal, request } = call.facts;
  return {
    ...call,
    finish(outcome, trace) {
      const settlement = call.finish(outcome, trace);
      if (settlement.action === 'settle')
        memory.note(nameOpenKind(principal.key.id, request.model, open), settlement.amountNanoUsd);
      return settlement;
    },
  };
}

function refuse(refusal: AdmissionRefusal): Admission {
  return { admitted: false, refusal };
}

/**
 * Asks for the hold, and once more with the same id when the store did not answer. If it is still silent, the hold
 * may exist or come to exist: the id is released, which leaves a tombstone that a delayed hold cannot pass.
 * @returns undefined when the store did not answer.
 */
async function holdOrRelease(
  parts: MeterParts,
  command: HoldCommand,
  place: SpoolPlace,
): Promise<HoldReply | undefined> {
  for (let attempt = 0; attempt < 2; attempt += 1) {
    try {
      return await parts.ledger.hold(command);
    } catch (error) {
      parts.metrics.storeFailed('hold');
      if (error instanceof LedgerUnavailable) continue;
      place.deliver(releaseOf(command, parts.timers.nowMs()));
      throw error;
    }
  }
  place.deliver(releaseOf(command, parts.timers.nowMs()));
  return undefined;
}

function releaseOf({ accountId, holdId }: HoldCommand, endedAtMs: number) {
  return {
    kind: 'release',
    command: { accountId, holdId, details: { reason: 'hold_unanswered' } },
    endedAtMs,
  } as const;
}
