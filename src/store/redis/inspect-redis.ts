import { Cluster, type Redis } from 'ioredis';
import { describeRedisAddress, parseRedisUrl } from '../../config/parse-redis-url.ts';
import { checkRedis } from './check-redis.ts';
import { connectRedis, type RedisClient } from './connect-redis.ts';
import { readInfo } from './read-info.ts';
import { createRedisLedger } from './redis-ledger.ts';

export interface RedisLook {
  /** Without a password. */
  address: string;
  state: 'unreachable' | 'reached';
  detail?: string;
  /** Of the primaries. */
  versions: string[];
  problems: string[];
  warnings: string[];
  /** Time there minus time here, in milliseconds, where it is largest. */
  skewMs?: number;
}

export interface InspectRedisOptions {
  url: string;
  startTimeoutMs: number;
  commandTimeoutMs: number;
  nowMs: () => number;
}

/** Looks at Redis as a start does, and changes nothing in it. Never rejects for what Redis is or says. */
export async function inspectRedis(options: InspectRedisOptions): Promise<RedisLook> {
  const address = describeRedisAddress(parseRedisUrl(options.url));
  let client: RedisClient | undefined;
  try {
    client = await connectRedis({ ...options, onFault: () => undefined });
    const { problems, warnings } = await checkRedis(client);
    const nodes = client instanceof Cluster ? client.nodes('master') : [client];
    const skews = await Promise.all(nodes.map((node) => readSkew(node, options.nowMs)));
    const refusal = await findWriteRefusal(client);
    return {
      ...{ address, state: 'reached', warnings: warnings.map(({ sentence }) => sentence) },
      problems: [...problems, ...(refusal === undefined ? [] : [`Redis takes no writes: ${refusal}`])],
      versions: await Promise.all(nodes.map(readVersion)),
      skewMs: skews.reduce((largest, skew) => (Math.abs(skew) > Math.abs(largest) ? skew : largest), 0),
    };
  } catch (error) {
    const detail = (error as Error).message;
    return { address, state: 'unreachable', detail, versions: [], problems: [], warnings: [] };
  } finally {
    client?.disconnect();
  }
}

/** The answer was made between the question and its arrival. */
async function readSkew(node: Redis, nowMs: () => number): Promise<number> {
  const startedAtMs = nowMs();
  const [seconds, micros] = await node.time();
  return Number(seconds) * 1_000 + Math.floor(Number(micros) / 1_000) - (startedAtMs + nowMs()) / 2;
}

async function readVersion(node: Redis): Promise<string> {
  const info = readInfo(await node.info('server'));
  return info.get('valkey_version') ?? info.get('redis_version') ?? 'unknown';
}

/** By a script that may write and does not. */
async function findWriteRefusal(client: RedisClient): Promise<string | undefined> {
  try {
    await createRedisLedger({ client }).ping();
    return undefined;
  } catch (error) {
    const { message, cause } = error as Error;
    return cause instanceof Error ? cause.message : message;
  }
}
