import { findUnknownUsage } from '../anthropic/find-unknown-usage.ts';
import { findCallTraits } from '../domain/call-traits.ts';
import { writeIsoTime } from '../domain/iso-time.ts';
import { formatPicoUsd } from '../domain/money.ts';
import { formatMultiplier } from '../domain/multiplier.ts';
import type { Receipt, ReceiptLine } from '../domain/receipt.ts';
import type { Settlement } from '../domain/settlement.ts';
import type { EntryDetails } from '../ledger/ledger.ts';
import { describeReportFacts } from './describe-report-facts.ts';
import { GRACE_DETAIL } from './grace-budget.ts';
import type { CallFacts, CallTrace } from './metered-call.ts';
import type { CallOutcome } from './metering-types.ts';

/** A journal entry's details are bounded; a call of ten passes at five classes still fits. */
const RECEIPT_LINES_AT_MOST = 60;
const REPORTED_CHARACTERS = 1_500;

/** A call and its end, with what is worked out of them once for all who tell of it. */
export interface CallEnd {
  /** As they stood at the end. */
  facts: CallFacts;
  outcome: CallOutcome;
  trace: CallTrace;
  settlement: Settlement;
  endedAtMs: number;
  /** What the answer reports of a kind that is not known here; undefined: nothing. */
  unknownUsage: { readonly [name: string]: unknown } | undefined;
  /** Tokens, and searches, by class of price; undefined: nothing was charged. */
  charged: { readonly [usageClass: string]: number } | undefined;
}

export function describeEnd(
  facts: CallFacts,
  outcome: CallOutcome,
  trace: CallTrace,
  settlement: Settlement,
  endedAtMs: number,
): CallEnd {
  const reported = 'reported' in outcome ? outcome.reported : undefined;
  const unknownUsage = reported === undefined ? undefined : findUnknownUsage(reported);
  const charged = settlement.action === 'settle' ? sumByClass(settlement.receipt.lines) : undefined;
  return { facts, outcome, trace, settlement, endedAtMs, unknownUsage, charged };
}

/**
 * What the journal keeps of a call: enough to explain its price, and no word of its content. What is undefined is left
 * out of the text that is kept. One literal, since putting objects together costs every call more than the text does.
 * @param reason in place of the outcome's.
 */
export function describeCall(end: CallEnd, reason?: string): EntryDetails {
  const { facts, outcome, trace, settlement, endedAtMs } = end;
  const { principal, request } = facts;
  const charge = settlement.action === 'settle' ? settlement : undefined;
  const receipt = charge?.receipt;
  const odd = describeOddUsage(end);
  const told = charge && describeReportFacts(findCallTraits(charge.usage), charge.receipt);
  return {
    request_id: facts.requestId,
    upstream_request_id: trace.upstreamRequestId,
    key_id: principal.key.id,
    team_id: principal.team?.id,
    member_id: principal.member?.id,
    session_id: facts.sessionId,
    requested_model: request.model,
    outcome: outcome.kind,
    reason: reason ?? ('reason' in outcome ? outcome.reason : undefined),
    doubtful: 'doubtful' in outcome && outcome.doubtful === true ? true : undefined,
    [GRACE_DETAIL]: facts.onGrace ? true : undefined,
    status: trace.status,
    client_gone: trace.clientGone === true ? true : undefined,
    started_at: writeIsoTime(facts.admittedAtMs),
    duration_ms: Math.max(0, Math.round(endedAtMs - facts.arrivedAtMs)),
    basis: settlement.basis,
    model: charge?.usage.model,
    stop_reason: charge?.usage.stopReason,
    service_tier: told?.service_tier,
    context_window: told?.context_window,
    inference_geo: told?.inference_geo,
    speed: told?.speed,
    cache_savings_usd: told?.cache_savings_usd,
    tokens: end.charged,
    receipt: receipt && describeReceipt(receipt),
    rate_card_version: receipt?.rateCardVersion,
    multiplier: receipt?.multiplier === undefined ? undefined : formatMultiplier(receipt.multiplier),
    assumptions: receipt?.assumptions,
    doubts: charge !== undefined && charge.doubts.length > 0 ? charge.doubts : undefined,
    reported_usage: odd?.reported_usage,
    unknown_usage: odd?.unknown_usage,
  };
}

interface OddUsage {
  reported_usage?: unknown;
  unknown_usage?: unknown;
}

/** Figures that were not believed are kept whole, and else what of them is not known: somebody has to look at either. */
function describeOddUsage({ outcome, settlement, unknownUsage }: CallEnd): OddUsage | undefined {
  const reported = 'reported' in outcome ? outcome.reported : undefined;
  const isAbsurd = settlement.action === 'settle' && settlement.doubts.includes('usage_absurd');
  if (isAbsurd && reported !== undefined) return { reported_usage: bound(reported) };
  return unknownUsage === undefined ? undefined : { unknown_usage: bound(unknownUsage) };
}

/** As it is, or as text cut off. */
function bound(value: unknown): unknown {
  const text = JSON.stringify(value);
  return text.length <= REPORTED_CHARACTERS ? value : `${text.slice(0, REPORTED_CHARACTERS)}...`;
}

function describeReceipt({ lines }: Receipt): EntryDetails[] {
  return lines.length <= RECEIPT_LINES_AT_MOST
    ? lines.map(describeLine)
    : lines.slice(0, RECEIPT_LINES_AT_MOST).map(describeLine);
}

/** Quantity, price of one and amount before the multiplier, both exact in dollars. */
export function describeLine(line: ReceiptLine): EntryDetails {
  return {
    model: line.model,
    class: line.class,
    quantity: line.quantity,
    usd_each: writePrice(line.picoUsdEach),
    usd: formatPicoUsd(line.picoUsdEach * BigInt(line.quantity)),
    overridden: line.overridden,
    priced_as: line.pricedAs,
  };
}

/** Prices written lately: a card has some hundred, and overrides bring more. */
const prices = new Map<bigint, string>();
const PRICES_AT_MOST = 1_000;

function writePrice(picoUsd: bigint): string {
  const known = prices.get(picoUsd);
  if (known !== undefined) return known;
  if (prices.size >= PRICES_AT_MOST) prices.clear();
  const text = formatPicoUsd(picoUsd);
  prices.set(picoUsd, text);
  return text;
}

/** Tokens, and searches, by class of price. */
export function sumByClass(lines: readonly ReceiptLine[]): { [usageClass: string]: number } {
  const sums: { [usageClass: string]: number } = {};
  for (const line of lines) sums[line.class] = (sums[line.class] ?? 0) + line.quantity;
  return sums;
}
