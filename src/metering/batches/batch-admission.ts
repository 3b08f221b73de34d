import type { BatchItem } from '../../anthropic/batch-request-reader.ts';
import type { Principal } from '../../directory/directory.ts';
import { ceilBatchItem, withLongOutput } from '../../domain/batch-ceiling.ts';
import { MAX_NANO_USD, type NanoUsd } from '../../domain/money.ts';
import { modelLabels } from '../../domain/rate-card.ts';
import type { AdmissionRefusal } from '../admission-refusal.ts';
import { describeOpenParts } from '../describe-open-parts.ts';
import { planWholeHold } from '../plan-hold.ts';
import { priceRequest } from '../price-request.ts';
import { reachableLabels } from '../reachable-models.ts';
import type { BatchParts } from './batch-parts.ts';
import { createCustomIdsDigest } from './custom-ids-digest.ts';

/** What the items of one model can cost. */
export interface BatchShare {
  /** Id on the rate card. */
  model: string;
  modelLabels: readonly string[];
  /** For quotas on models: of all models that an item can reach. */
  reachable: Set<string> | 'any';
  amountNanoUsd: NanoUsd;
  tokens: bigint;
  items: number;
  promptBytes: number;
}

/** A batch as far as it has been read. */
export interface BatchSum {
  /** Prices are those of this instant. */
  atMs: number;
  shares: readonly BatchShare[];
  items: number;
  customIdsDigest: string;
}

/** Prices the items of a batch as they are read, by the rules of a call at the batch's part of the price. */
export interface BatchAdmission {
  /** @returns why the item is refused, and the batch with it. */
  add(item: BatchItem, index: number): AdmissionRefusal | undefined;
  sum(): BatchSum;
}

/** @param longOutput the request asks for the beta of outputs beyond a call's. */
export function createBatchAdmission(parts: BatchParts, principal: Principal, longOutput: boolean): BatchAdmission {
  const atMs = parts.timers.nowMs();
  const own = parts.priceBook.cardOf(principal.account);
  const card = longOutput ? withLongOutput(own) : own;
  const pricing = { priceBook: { cardOf: () => card }, metrics: parts.metrics };
  const digest = createCustomIdsDigest();
  const shares = new Map<string, BatchShare>();
  const kind = { keyId: principal.key.id, memory: parts.openCosts };
  let items = 0;
  let totalNanoUsd = 0n;
  return {
    add({ customId, request }, index) {
      const priced = priceRequest(pricing, principal, request, atMs, ceilBatchItem);
      if ('kind' in priced) return nameItem(priced, index);
      const plan = planWholeHold(priced, request, kind, atMs);
      if (plan.open.length > 0 && parts.policies.unboundedRequests === 'refuse') {
        return { kind: 'unbounded_cost', reason: describeOpenParts(plan.open), item: index };
      }
      totalNanoUsd += plan.amountNanoUsd;
      if (totalNanoUsd > MAX_NANO_USD) {
        return { kind: 'unbounded_cost', reason: 'it could cost more than any account can hold' };
      }
      const share = shares.get(priced.model.id) ?? emptyShare(priced.model.id, modelLabels(priced.model));
      shares.set(share.model, share);
      share.amountNanoUsd += plan.amountNanoUsd;
      share.tokens += plan.tokens;
      share.items += 1;
      share.promptBytes += request.textBytes;
      addLabels(share, reachableLabels(priced.card, request));
      digest.add(customId);
      items += 1;
      return undefined;
    },
    sum: () => ({ atMs, shares: [...shares.values()], items, customIdsDigest: digest.digest() }),
  };
}

/** Where it is one item's fault, the item is named. */
function nameItem(refusal: AdmissionRefusal, item: number): AdmissionRefusal {
  switch (refusal.kind) {
    case 'model_not_allowed':
    case 'model_not_priced':
    case 'unbounded_cost':
      return { ...refusal, item };
    default:
      return refusal;
  }
}

function emptyShare(model: string, labels: readonly string[]): BatchShare {
  return {
    model,
    modelLabels: labels,
    reachable: new Set(labels),
    amountNanoUsd: 0n,
    tokens: 0n,
    items: 0,
    promptBytes: 0,
  };
}

function addLabels(share: BatchShare, labels: readonly string[] | 'any'): void {
  if (labels === 'any') share.reachable = 'any';
  else if (share.reachable !== 'any') for (const label of labels) share.reachable.add(label);
}
