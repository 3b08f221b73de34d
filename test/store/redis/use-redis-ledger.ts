import type { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, onTestFinished } from 'vitest';
import { createId } from '../../../src/directory/create-id.ts';
import type { AccountBalance } from '../../../src/domain/credit/credit-types.ts';
import type { GrantReply, HoldCommand, Ledger, SettleCommand } from '../../../src/ledger/ledger.ts';
import { connectRedis, type RedisClient } from '../../../src/store/redis/connect-redis.ts';
import { createRedisLedger } from '../../../src/store/redis/redis-ledger.ts';
import { type RedisServer, startRedisServer } from '../../support/redis-server.ts';

export const HOUR_MS = 3_600_000;

/** One server for a file, emptied before each test; an account with 1,000 nano-dollars on it. */
export interface LedgerSetup {
  server: RedisServer;
  admin: Redis;
  ledger: Ledger;
  accountId: string;
  grant(amountNanoUsd: bigint, to?: Ledger, grantId?: string): Promise<GrantReply>;
  holdOf(terms?: Partial<HoldCommand>): HoldCommand;
  settleOf(holdId: string, amountNanoUsd: bigint): SettleCommand;
  balance(): Promise<AccountBalance>;
}

export const redisOptions = (url: string) => ({
  url,
  commandTimeoutMs: 2_000,
  startTimeoutMs: 5_000,
  onFault: () => {},
});

/** A client that ends with the test. */
export async function connectForTest(url: string): Promise<RedisClient> {
  const client = await connectRedis(redisOptions(url));
  onTestFinished(() => client.disconnect());
  return client;
}

/** To be called once at the top of a test file; the fields are there while its tests run. */
export function useRedisLedger(): LedgerSetup {
  const setup = {} as LedgerSetup;
  beforeAll(async () => {
    setup.server = await startRedisServer();
    setup.admin = (await connectRedis(redisOptions(setup.server.url))) as Redis;
    setup.ledger = createRedisLedger({ client: setup.admin });
  });
  afterAll(async () => {
    setup.admin?.disconnect();
    await setup.server?.stop();
  });
  beforeEach(async () => {
    await setup.admin.flushall();
    setup.accountId = createId('acct', Date.now());
    await setup.ledger.openAccount({ accountId: setup.accountId, mode: 'prepaid', creditLimitNanoUsd: 0n });
    await setup.grant(1_000n);
  });
  return Object.assign(setup, createCommands(setup));
}

function createCommands(setup: LedgerSetup): Pick<LedgerSetup, 'grant' | 'holdOf' | 'settleOf' | 'balance'> {
  const common = () => ({ accountId: setup.accountId, tokens: 1n, modelLabels: [], cells: [] });
  return {
    grant: (amountNanoUsd, to = setup.ledger, grantId = createId('grant', Date.now())) =>
      to.grant({
        accountId: setup.accountId,
        grantId,
        amountNanoUsd,
        kind: 'paid',
        priority: 50,
        effectiveAtMs: Date.now() - HOUR_MS,
        expiresAtMs: Date.now() + 24 * HOUR_MS,
      }),
    holdOf: (terms = {}) => ({
      ...common(),
      holdId: createId('hold', Date.now()),
      amountNanoUsd: 10n,
      leaseMs: 60_000,
      ...terms,
    }),
    settleOf: (holdId, amountNanoUsd) => ({ ...common(), holdId, amountNanoUsd }),
    balance: async () => {
      const found = await setup.ledger.readBalance(setup.accountId);
      if (found === undefined) throw new Error('no balance');
      return found;
    },
  };
}
