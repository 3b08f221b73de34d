import { join } from 'node:path';
import type { AlertStore } from '../alerts/alert-store.ts';
import { describeRedisAddress, parseRedisUrl } from '../config/parse-redis-url.ts';
import type { AuditLog } from '../directory/audit-log.ts';
import type { Directory } from '../directory/directory.ts';
import type { StoredRegistry } from '../directory/stored-registry.ts';
import type { AccountRestorer } from '../ledger/account-restorer.ts';
import type { JournalSource } from '../ledger/journal-source.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { ReportStore } from '../reports/report-store.ts';
import { acknowledgeWrites } from './redis/acknowledge-writes.ts';
import { checkRedis } from './redis/check-redis.ts';
import { connectRedis, type RedisClient, watchReconnects } from './redis/connect-redis.ts';
import { createRedisAlerts } from './redis/redis-alerts.ts';
import { createRedisAudit } from './redis/redis-audit.ts';
import { openRedisDirectory } from './redis/redis-directory.ts';
import { createRedisJournalSource } from './redis/redis-journal-source.ts';
import { createRedisLedger } from './redis/redis-ledger.ts';
import { createRedisReports } from './redis/redis-reports.ts';
import { createRedisRestorer } from './redis/redis-restorer.ts';
import { createRedisStored } from './redis/redis-stored.ts';
import { DATA_FILE, EMBEDDED_PARTS } from './sqlite/embedded-parts.ts';
import { openDatabase } from './sqlite/open-database.ts';
import { createSqliteAlerts } from './sqlite/sqlite-alerts.ts';
import { createSqliteAudit } from './sqlite/sqlite-audit.ts';
import { createSqliteDirectory } from './sqlite/sqlite-directory.ts';
import { createSqliteJournalSource } from './sqlite/sqlite-journal-source.ts';
import { createSqliteLedger } from './sqlite/sqlite-ledger.ts';
import { createSqliteReports } from './sqlite/sqlite-reports.ts';
import { createSqliteRestorer } from './sqlite/sqlite-restorer.ts';
import { createSqliteStored } from './sqlite/sqlite-stored.ts';
import type { StoreWarning } from './store-risk.ts';

/** One place for money, people and alerts, whichever it is. */
export interface Store {
  ledger: Ledger;
  directory: Directory;
  /** Who changed what, kept with the directory. */
  audit: AuditLog;
  alerts: AlertStore;
  stored: StoredRegistry;
  /** The journal for an exporter. */
  journal: JournalSource;
  /** Sums over the journal. */
  reports: ReportStore;
  /** Puts accounts back from an export. */
  restorer: AccountRestorer;
  /** For people: which store this is, and where. Holds no password. */
  description: string;
  /** Whether it can come back without writes that it had acknowledged (a fail-over, the end of a file). */
  canLoseWrites: boolean;
  /** Calls back when a connection was made anew, perhaps to another server that has less. */
  onReconnect(listener: () => void): void;
  /** What makes it less safe than it should be; the process starts all the same. */
  warnings: readonly StoreWarning[];
  /**
   * Looks again at how it is set up. `problems`: it is unfit to hold money.
   * @throws when it does not answer.
   */
  check(): Promise<{ problems: readonly string[]; warnings: readonly StoreWarning[] }>;
  close(): Promise<void>;
}

export interface OpenStoreOptions {
  /** Undefined: the embedded store in the data folder. */
  redisUrl: string | undefined;
  dataFolder: string;
  commandTimeoutMs: number;
  /** Replicas that must have an administrative write before it is answered; `auto`: one where there is any. */
  waitReplicas: number | 'auto';
  nowMs: () => number;
  /** Called with each fault of a connection. */
  onFault: (error: Error) => void;
}

/** The store cannot be trusted with money as it is set up. */
export class StoreUnfit extends Error {
  readonly code = 'STORE_UNFIT';
  override readonly name = 'StoreUnfit';
}

/** How long a start waits for Redis. */
const START_TIMEOUT_MS = 10_000;
/** On the connection that waits for replicas and for the file. */
const WAIT_TIMEOUT_MS = 5_000;

/**
 * Opens Redis when an address is given, the embedded store otherwise.
 * @throws StoreUnfit, RedisUnreachable, RedisUrlInvalid, DataFolderInUse, SchemaTooNew
 */
export function openStore(options: OpenStoreOptions): Promise<Store> {
  return options.redisUrl === undefined ? openEmbeddedStore(options) : openRedisStore(options, options.redisUrl);
}

async function openEmbeddedStore({ dataFolder, nowMs }: OpenStoreOptions): Promise<Store> {
  const path = join(dataFolder, DATA_FILE);
  const database = openDatabase({ path, parts: EMBEDDED_PARTS });
  return {
    ledger: createSqliteLedger({ database, clock: nowMs }),
    directory: createSqliteDirectory(database),
    audit: createSqliteAudit(database),
    alerts: createSqliteAlerts(database),
    stored: createSqliteStored(database),
    journal: createSqliteJournalSource(database),
    reports: createSqliteReports(database),
    restorer: createSqliteRestorer(database),
    description: `embedded (SQLite) in ${path}`,
    canLoseWrites: false,
    onReconnect: () => undefined,
    warnings: [],
    check: async () => ({ problems: [], warnings: [] }),
    close: async () => database.close(),
  };
}

async function openRedisStore(options: OpenStoreOptions, url: string): Promise<Store> {
  const { commandTimeoutMs, onFault } = options;
  const shared = { url, startTimeoutMs: START_TIMEOUT_MS, onFault };
  const client = await connectRedis({ ...shared, commandTimeoutMs });
  let waiting: RedisClient | undefined;
  try {
    const { problems, warnings } = await checkRedis(client);
    if (problems.length > 0) throw new StoreUnfit(problems.join('\n'));
    waiting = await connectRedis({ ...shared, commandTimeoutMs: WAIT_TIMEOUT_MS, sendsAgain: false });
    const directory = await openRedisDirectory(client);
    const acknowledgement = {
      client: waiting,
      writes: createRedisLedger({ client: waiting }),
      replicas: options.waitReplicas,
    };
    return {
      ledger: acknowledgeWrites(createRedisLedger({ client }), acknowledgement),
      directory,
      audit: createRedisAudit(client),
      alerts: createRedisAlerts(client),
      stored: createRedisStored(client),
      journal: createRedisJournalSource(client),
      reports: createRedisReports(client),
      restorer: createRedisRestorer(client),
      description: `Redis at ${describeRedisAddress(parseRedisUrl(url))}`,
      canLoseWrites: true,
      onReconnect: (listener) => watchReconnects(client, listener),
      warnings,
      check: () => checkRedis(client),
      async close() {
        await directory.close();
        acknowledgement.client.disconnect();
        client.disconnect();
      },
    };
  } catch (error) {
    waiting?.disconnect();
    client.disconnect();
    throw error;
  }
}
