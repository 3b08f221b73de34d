import { priceUsage, roundUpToNanoUsd } from './price-usage.ts';
import type { Bill, BillEntry, BilledUsage, BillReason } from './simulator-types.ts';

/** What is known of a call when it is billed. */
export interface BillableCall {
  requestId: string;
  model: string;
  status: number;
  usage: BilledUsage | undefined;
  reason: BillReason;
}

/** The simulated API's own account book. */
export interface BillBook {
  record(call: BillableCall): BillEntry;
  snapshot(): Bill;
}

/** Reasons under which nothing is owed whatever was used. */
const FREE_REASONS: ReadonlySet<BillReason> = new Set(['failed', 'refusal_not_billed', 'no_usage', 'unpriced_model']);

/** @param keptEntries older entries are dropped; the total counts them still. */
export function createBillBook(keptEntries: number): BillBook {
  const entries: BillEntry[] = [];
  let totalNanoUsd = 0n;
  let totalPicoUsd = 0n;
  return {
    record(call) {
      const entry = makeEntry(call);
      entries.push(entry);
      if (entries.length > keptEntries) entries.shift();
      totalNanoUsd += entry.amountNanoUsd;
      totalPicoUsd += entry.amountPicoUsd;
      return entry;
    },
    snapshot: () => ({ totalNanoUsd, totalPicoUsd, entries: [...entries] }),
  };
}

function makeEntry(call: BillableCall): BillEntry {
  const reason = call.usage === undefined && !FREE_REASONS.has(call.reason) ? 'no_usage' : call.reason;
  const free = { ...call, reason, billed: false, amountPicoUsd: 0n, amountNanoUsd: 0n };
  if (call.usage === undefined || FREE_REASONS.has(reason)) return free;
  const amountPicoUsd = priceUsage(call.usage);
  if (amountPicoUsd === undefined) return { ...free, reason: 'unpriced_model' };
  return { ...call, reason, billed: true, amountPicoUsd, amountNanoUsd: roundUpToNanoUsd(amountPicoUsd) };
}
