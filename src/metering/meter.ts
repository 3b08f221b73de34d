import { createId } from '../directory/create-id.ts';
import type { Principal } from '../directory/directory.ts';
import type { MessagesRequest } from '../domain/call-request.ts';
import { findCreditLeft } from '../domain/credit/credit-left.ts';
import type { NanoUsd } from '../domain/money.ts';
import { modelLabels } from '../domain/rate-card.ts';
import type { Settlement } from '../domain/settlement.ts';
import { createWindowCache } from '../domain/window-cache.ts';
import { type HoldCommand, type HoldReply, type Ledger, LedgerUnavailable } from '../ledger/ledger.ts';
import type { Logger } from '../observability/create-logger.ts';
import type { Metrics } from '../observability/metrics.ts';
import type { AdmissionRefusal } from './admission-refusal.ts';
import { type AdmissionFacts, type AskedCall, toCallFacts } from './asked-call.ts';
import { type CallPolicies, DEFAULT_CALL_POLICIES } from './call-policies.ts';
import { findBindingQuota } from './call-quotas.ts';
import { describeOpenParts } from './describe-open-parts.ts';
import type { GraceBudget } from './grace-budget.ts';
import { toHoldRefusal } from './hold-refusal.ts';
import type { MeteredCall } from './metered-call.ts';
import type { OpenCalls } from './open-calls.ts';
import { createOpenCostMemory, type OpenCostMemory } from './open-cost-memory.ts';
import { openMeteredCall } from './open-metered-call.ts';
import { openOnGrace } from './open-on-grace.ts';
import { createOutputRatios, type OutputRatios } from './output-ratios.ts';
import { type CountPrompt, type PlacedHold, placeHold } from './place-hold.ts';
import { nameOpenKind, planWholeHold } from './plan-hold.ts';
import type { PriceBook } from './price-book.ts';
import { priceRequest } from './price-request.ts';
import { createQuotaFinder } from './quota-finder.ts';
import { createQuotaWatch, type QuotaWatch } from './quota-watch.ts';
import type { CallTraces } from './report-call.ts';
import { createRunningHolds, type RunningHolds } from './running-holds.ts';
import type { SettleQueue } from './settle-queue.ts';
import type { SpoolPlace } from './spool-place.ts';
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
    | 'holdClosed'
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
  const findQuotas = createQuotaFinder(createWindowCache());
  const { unboundedRequests } = parts.policies ?? DEFAULT_CALL_POLICIES;
  const shared: SharedParts = {
    ...parts,
    quotaWatch: createQuotaWatch(parts),
    runningHolds: createRunningHolds(parts),
    openCosts: parts.openCosts ?? createOpenCostMemory(),
    outputRatios: createOutputRatios(),
  };
  const ask = (
    principal: Principal,
    request: MessagesRequest,
    facts: AdmissionFacts,
    countPrompt: CountPrompt | undefined,
  ): AskedCall | AdmissionRefusal => {
    const atMs = parts.timers.nowMs();
    const priced = priceRequest(parts, principal, request, atMs);
    if ('kind' in priced) return priced;
    const plan = planWholeHold(priced, request, { keyId: principal.key.id, memory: shared.openCosts }, atMs);
    if (plan.open.length > 0 && unboundedRequests === 'refuse') {
      return { kind: 'unbounded_cost', reason: describeOpenParts(plan.open) };
    }
    const { quotas, cells } = findQuotas(principal, priced.card, request, atMs);
    const place = parts.settleQueue.reserve();
    if (place === undefined) return { kind: 'spool_full' };
    const command: HoldCommand = {
      accountId: principal.account.id,
      holdId: createId('hold', atMs),
      amountNanoUsd: plan.amountNanoUsd,
      tokens: plan.tokens,
      leaseMs: parts.limits.holdLeaseMs,
      modelLabels: modelLabels(priced.model),
      cells,
    };
    return { principal, request, facts, priced, plan, quotas, place, command, countPrompt, atMs };
  };
  return {
    async admit(principal, request, facts, countPrompt) {
      const asked = ask(principal, request, facts, countPrompt);
      if ('kind' in asked) return refuse(asked);
      const { command, place } = asked;
      try {
        let reply: HoldReply | undefined;
        try {
          // Awaited here rather than in a function of its own, of which each costs every call a promise more.
          reply = await parts.ledger.hold(command);
        } catch (error) {
          reply = await holdAgain(parts, command, place, error);
        }
        const placed = placeHold((wanted) => holdOrRelease(parts, wanted, place), asked, reply);
        return openOrRefuse(shared, asked, placed instanceof Promise ? await placed : placed);
      } catch (error) {
        place.giveBack();
        throw error;
      }
    },
  };
}

interface SharedParts extends MeterParts {
  quotaWatch: QuotaWatch;
  runningHolds: RunningHolds;
  openCosts: OpenCostMemory;
  outputRatios: OutputRatios;
}

function openOrRefuse(parts: SharedParts, asked: AskedCall, placed: PlacedHold): Admission {
  const { principal, plan, quotas, place } = asked;
  const { reply, command, watch } = placed;
  if (reply === undefined) {
    const call = openOnGrace(parts, asked, placed);
    return call === undefined ? refuse({ kind: 'ledger_unavailable' }) : { admitted: true, call };
  }
  parts.grace?.note({ accountId: command.accountId, keyId: principal.key.id }, reply);
  if (reply.result !== 'held' && reply.result !== 'exists') {
    place.giveBack();
    if (reply.result === 'insufficient_credit') {
      const { neededNanoUsd } = reply;
      parts.onShortOfCredit?.({ accountId: command.accountId, neededNanoUsd, modelLabels: command.modelLabels });
    }
    return refuse(toHoldRefusal(parts.logger, command, quotas, reply));
  }
  const isWhole = reply.amountNanoUsd === command.amountNanoUsd;
  const hold = isWhole ? command : { ...command, amountNanoUsd: reply.amountNanoUsd };
  if (quotas.length > 0) parts.quotaWatch.noteHold(hold, quotas, reply.cells);
  if (hold.amountNanoUsd < plan.amountNanoUsd && command.minNanoUsd !== undefined) parts.metrics.smallerHold();
  const bindingQuota = quotas.length === 0 ? undefined : findBindingQuota(quotas, reply.cells);
  const facts = toCallFacts(asked, { hold, availableNanoUsd: findCreditLeft(reply.balance), bindingQuota });
  const onSettled = plan.open.length === 0 ? undefined : noteOpenCost(parts.openCosts, asked);
  return { admitted: true, call: openMeteredCall(parts, { place, hold, facts, watch, onSettled }) };
}

/** What an open call came to is what the next of its kind is held at. */
function noteOpenCost(memory: OpenCostMemory, { principal, request, plan }: AskedCall): (ended: Settlement) => void {
  return (settlement) => {
    if (settlement.action === 'settle')
      memory.note(nameOpenKind(principal.key.id, request.model, plan.open), settlement.amountNanoUsd);
  };
}

function refuse(refusal: AdmissionRefusal): Admission {
  return { admitted: false, refusal };
}

/**
 * Asks for the hold, and once more with the same id when the store did not answer.
 * @returns undefined when the store did not answer.
 */
async function holdOrRelease(
  parts: MeterParts,
  command: HoldCommand,
  place: SpoolPlace,
): Promise<HoldReply | undefined> {
  try {
    return await parts.ledger.hold(command);
  } catch (error) {
    return holdAgain(parts, command, place, error);
  }
}

/**
 * Asks once more after this error. If the store is still silent, the hold may exist or come to exist: the id is released,
 * which leaves a tombstone that a delayed hold cannot pass.
 */
async function holdAgain(
  parts: MeterParts,
  command: HoldCommand,
  place: SpoolPlace,
  error: unknown,
): Promise<HoldReply | undefined> {
  let last = error;
  parts.metrics.storeFailed('hold');
  if (last instanceof LedgerUnavailable) {
    try {
      return await parts.ledger.hold(command);
    } catch (second) {
      last = second;
      parts.metrics.storeFailed('hold');
    }
  }
  place.deliver(releaseOf(command, parts.timers.nowMs()));
  if (last instanceof LedgerUnavailable) return undefined;
  throw last;
}

function releaseOf({ accountId, holdId }: HoldCommand, endedAtMs: number) {
  return {
    kind: 'release',
    command: { accountId, holdId, details: { reason: 'hold_unanswered' } },
    endedAtMs,
  } as const;
}
