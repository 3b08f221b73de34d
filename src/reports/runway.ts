import { compareBurnOrder } from '../domain/credit/burn-order.ts';
import type { GrantState } from '../domain/credit/credit-types.ts';
import type { NanoUsd } from '../domain/money.ts';

/** How long credit lasts at a burn that does not change. */
export interface Runway {
  /** When the credit ends; undefined: not by being used, before {@link HORIZON_MS} is over. */
  endsAtMs: number | undefined;
  /** What will expire unused, by the instant it does. Grants of which nothing will are left out. */
  unused: { grantId: string; expiresAtMs: number; amountNanoUsd: NanoUsd }[];
}

const DAY_MS = 86_400_000;
/** Grants last a year as a rule; what lies beyond ten is not told. */
export const HORIZON_MS = 3_650 * DAY_MS;

/**
 * Spends the grants in burn order, a day's cost each day. Scopes by model are left aside: which models will be called
 * is not known. Credit that takes effect after the end begins a time of its own, which only `unused` counts.
 */
export function findRunway(grants: readonly GrantState[], perDayNanoUsd: NanoUsd, nowMs: number): Runway {
  const left = new Map<GrantState, NanoUsd>();
  for (const grant of grants.toSorted(compareBurnOrder)) {
    if (grant.remainingNanoUsd > 0n && grant.expiresAtMs > nowMs) left.set(grant, grant.remainingNanoUsd);
  }
  const unused: Runway['unused'] = [];
  let endsAtMs: number | undefined;
  let atMs = nowMs;
  while (left.size > 0 && atMs < nowMs + HORIZON_MS) {
    const burning = perDayNanoUsd > 0n ? [...left.keys()].find((grant) => grant.effectiveAtMs <= atMs) : undefined;
    const isLive = [...left.keys()].some((grant) => grant.effectiveAtMs <= atMs);
    if (!isLive) endsAtMs ??= atMs;
    const nextMs = findNextChange([...left.keys()], atMs);
    const emptyMs = burning === undefined ? nextMs : atMs + lifeOf(left.get(burning) ?? 0n, perDayNanoUsd);
    const untilMs = Math.min(nextMs, emptyMs);
    if (burning !== undefined) {
      const rest = (left.get(burning) ?? 0n) - (perDayNanoUsd * BigInt(untilMs - atMs)) / BigInt(DAY_MS);
      if (emptyMs <= nextMs || rest <= 0n) left.delete(burning);
      else left.set(burning, rest);
    }
    atMs = untilMs;
    for (const [grant, amountNanoUsd] of left) {
      if (grant.expiresAtMs > atMs) continue;
      left.delete(grant);
      unused.push({ grantId: grant.grantId, expiresAtMs: grant.expiresAtMs, amountNanoUsd });
    }
  }
  if (left.size === 0) endsAtMs ??= atMs;
  const isTold = endsAtMs !== undefined && endsAtMs < nowMs + HORIZON_MS;
  return { endsAtMs: isTold ? endsAtMs : undefined, unused };
}

/** The next instant at which a grant takes effect or expires. */
function findNextChange(grants: readonly GrantState[], atMs: number): number {
  const instants = grants.flatMap(({ effectiveAtMs, expiresAtMs }) => [effectiveAtMs, expiresAtMs]);
  return Math.min(...instants.filter((instant) => instant > atMs));
}

/** Time in ms that an amount lasts, rounded up, at least one, so that time goes on; beyond the horizon it is all one. */
function lifeOf(amountNanoUsd: NanoUsd, perDayNanoUsd: NanoUsd): number {
  const ms = (amountNanoUsd * BigInt(DAY_MS) + perDayNanoUsd - 1n) / perDayNanoUsd;
  return Math.min(Math.max(1, Number(ms)), 2 * HORIZON_MS);
}
