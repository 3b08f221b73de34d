import { Cluster, type ClusterOptions, Redis, type RedisOptions } from 'ioredis';

import { describeRedisAddress, parseRedisUrl, type RedisAddress } from '../../config/parse-redis-url.ts';
import { joinWrites } from './join-writes.ts';

export type RedisClient = Redis | Cluster;

type DNSLookupFunction = NonNullable<ClusterOptions['dnsLookup']>;

export interface ConnectRedisOptions {
  url: string;
  /** A command not answered by then fails; whether it took effect is unknown. */
  commandTimeoutMs: number;
  /** How long a start waits for a first connection. */
  startTimeoutMs: number;
  /** False: a command whose connection was lost fails, instead of being sent again on the next one. */
  sendsAgain?: boolean;
  /** Called with every fault of a connection, for the log. Reconnecting goes on by itself. */
  onFault: (error: Error) => void;
}

/** Redis did not take a connection within the time a start waits. */
export class RedisUnreachable extends Error {
  readonly code = 'REDIS_UNREACHABLE';
  override readonly name = 'RedisUnreachable';
}

const CONNECT_TIMEOUT_MS = 2_000;
/** Command time-outs without a byte after which a connection is given up. */
const SILENT_TIMEOUTS = 3;
/** How often a cluster is asked who serves what, so that a fail-over is noticed without an error. */
const SLOTS_REFRESH_MS = 2_000;
const RECONNECT_FIRST_MS = 50;
const RECONNECT_LONGEST_MS = 2_000;

/**
 * Connects to Redis and resolves once it takes commands. Afterwards a lost connection is made anew without end, and
 * meanwhile every command fails at once instead of waiting in a queue.
 *
 * A command whose reply was lost is sent again after each reconnection until it times out: every script is idempotent.
 * @throws RedisUrlInvalid, RedisUnreachable
 */
export async function connectRedis(options: ConnectRedisOptions): Promise<RedisClient> {
  const address = parseRedisUrl(options.url);
  const client = createRedisClient(address, options);
  let lastFault: Error | undefined;
  const remember = (error: Error): void => {
    lastFault = error;
  };
  client.on('error', remember);
  client.on('error', options.onFault);
  client.connect().catch(remember);
  if (!(await becomesReady(client, options.startTimeoutMs))) {
    client.disconnect();
    const where = describeRedisAddress(address);
    const why = lastFault?.message ?? 'no answer';
    throw new RedisUnreachable(`Redis at ${where} did not answer within ${options.startTimeoutMs} ms: ${why}`, {
      cause: lastFault,
    });
  }
  client.off('error', remember);
  return client;
}

/** Doubles from 50 ms to 2 s, the last quarter of each by chance, so that many replicas do not come back in step. */
export function reconnectDelayMs(attempt: number): number {
  const longest = Math.min(RECONNECT_FIRST_MS * 2 ** Math.min(attempt - 1, 10), RECONNECT_LONGEST_MS);
  return Math.round(longest * (0.75 + Math.random() / 4));
}

/** Calls back with every connection that is made from now on: of a cluster, whenever a node comes or goes as well. */
export function watchReconnects(client: RedisClient, listener: () => void): void {
  client.on('ready', listener);
  if (!(client instanceof Cluster)) return;
  for (const node of client.nodes('all')) node.on('ready', listener);
  client.on('+node', (node: Redis) => {
    node.on('ready', listener);
    listener();
  });
  client.on('-node', listener);
}

function createRedisClient(
  address: RedisAddress,
  { commandTimeoutMs, sendsAgain = true }: Pick<ConnectRedisOptions, 'commandTimeoutMs' | 'sendsAgain'>,
): RedisClient {
  const shared = {
    ...(address.username === undefined ? {} : { username: address.username }),
    ...(address.password === undefined ? {} : { password: address.password }),
    ...(address.tls ? { tls: { rejectUnauthorized: true } } : {}),
    commandTimeout: commandTimeoutMs,
    connectTimeout: CONNECT_TIMEOUT_MS,
    // A server that hangs, or a host that vanished, ends no connection by itself: look the primary up anew.
    socketTimeout: SILENT_TIMEOUTS * commandTimeoutMs,
    // None: else what is not sent again is not told to have failed either, until it times out.
    maxRetriesPerRequest: sendsAgain ? 1 : 0,
    autoResendUnfulfilledCommands: sendsAgain,
    connectionName: 'tollgate',
    // After a fail-over the old primary, now a replica, keeps its connections and refuses writes: look the primary up anew.
    reconnectOnError: (error: Error) => error.message.startsWith('READONLY'),
  } satisfies RedisOptions;
  if (address.kind !== 'cluster') {
    const single = { lazyConnect: true, enableOfflineQueue: false, retryStrategy: reconnectDelayMs };
    const client = new Redis({ ...placeOf(address), ...shared, ...single });
    joinWrites(client);
    return client;
  }
  return new Cluster(address.nodes, {
    redisOptions: shared,
    lazyConnect: true,
    enableOfflineQueue: false,
    clusterRetryStrategy: reconnectDelayMs,
    clusterNodeRetryStrategy: reconnectDelayMs,
    maxRedirections: 4,
    slotsRefreshInterval: SLOTS_REFRESH_MS,
    // Certificates name hosts, so with TLS the nodes are connected to by name and not by resolved address.
    ...(address.tls ? { dnsLookup: connectByName } : {}),
  });
}

const connectByName: DNSLookupFunction = (host, callback) => callback(null, host);

function placeOf(address: Exclude<RedisAddress, { kind: 'cluster' }>): RedisOptions {
  if (address.kind === 'server') return { host: address.host, port: address.port, db: address.db };
  if (address.kind === 'socket') return { path: address.path, db: address.db };
  return {
    sentinels: address.sentinels,
    name: address.masterName,
    db: address.db,
    ...(address.sentinelUsername === undefined ? {} : { sentinelUsername: address.sentinelUsername }),
    ...(address.sentinelPassword === undefined ? {} : { sentinelPassword: address.sentinelPassword }),
    sentinelRetryStrategy: reconnectDelayMs,
    // The sentinels say at once that another is the primary; the old one may take writes for ten seconds more, in vain.
    failoverDetector: true,
    sentinelCommandTimeout: CONNECT_TIMEOUT_MS,
    ...(address.tls ? { enableTLSForSentinelMode: true, sentinelTLS: { rejectUnauthorized: true } } : {}),
  };
}

function becomesReady(client: RedisClient, timeoutMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const finish = (ready: boolean): void => {
      clearTimeout(timer);
      client.off('ready', onReady);
      resolve(ready);
    };
    const onReady = (): void => finish(true);
    const timer = setTimeout(finish, timeoutMs, false);
    client.once('ready', onReady);
  });
}
