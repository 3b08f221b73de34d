import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Redis } from 'ioredis';
import { afterAll, beforeAll, describe } from 'vitest';
import { createFileSink } from '../../src/export/file-sink.ts';
import { createJournalExporter } from '../../src/export/journal-exporter.ts';
import type { AccountRestorer } from '../../src/ledger/account-restorer.ts';
import type { JournalSource } from '../../src/ledger/journal-source.ts';
import type { Ledger } from '../../src/ledger/ledger.ts';
import type { Restoration, RestoreOptions } from '../../src/restore/restore-account.ts';
import { restoreAccounts } from '../../src/restore/restore-accounts.ts';
import { connectRedis } from '../../src/store/redis/connect-redis.ts';
import { createRedisJournalSource } from '../../src/store/redis/redis-journal-source.ts';
import { createRedisLedger } from '../../src/store/redis/redis-ledger.ts';
import { createRedisRestorer } from '../../src/store/redis/redis-restorer.ts';
import { LEDGER_SCHEMA } from '../../src/store/sqlite/ledger-schema.ts';
import { type Database, openDatabase } from '../../src/store/sqlite/open-database.ts';
import { createSqliteJournalSource } from '../../src/store/sqlite/sqlite-journal-source.ts';
import { createSqliteLedger } from '../../src/store/sqlite/sqlite-ledger.ts';
import { createSqliteRestorer } from '../../src/store/sqlite/sqlite-restorer.ts';
import { type RedisServer, startRedisServer } from '../support/redis-server.ts';

export const DAY_MS = 86_400_000;
/** Entries stay in Redis for so long: the least that can be set. */
export const KEEP_MS = 4 * DAY_MS;

export interface OpenedStore {
  ledger: Ledger;
  journal: JournalSource;
  restorer: AccountRestorer;
  database?: Database;
  client?: Redis;
  close(): Promise<void>;
}

/** Opens an empty store; `number` tells two of one test apart. */
export type OpenStore = (clock: { nowMs: number }, number: 0 | 1) => Promise<OpenedStore>;

async function openSqlite(clock: { nowMs: number }): Promise<OpenedStore> {
  const database = openDatabase({ path: ':memory:', parts: [LEDGER_SCHEMA] });
  return {
    ledger: createSqliteLedger({ database, clock: () => clock.nowMs }),
    journal: createSqliteJournalSource(database),
    restorer: createSqliteRestorer(database),
    database,
    close: async () => database.close(),
  };
}

async function openRedis(server: RedisServer, clock: { nowMs: number }, number: 0 | 1): Promise<OpenedStore> {
  const url = `${server.url}/${number}`;
  const options = { url, commandTimeoutMs: 5_000, startTimeoutMs: 5_000, onFault: () => {} };
  const client = (await connectRedis(options)) as Redis;
  await client.flushdb();
  return {
    ledger: createRedisLedger({ client, clock: () => clock.nowMs }),
    journal: createRedisJournalSource(client),
    restorer: createRedisRestorer(client),
    client,
    close: async () => client.disconnect(),
  };
}

/** Runs a suite on the embedded store and on a real Redis. */
export function describeRestore(name: string, suite: (open: OpenStore, kind: 'SQLite' | 'Redis') => void): void {
  describe(`${name}, on SQLite`, () => suite(openSqlite, 'SQLite'));
  describe(`${name}, on Redis`, () => {
    let server: RedisServer;
    beforeAll(async () => {
      server = await startRedisServer();
    });
    afterAll(() => server?.stop());
    suite((clock, number) => openRedis(server, clock, number), 'Redis');
  });
}

/** A folder to export to and to restore from. */
export interface ExportFolder {
  path: string;
  /** Exports all that is new, and trims what is old enough. */
  export(store: OpenedStore, clock: { nowMs: number }): Promise<void>;
  restore(store: OpenedStore, options?: Partial<RestoreOptions>): Promise<Restoration[]>;
  remove(): void;
}

export function createExportFolder(): ExportFolder {
  const folder = mkdtempSync(join(tmpdir(), 'tollgate-restore-'));
  const path = join(folder, 'export');
  return {
    path,
    async export({ ledger, journal }, clock) {
      const nothing = (): void => {};
      const faults: object[] = [];
      const exporter = createJournalExporter({
        ...{
          ledger,
          source: journal,
          owner: 'exporter',
          keepMs: KEEP_MS,
          beforeTrim: async () => Number.MAX_SAFE_INTEGER,
          nowMs: () => clock.nowMs,
        },
        sinks: [{ name: 'files', sink: createFileSink({ folder: path, nowMs: () => clock.nowMs }) }],
        listAccounts: async () => [],
        every: () => nothing,
        metrics: { journalExported: nothing, journalGap: nothing, journalLag: nothing, journalSinkFailed: nothing },
        logger: { warn: nothing, error: (facts) => void faults.push(facts) },
      });
      for (let round = 0; round < 2; round += 1) await exporter.run();
      await exporter.stop();
      const failed = faults.find((fault) => 'err' in fault) as { err: Error } | undefined;
      if (failed !== undefined) throw failed.err;
    },
    async restore(store, options = {}) {
      const scratchPath = join(folder, 'scratch.sqlite');
      const all = { from: path, scratchPath, dryRun: false, takeLater: false, ...options };
      const outcomes: Restoration[] = [];
      for await (const outcome of restoreAccounts({ ...store, owner: 'exporter' }, all)) outcomes.push(outcome);
      return outcomes;
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
