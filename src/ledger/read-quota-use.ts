import { formatUsd } from '../domain/money.ts';
import { limitAt, type Quota, type QuotaMeasure } from '../domain/quota.ts';
import { findWindow, type WindowSpan } from '../domain/quota-window.ts';
import type { Ledger } from './ledger.ts';

/** How a quota stands in the window of an instant. Amounts are in its measure's unit. */
export interface QuotaUse {
  quota: Quota;
  window: WindowSpan;
  /** In force: a raise that runs is in it. */
  limit: bigint;
  /** Settled. Open calls are never used, only held. */
  used: bigint;
  held: bigint;
  /** What is left, zero at least. */
  room: bigint;
}

/**
 * Reads how quotas of one account stand, in one call to the ledger.
 * @param timezone the account's.
 * @throws LedgerUnavailable
 */
export async function readQuotaUse(
  ledger: Pick<Ledger, 'readCells'>,
  accountId: string,
  quotas: readonly Quota[],
  at: { atMs: number; timezone: string },
): Promise<QuotaUse[]> {
  if (quotas.length === 0) return [];
  const windows = quotas.map((quota) => findWindow(quota.window, at.atMs, at.timezone, quota.anchorDay));
  const cells = quotas.map(({ id }, index) => ({ quotaId: id, window: windows[index]?.name ?? '' }));
  const uses = await ledger.readCells(accountId, cells);
  return quotas.map((quota, index) => {
    const { used, held } = uses[index] ?? { used: 0n, held: 0n };
    const limit = limitAt(quota, at.atMs);
    const room = limit - used - held;
    return { quota, window: windows[index] as WindowSpan, limit, used, held, room: room > 0n ? room : 0n };
  });
}

/** An amount as it is written in JSON: dollars as a decimal string, counts as a number. */
export function writeMeasured(measure: QuotaMeasure, amount: bigint): string | number {
  return measure === 'usd' ? formatUsd(amount) : Number(amount);
}
