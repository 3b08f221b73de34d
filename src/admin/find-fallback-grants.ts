import { MAX_LIVE_GRANTS } from '../domain/credit/credit-limits.ts';
import type { Ledger } from '../ledger/ledger.ts';

/**
 * The grants that take back what the grants of a charge cannot. Which grant repaid which debt is not recorded, since
 * debt is one sum: who lasts longest gets it back first.
 */
export async function findFallbackGrants(ledger: Pick<Ledger, 'readGrants'>, accountId: string): Promise<string[]> {
  const grants = await ledger.readGrants(accountId);
  return grants
    .filter((grant) => grant.spentNanoUsd > 0n)
    .sort((left, right) => right.expiresAtMs - left.expiresAtMs || right.ordinal - left.ordinal)
    .slice(0, MAX_LIVE_GRANTS)
    .map((grant) => grant.grantId);
}
