import { expect, test } from 'vitest';
import type { Ledger } from '../../../src/ledger/ledger.ts';
import { createRedisLedger } from '../../../src/store/redis/redis-ledger.ts';
import { START_MS } from '../../ledger/ledger-conformance.ts';
import { makeHoldId } from '../../ledger/make-hold-id.ts';
import { useRedisLedger } from './use-redis-ledger.ts';

const common = { accountId: 'acct_1', tokens: 0n, modelLabels: [], cells: [] };
const holdOf = (number: number, amountNanoUsd: bigint) => ({
  ...common,
  holdId: makeHoldId(START_MS, number),
  amountNanoUsd,
  leaseMs: 120_000,
});

const on = useRedisLedger();

async function openWith(grants: readonly ('paid' | 'promotional')[]): Promise<Ledger> {
  await on.admin.flushall();
  const ledger = createRedisLedger({ client: on.admin, clock: () => START_MS });
  await ledger.openAccount({ accountId: 'acct_1', mode: 'prepaid', creditLimitNanoUsd: 0n });
  for (const [index, kind] of grants.entries()) {
    await ledger.grant({
      accountId: 'acct_1',
      grantId: `grant_${index}`,
      amountNanoUsd: 5n,
      kind,
      priority: 50,
      effectiveAtMs: START_MS,
      expiresAtMs: START_MS + 86_400_000,
    });
  }
  return ledger;
}

// Credit that comes back in a transition is not in the index of the burn order yet.
test('debt is repaid in burn order also by credit that comes back in the same step', async () => {
  const ledger = await openWith(['paid', 'promotional', 'paid', 'promotional']);
  await ledger.hold(holdOf(1, 20n));
  await ledger.settle({ ...common, holdId: makeHoldId(START_MS, 2), amountNanoUsd: 12n });
  await ledger.release({ accountId: 'acct_1', holdId: makeHoldId(START_MS, 1) });
  const grants = await ledger.readGrants('acct_1');
  expect(grants.map((grant) => [grant.grantId, grant.spentNanoUsd])).toEqual([
    ['grant_1', 5n],
    ['grant_3', 5n],
    ['grant_0', 2n],
    ['grant_2', 0n],
  ]);
});

test('a shorter lease does not shorten the one that runs', async () => {
  const ledger = await openWith(['paid']);
  const command = holdOf(1, 1n);
  await ledger.hold(command);
  await ledger.extend({ ...command, toNanoUsd: 0n, leaseMs: 1 });
  await ledger.extend({ ...command, toNanoUsd: 2n, leaseMs: 1 });
  expect((await ledger.readHolds('acct_1'))[0]).toMatchObject({ deadlineMs: START_MS + 120_000, amountNanoUsd: 2n });
});
