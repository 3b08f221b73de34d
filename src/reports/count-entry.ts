import type { PostingKind } from '../domain/credit/credit-types.ts';
import type { NanoUsd } from '../domain/money.ts';
import { USAGE_CLASSES, type UsageClass } from '../domain/usage.ts';
import { chargeOf } from '../ledger/journal-fold.ts';
import { type StatementCounts, statementCounts, type UsageCounts, usageCounts } from './report-counts.ts';
import type { ReportedEntry } from './reported-entry.ts';

/** Who and what a call was for; null where it was for none, or none is known. */
export interface CallGroup {
  model: string | null;
  team: string | null;
  member: string | null;
  key: string | null;
  session: string | null;
  traits: ReportTraits;
}

/** By what the API's own usage report tells calls apart; null of entries of earlier versions, and of mixed batches. */
export type ReportTraits = readonly [
  serviceTier: string | null,
  contextWindow: string | null,
  inferenceGeo: string | null,
  speed: string | null,
];

/** What one entry adds to the sums. */
export interface CountedEntry {
  group: CallGroup;
  /** Absent for entries that charge nothing and give nothing back. */
  usage?: UsageCounts;
  statement?: StatementCounts;
}

/** A name of a caller's choosing is cut here. */
const NAME_CHARACTERS_AT_MOST = 128;

/**
 * Counts an entry at its own time: a late settle, a refund or a correction belongs to when it was made, so that no
 * period changes once it is over. A call is counted under the model that answered, at its whole cost, whatever other
 * models took part; calls that were charged nothing count as none.
 */
export function countEntry(entry: ReportedEntry): CountedEntry {
  const charge = chargeOf(entry);
  const isCall = entry.operation === 'settle' || entry.operation === 'late';
  const isCharge = isCall || charge !== 0n;
  const statement = countStatement(entry, charge, isCall);
  return {
    group: readGroup(entry),
    ...(isCharge ? { usage: countUsage(entry, charge, isCall) } : {}),
    ...(statement === undefined ? {} : { statement }),
  };
}

function countStatement(entry: ReportedEntry, charge: NanoUsd, isCall: boolean): StatementCounts | undefined {
  const counts = statementCounts.create();
  counts.requests = isCall ? countRequests(entry) : 0n;
  counts.charged = charge > 0n ? charge : 0n;
  counts.refunded = charge < 0n ? -charge : 0n;
  counts.granted = sumPostings(entry, 'grant');
  counts.expired = sumPostings(entry, 'expire');
  counts.voided = sumPostings(entry, 'void');
  return Object.values(counts).some((count) => count !== 0n) ? counts : undefined;
}

function sumPostings({ postings }: ReportedEntry, kind: PostingKind): NanoUsd {
  return postings.reduce((sum, posting) => (posting.kind === kind ? sum + posting.amountNanoUsd : sum), 0n);
}

function countUsage(entry: ReportedEntry, charge: NanoUsd, isCall: boolean): UsageCounts {
  const counts = usageCounts.create();
  if (!isCall) {
    if (charge > 0n) counts.corrected = charge;
    else counts.refunded = -charge;
    return counts;
  }
  counts.requests = countRequests(entry);
  const tokens = readObject(entry.details?.tokens);
  for (const name of USAGE_CLASSES) counts[name] = readCount(tokens[name]);
  counts.cache_savings = readPicoUsd(entry.details?.cache_savings_usd) / 1_000n;
  spreadCost(counts, charge, entry.details?.receipt);
  return counts;
}

/** One hold of a batch pays for many: its entry tells how many were charged. */
function countRequests({ details = {} }: ReportedEntry): bigint {
  return details.outcome === 'batch' ? readCount(details.items) : 1n;
}

/**
 * Shares the charge out over the classes as the receipt's lines stand to each other, rounded down, what is left by
 * rounding going to the dearest class: the shares are the charge, to the nano-dollar.
 */
function spreadCost(counts: UsageCounts, charge: NanoUsd, receipt: unknown): void {
  const weights = new Map<UsageClass, bigint>();
  for (const line of Array.isArray(receipt) ? receipt : []) {
    const { class: name, usd } = readObject(line);
    const known = USAGE_CLASSES.find((each) => each === name);
    const weight = readPicoUsd(usd);
    if (known !== undefined && weight > 0n) weights.set(known, (weights.get(known) ?? 0n) + weight);
  }
  const total = [...weights.values()].reduce((sum, weight) => sum + weight, 0n);
  const [dearest] = [...weights].sort(([, left], [, right]) => (left < right ? 1 : left > right ? -1 : 0));
  if (dearest === undefined) {
    counts.cost_other = charge;
    return;
  }
  let rest = charge;
  for (const [name, weight] of weights) {
    const share = (charge * weight) / total;
    counts[`cost_${name}`] = share;
    rest -= share;
  }
  counts[`cost_${dearest[0]}`] += rest;
}

function readGroup({ details = {} }: ReportedEntry): CallGroup {
  return {
    model: readName(details.model) ?? readName(details.requested_model),
    team: readName(details.team_id),
    member: readName(details.member_id),
    key: readName(details.key_id),
    session: readName(details.session_id),
    traits: [
      readName(details.service_tier),
      readName(details.context_window),
      readName(details.inference_geo),
      readName(details.speed),
    ],
  };
}

function readName(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value.slice(0, NAME_CHARACTERS_AT_MOST) : null;
}

function readObject(value: unknown): { readonly [name: string]: unknown } {
  return typeof value === 'object' && value !== null ? (value as { [name: string]: unknown }) : {};
}

function readCount(value: unknown): bigint {
  return typeof value === 'number' && Number.isSafeInteger(value) && value > 0 ? BigInt(value) : 0n;
}

/** A decimal dollar text with up to twelve places, as receipts have; 0 for anything else. */
function readPicoUsd(value: unknown): bigint {
  const match = typeof value === 'string' ? /^(\d{1,9})\.(\d{1,12})$/.exec(value) : null;
  return match === null ? 0n : BigInt(`${match[1]}${match[2]?.padEnd(12, '0')}`);
}
