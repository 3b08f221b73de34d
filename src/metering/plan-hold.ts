import { ceilCall } from '../domain/call-ceiling.ts';
import type { MessagesRequest } from '../domain/call-request.ts';
import { isCountable, type SmallerHold, sizeSmallerHold, tightenPrompt } from '../domain/hold-size.ts';
import type { NanoUsd } from '../domain/money.ts';
import { findOpenParts, floorOpenCall, type OpenPart } from '../domain/open-call.ts';
import type { OpenCostMemory } from './open-cost-memory.ts';
import type { PricedRequest } from './price-request.ts';

/** What to hold for a request, if there is room for it. */
export interface HoldPlan {
  /** With its prompt bounded by its bytes, or by a count. */
  request: MessagesRequest;
  amountNanoUsd: NanoUsd;
  tokens: bigint;
  /** What leaves its cost open; none: the amount cannot be overrun. */
  open: readonly OpenPart[];
}

export interface OpenKind {
  keyId: string;
  memory: Pick<OpenCostMemory, 'largest'>;
}

/** The whole of what a request can cost; where that is open, the largest cost of its kind, and a floor. */
export function planWholeHold(
  { amountNanoUsd, tokens, unbounded, card }: PricedRequest,
  request: MessagesRequest,
  { keyId, memory }: OpenKind,
  atMs: number,
): HoldPlan {
  const open = findOpenParts(request, unbounded);
  if (open.length === 0) return { request, amountNanoUsd, tokens, open };
  const floor = floorOpenCall(card, request, open, atMs) ?? amountNanoUsd;
  const seen = memory.largest(nameOpenKind(keyId, request.model, open));
  return { request, amountNanoUsd: seen > floor ? seen : floor, tokens, open };
}

/** Calls of one key that ask one model for the same open things are alike. */
export function nameOpenKind(keyId: string, model: string, open: readonly OpenPart[]): string {
  return [keyId, model.slice(0, 100), ...open].join(' ');
}

/** The same request with its prompt bounded by a count; undefined where that is no tighter. */
export function tightenPlan(
  plan: HoldPlan,
  { card }: Pick<PricedRequest, 'card'>,
  countedTokens: number,
  atMs: number,
): HoldPlan | undefined {
  const request = tightenPrompt(plan.request, countedTokens);
  const ceiling = ceilCall(card, request, atMs);
  if (!ceiling.priced || ceiling.amountNanoUsd >= plan.amountNanoUsd) return undefined;
  return { ...plan, request, amountNanoUsd: ceiling.amountNanoUsd, tokens: ceiling.tokens };
}

/**
 * Whether a count of the prompt could make the difference: with no prompt at all the call would fit, in whole or, where
 * that is allowed, with the least output, for which its bytes leave no room.
 */
export function isWorthCounting(
  plan: HoldPlan,
  priced: Pick<PricedRequest, 'card'>,
  smaller: SmallerHold | undefined,
  room: { nanoUsd: NanoUsd; tokens: bigint },
  atMs: number,
): boolean {
  if (plan.open.length > 0 || !isCountable(plan.request)) return false;
  const least = tightenPlan(plan, priced, 0, atMs);
  if (least === undefined) return false;
  if (least.amountNanoUsd <= room.nanoUsd && least.tokens <= room.tokens) return true;
  if (smaller === undefined || fitsLeast(smaller, room)) return false;
  const leastOfAll = sizeSmallerHold(priced.card, least.request, atMs);
  return leastOfAll !== undefined && fitsLeast(leastOfAll, room);
}

function fitsLeast({ minNanoUsd, minTokens }: SmallerHold, room: { nanoUsd: NanoUsd; tokens: bigint }): boolean {
  return minNanoUsd <= room.nanoUsd && minTokens <= room.tokens;
}
