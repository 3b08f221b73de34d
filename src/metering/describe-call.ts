import { findUnknownUsage } from '../anthropic/find-unknown-usage.ts';
import { findCallTraits } from '../domain/call-traits.ts';
import { formatUsd } from '../domain/money.ts';
import { formatMultiplier } from '../domain/multiplier.ts';
import type { ReceiptLine } from '../domain/receipt.ts';
import type { Settlement } from '../domain/settlement.ts';
import type { EntryDetails } from '../ledger/ledger.ts';
import { describeReportFacts } from './describe-report-facts.ts';
import { GRACE_DETAIL } from './grace-budget.ts';
import type { CallFacts, CallTrace } from './metered-call.ts';
import type { CallOutcome } from './metering-types.ts';

/** A journal entry's details are bounded; a call of ten passes at five classes still fits. */
const RECEIPT_LINES_AT_MOST = 60;
const REPORTED_CHARACTERS = 1_500;

/**
 * What the journal keeps of a call: enough to explain its price, and no word of its content. What is undefined is left
 * out of the text that is kept.
 */
export function describeCall(
  facts: CallFacts,
  outcome: CallOutcome,
  trace: CallTrace,
  settlement: Settlement,
  endedAtMs: number,
): EntryDetails {
  const { principal, request } = facts;
  return {
    request_id: facts.requestId,
    upstream_request_id: trace.upstreamRequestId,
    key_id: principal.key.id,
    team_id: principal.team?.id,
    member_id: principal.member?.id,
    session_id: facts.sessionId,
    requested_model: request.model,
    outcome: outcome.kind,
    reason: 'reason' in outcome ? outcome.reason : undefined,
    doubtful: 'doubtful' in outcome && outcome.doubtful === true ? true : undefined,
    [GRACE_DETAIL]: facts.onGrace === true ? true : undefined,
    status: trace.status,
    client_gone: trace.clientGone === true ? true : undefined,
    started_at: new Date(facts.admittedAtMs).toISOString(),
    duration_ms: Math.max(0, Math.round(endedAtMs - facts.arrivedAtMs)),
    basis: settlement.basis,
    ...(settlement.action === 'settle' ? describeCharge(settlement) : {}),
    ...describeReported(outcome, settlement),
  };
}

/** Figures that were not believed are kept whole, and else what of them is not known: somebody has to look at either. */
function describeReported(outcome: CallOutcome, settlement: Settlement): EntryDetails {
  if (!('reported' in outcome) || outcome.reported === undefined) return {};
  const isAbsurd = settlement.action === 'settle' && settlement.doubts.includes('usage_absurd');
  if (isAbsurd) return { reported_usage: bound(outcome.reported) };
  const unknown = findUnknownUsage(outcome.reported);
  return unknown === undefined ? {} : { unknown_usage: bound(unknown) };
}

/** As it is, or as text cut off. */
function bound(value: unknown): unknown {
  const text = JSON.stringify(value);
  return text.length <= REPORTED_CHARACTERS ? value : `${text.slice(0, REPORTED_CHARACTERS)}...`;
}

function describeCharge(settlement: Extract<Settlement, { action: 'settle' }>): EntryDetails {
  const { receipt, usage, doubts } = settlement;
  return {
    model: usage.model,
    stop_reason: usage.stopReason,
    ...describeReportFacts(findCallTraits(usage), receipt),
    tokens: sumByClass(receipt.lines),
    receipt: receipt.lines.slice(0, RECEIPT_LINES_AT_MOST).map(describeLine),
    rate_card_version: receipt.rateCardVersion,
    multiplier: receipt.multiplier === undefined ? undefined : formatMultiplier(receipt.multiplier),
    assumptions: receipt.assumptions,
    doubts: doubts.length > 0 ? doubts : undefined,
  };
}

/** Quantity, price of one and amount before the multiplier, both exact in dollars. */
export function describeLine(line: ReceiptLine): EntryDetails {
  return {
    model: line.model,
    class: line.class,
    quantity: line.quantity,
    usd_each: formatPicoUsd(line.picoUsdEach),
    usd: formatPicoUsd(line.picoUsdEach * BigInt(line.quantity)),
    ...(line.overridden ? { overridden: true } : {}),
    ...(line.pricedAs === undefined ? {} : { priced_as: line.pricedAs }),
  };
}

/** Pico-dollars as a decimal dollar string with up to twelve places. */
export function formatPicoUsd(picoUsd: bigint): string {
  const rest = (picoUsd % 1_000n).toString().padStart(3, '0').replace(/0+$/, '');
  if (rest === '') return formatUsd(picoUsd / 1_000n);
  const nano = formatUsd(picoUsd / 1_000n);
  return nano.padEnd(nano.indexOf('.') + 10, '0') + rest;
}

/** Tokens, and searches, by class of price. */
export function sumByClass(lines: readonly ReceiptLine[]): { [usageClass: string]: number } {
  const sums: { [usageClass: string]: number } = {};
  for (const line of lines) sums[line.class] = (sums[line.class] ?? 0) + line.quantity;
  return sums;
}
