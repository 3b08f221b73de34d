import type { AccountBalance, GrantState } from '../domain/credit/credit-types.ts';
import type { NanoUsd } from '../domain/money.ts';
import { DAY_MS } from './alert-rule.ts';
import type { AlertReading } from './decide-alert.ts';

const HOUR_MS = 3_600_000;
const MILLION = 1_000_000n;

/** What alerts look at. Held credit counts: it may come back; debt does not. */
export function netBalance(balance: AccountBalance): NanoUsd {
  return balance.availableNanoUsd + balance.heldNanoUsd - balance.debtNanoUsd;
}

/** An amount is reached at or below it, and recovers a tenth above it. */
export function readBalanceLevels(amountsNanoUsd: readonly NanoUsd[], netNanoUsd: NanoUsd): AlertReading[] {
  return [...new Set(amountsNanoUsd)].sort(compareDescending).map((amount) => ({
    level: amount.toString(),
    subject: 'balance',
    isReached: netNanoUsd <= amount,
    isRecovered: netNanoUsd >= recoveryBalance(amount),
  }));
}

/** The balances from which on {@link readBalanceLevels} finds something else of a level. */
export function balanceThresholds(levelNanoUsd: NanoUsd): NanoUsd[] {
  return [levelNanoUsd + 1n, recoveryBalance(levelNanoUsd)];
}

/** The balance from which a level counts as recovered: 1.1 times the level, and above it even where that is zero. */
export function recoveryBalance(levelNanoUsd: NanoUsd): NanoUsd {
  const tenth = (levelNanoUsd + 9n) / 10n;
  return levelNanoUsd + (tenth > 0n ? tenth : 1n);
}

/** A share of the last purchase; without one nothing is judged. */
export function readShareLevels(
  shareMillionths: number,
  netNanoUsd: NanoUsd,
  purchaseNanoUsd: NanoUsd | undefined,
): AlertReading[] {
  if (purchaseNanoUsd === undefined) return [];
  const amount = (purchaseNanoUsd * BigInt(shareMillionths)) / MILLION;
  const [reading] = readBalanceLevels([amount], netNanoUsd);
  return reading === undefined ? [] : [{ ...reading, level: `share:${shareMillionths}` }];
}

/** The amount of the paid grant that was made last and not voided. */
export function findLastPurchase(grants: readonly GrantState[]): NanoUsd | undefined {
  const paid = grants.filter(({ kind, voided }) => kind === 'paid' && !voided);
  return paid.reduce<GrantState | undefined>(
    (last, grant) => (last === undefined || grant.ordinal > last.ordinal ? grant : last),
    undefined,
  )?.grantedNanoUsd;
}

/** Hours of credit left; `leftMs` undefined: longer than is looked ahead. Recovers a tenth above it. */
export function readRunwayLevels(hoursLeft: number, leftMs: number | undefined): AlertReading[] {
  const levelMs = hoursLeft * HOUR_MS;
  return [
    {
      level: `hours:${hoursLeft}`,
      subject: 'runway',
      isReached: leftMs !== undefined && leftMs <= levelMs,
      isRecovered: leftMs === undefined || leftMs >= levelMs * 1.1,
    },
  ];
}

/** How much of a quota is used, in its unit. */
export interface QuotaReading {
  quotaId: string;
  used: bigint;
  limit: bigint;
}

/** A share is reached at or above it, and recovers a tenth below it. A quota of zero blocks, and is used to no share. */
export function readQuotaLevels(sharesMillionths: readonly number[], quotas: readonly QuotaReading[]): AlertReading[] {
  const shares = [...new Set(sharesMillionths)].sort((one, other) => one - other);
  return quotas
    .filter(({ limit }) => limit > 0n)
    .flatMap(({ quotaId, used, limit }) =>
      shares.map((share) => {
        const level = limit * BigInt(share);
        return {
          level: `${quotaId}:${share}`,
          subject: quotaId,
          isReached: used * MILLION >= level,
          isRecovered: used * MILLION * 10n < level * 9n,
        };
      }),
    );
}

/** What is used where {@link readQuotaLevels} begins to find something else of a share; of a quota of zero it never does. */
export function quotaThresholds(shareMillionths: number, limit: bigint): bigint[] {
  if (limit <= 0n) return [];
  const level = limit * BigInt(shareMillionths);
  return [divideUp(level, MILLION), divideUp(level * 9n, MILLION * 10n)];
}

function divideUp(amount: bigint, by: bigint): bigint {
  return (amount + by - 1n) / by;
}

/** Cost of an hour now against the mean of the same hour of the days before. */
export interface BurnReading {
  hourNanoUsd: NanoUsd;
  /** Undefined: the account has no history of a day. */
  usualNanoUsd: NanoUsd | undefined;
}

/** Recovers a fifth below what it is reached at. */
export function readBurnLevels(
  { factorThousandths, minimumNanoUsd }: { factorThousandths: number; minimumNanoUsd: NanoUsd },
  { hourNanoUsd, usualNanoUsd }: BurnReading,
): AlertReading[] {
  const isJudged = usualNanoUsd !== undefined;
  const usual = ((usualNanoUsd ?? 0n) * BigInt(factorThousandths)) / 1_000n;
  const level = usual > minimumNanoUsd ? usual : minimumNanoUsd;
  return [
    {
      level: 'burn',
      subject: 'burn',
      isReached: isJudged && hourNanoUsd >= level && hourNanoUsd > 0n,
      isRecovered: hourNanoUsd * 5n < level * 4n,
    },
  ];
}

/** Grants of which enough is left and that expire within the days, the soonest last. Told together, each once. */
export function findExpiring(
  { days, minimumNanoUsd }: { days: number; minimumNanoUsd: NanoUsd },
  grants: readonly GrantState[],
  nowMs: number,
): GrantState[] {
  return grants
    .filter(
      ({ remainingNanoUsd, heldNanoUsd, expiresAtMs }) =>
        expiresAtMs > nowMs &&
        expiresAtMs - nowMs <= days * DAY_MS &&
        remainingNanoUsd + heldNanoUsd > 0n &&
        remainingNanoUsd + heldNanoUsd >= minimumNanoUsd,
    )
    .sort((one, other) => other.expiresAtMs - one.expiresAtMs || one.ordinal - other.ordinal);
}

/** A grant that is used up or has expired is read no more, and so forgotten: there is nothing to recover. */
export function readExpiryLevels(expiring: readonly GrantState[]): AlertReading[] {
  return expiring.map(({ grantId }) => ({
    level: grantId,
    subject: 'expiry',
    isReached: true,
    isRecovered: false,
  }));
}

function compareDescending(a: bigint, b: bigint): number {
  if (a === b) return 0;
  return a < b ? 1 : -1;
}
