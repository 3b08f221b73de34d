import { afterAll, beforeAll, describe } from 'vitest';
import type { JournalSource } from '../../src/ledger/journal-source.ts';
import type { Ledger } from '../../src/ledger/ledger.ts';
import { createReportFold, type ReportFold } from '../../src/reports/report-fold.ts';
import type { ReportStore } from '../../src/reports/report-store.ts';
import { connectRedis } from '../../src/store/redis/connect-redis.ts';
import { createRedisJournalSource } from '../../src/store/redis/redis-journal-source.ts';
import { createRedisLedger } from '../../src/store/redis/redis-ledger.ts';
import { createRedisReports } from '../../src/store/redis/redis-reports.ts';
import { LEDGER_SCHEMA } from '../../src/store/sqlite/ledger-schema.ts';
import { openDatabase } from '../../src/store/sqlite/open-database.ts';
import { REPORTS_SCHEMA } from '../../src/store/sqlite/reports-schema.ts';
import { createSqliteJournalSource } from '../../src/store/sqlite/sqlite-journal-source.ts';
import { createSqliteLedger } from '../../src/store/sqlite/sqlite-ledger.ts';
import { createSqliteReports } from '../../src/store/sqlite/sqlite-reports.ts';
import { type RedisServer, startRedisServer } from '../support/redis-server.ts';

export interface OpenedReports {
  ledger: Ledger;
  journal: JournalSource;
  store: ReportStore;
  close(): Promise<void>;
}

export type OpenReports = (clock: { nowMs: number }) => Promise<OpenedReports>;

/** Runs a suite on the embedded store and on a real Redis, each opened empty. */
export function describeReports(name: string, suite: (open: OpenReports, kind: 'SQLite' | 'Redis') => void): void {
  describe(`${name}, on SQLite`, () => {
    suite(async (clock) => {
      const database = openDatabase({ path: ':memory:', parts: [LEDGER_SCHEMA, REPORTS_SCHEMA] });
      return {
        ledger: createSqliteLedger({ database, clock: () => clock.nowMs }),
        journal: createSqliteJournalSource(database),
        store: createSqliteReports(database),
        close: async () => database.close(),
      };
    }, 'SQLite');
  });
  describe(`${name}, on Redis`, () => {
    let server: RedisServer;
    beforeAll(async () => {
      server = await startRedisServer();
    });
    afterAll(() => server?.stop());
    suite(async (clock) => {
      const options = { url: server.url, commandTimeoutMs: 5_000, startTimeoutMs: 5_000, onFault: () => {} };
      const client = await connectRedis(options);
      await client.flushdb();
      return {
        ledger: createRedisLedger({ client, clock: () => clock.nowMs }),
        journal: createRedisJournalSource(client),
        store: createRedisReports(client),
        close: async () => client.disconnect(),
      };
    }, 'Redis');
  });
}

/** One process's fold; `timezone` of every account. */
export function foldOf(opened: OpenedReports, timezone = 'UTC', warnings: string[] = []): ReportFold {
  return createReportFold({
    ...opened,
    directory: { findAccount: async () => ({ timezone }) },
    logger: { warn: (_facts, text) => void warnings.push(text) },
  });
}
