import { createId } from '../directory/create-id.ts';
import { formatUsd } from '../domain/money.ts';
import type { Metrics } from '../observability/metrics.ts';
import { type AskedCall, toCallFacts } from './asked-call.ts';
import type { GraceBudget } from './grace-budget.ts';
import type { MeteredCall } from './metered-call.ts';
import { type MeteredCallParts, openMeteredCall } from './open-metered-call.ts';
import type { PlacedHold } from './place-hold.ts';
import type { SettleQueue } from './settle-queue.ts';

export interface GraceParts extends Omit<MeteredCallParts, 'metrics'> {
  /** Absent: there is none, and admission fails closed. */
  grace?: GraceBudget;
  settleQueue: Pick<SettleQueue, 'reserve'>;
  metrics: MeteredCallParts['metrics'] & Pick<Metrics, 'graceAsked'>;
}

/**
 * Opens a call for which the store did not answer, without a hold. Its id is a new one, unknown to the store, so that
 * its settle is charged once, late; that of the hold which was not answered is released, and would be refused.
 *
 * Only where the ceiling is sure and the whole of it was asked for: of a smaller hold the store had said that there was
 * no room for more.
 * @returns undefined where it must be refused.
 */
export function openOnGrace(parts: GraceParts, asked: AskedCall, placed: PlacedHold): MeteredCall | undefined {
  if (parts.grace === undefined) return undefined;
  const call = takeGrace(parts, parts.grace, asked, placed);
  parts.metrics.graceAsked(call === undefined ? 'refused' : 'admitted');
  return call;
}

function takeGrace(
  parts: GraceParts,
  grace: GraceBudget,
  asked: AskedCall,
  placed: PlacedHold,
): MeteredCall | undefined {
  const { principal, plan } = asked;
  const isWhole = placed.command.amountNanoUsd === plan.amountNanoUsd && placed.command.minNanoUsd === undefined;
  if (plan.open.length > 0 || !isWhole) return undefined;
  // The place of the call went to the release of its hold.
  const place = parts.settleQueue.reserve();
  if (place === undefined) return undefined;
  const hold = { ...placed.command, holdId: createId('hold', parts.timers.nowMs()) };
  const { accountId, holdId, amountNanoUsd } = hold;
  const taken = grace.take({ accountId, keyId: principal.key.id }, holdId, amountNanoUsd);
  if (taken === undefined) {
    place.giveBack();
    return undefined;
  }
  const left = formatUsd(taken.leftNanoUsd);
  const facts = toCallFacts(asked, { hold, availableNanoUsd: taken.leftNanoUsd, onGrace: true });
  parts.logger.warn(
    { account_id: accountId, hold_id: holdId, ceiling_usd: formatUsd(amountNanoUsd), left_usd: left },
    'the store does not answer: a call is admitted on the grace budget',
  );
  return openMeteredCall(parts, {
    ...{ place, hold, facts, watch: undefined },
    onSettled: (settlement) => grace.end(holdId, settlement.action === 'settle' ? settlement.amountNanoUsd : 0n),
  });
}
