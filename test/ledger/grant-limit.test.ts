import { expect, onTestFinished, test } from 'vitest';
import type { Ledger } from '../../src/ledger/ledger.ts';
import { connectRedis } from '../../src/store/redis/connect-redis.ts';
import { createRedisLedger } from '../../src/store/redis/redis-ledger.ts';
import { LEDGER_SCHEMA } from '../../src/store/sqlite/ledger-schema.ts';
import { openDatabase } from '../../src/store/sqlite/open-database.ts';
import { createSqliteLedger } from '../../src/store/sqlite/sqlite-ledger.ts';
import { startRedisServer } from '../support/redis-server.ts';
import { START_MS } from './ledger-conformance.ts';
import { makeHoldId } from './make-hold-id.ts';
import { createModelLedger } from './model-ledger.ts';

const clock = (): number => START_MS;
const accountId = 'acct_many';

const STORES: [string, () => Promise<Ledger>][] = [
  ['the pure rules', async () => createModelLedger(clock)],
  [
    'SQLite',
    async () => {
      const database = openDatabase({ path: ':memory:', parts: [LEDGER_SCHEMA] });
      onTestFinished(() => database.close());
      return createSqliteLedger({ database, clock });
    },
  ],
  [
    'Redis',
    async () => {
      const server = await startRedisServer();
      onTestFinished(() => server.stop());
      const client = await connectRedis({
        url: server.url,
        commandTimeoutMs: 20_000,
        startTimeoutMs: 5_000,
        onFault: () => {},
      });
      onTestFinished(() => client.disconnect());
      return createRedisLedger({ client, clock });
    },
  ],
];

test.each(STORES)(
  'grants with credit left or held are a thousand at most, on %s',
  { timeout: 120_000 },
  async (_, open) => {
    const ledger = await open();
    const terms = { accountId, kind: 'paid', effectiveAtMs: START_MS, expiresAtMs: START_MS + 86_400_000 } as const;
    const grant = (grantId: string, priority = 50) =>
      ledger.grant({ ...terms, grantId, priority, amountNanoUsd: 2n }).then(({ result }) => result);
    const common = { accountId, tokens: 0n, modelLabels: [], cells: [] };
    const spend = async (number: number, amountNanoUsd: bigint) => {
      const call = { ...common, holdId: makeHoldId(START_MS, number), amountNanoUsd };
      await ledger.hold({ ...call, leaseMs: 60_000 });
      return () => ledger.settle({ ...call, amountNanoUsd: 1n });
    };
    await ledger.openAccount({ accountId, mode: 'prepaid', creditLimitNanoUsd: 0n });
    const granted = await Promise.all(
      Array.from({ length: 1_000 }, (_, number) => grant(`grant_${number}`, number === 0 ? 10 : 50)),
    );
    expect(new Set(granted)).toEqual(new Set(['granted']));
    expect(await grant('grant_more')).toBe('out_of_range');

    // One that is wholly held has not gone, nor has one of which half is spent.
    const settle = await spend(1, 2n);
    expect(await grant('grant_more')).toBe('out_of_range');
    await settle();
    expect(await grant('grant_more')).toBe('out_of_range');
    await (await spend(2, 1n))();
    expect(await grant('grant_more')).toBe('granted');
    expect(await grant('grant_again')).toBe('out_of_range');
  },
);
