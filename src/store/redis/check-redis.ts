import { Cluster, type Redis } from 'ioredis';
import type { RedisClient } from './connect-redis.ts';

export interface RedisCheck {
  /** What makes this Redis unfit to hold money: the process must not start. */
  problems: string[];
  /** What makes it less durable than it should be. */
  warnings: string[];
}

/** EVAL scripts with a shebang came with 7.0. */
const OLDEST_MAJOR_VERSION = 7;

/**
 * Judges every primary by its INFO, which managed services allow where CONFIG is forbidden.
 * @throws whatever the client throws when Redis does not answer.
 */
export async function checkRedis(client: RedisClient): Promise<RedisCheck> {
  const nodes = client instanceof Cluster ? client.nodes('master') : [client];
  const checks = await Promise.all(nodes.map(checkNode));
  return {
    problems: [...new Set(checks.flatMap((check) => check.problems))],
    warnings: [...new Set(checks.flatMap((check) => check.warnings))],
  };
}

async function checkNode(node: Redis): Promise<RedisCheck> {
  const info = readInfo(await node.info());
  return { problems: findProblems(info), warnings: findWarnings(info) };
}

/** Reads `name:value` lines. */
function readInfo(text: string): Map<string, string> {
  return new Map(
    text.split('\r\n').flatMap((line): [string, string][] => {
      const colon = line.indexOf(':');
      return colon < 1 ? [] : [[line.slice(0, colon), line.slice(colon + 1)]];
    }),
  );
}

function findProblems(info: Map<string, string>): string[] {
  const problems: string[] = [];
  const version = info.get('redis_version') ?? 'unknown';
  if (!(Number.parseInt(version, 10) >= OLDEST_MAJOR_VERSION)) {
    problems.push(`Redis ${version} is too old: ${OLDEST_MAJOR_VERSION}.0 or later, or Valkey, is needed`);
  }
  const policy = info.get('maxmemory_policy');
  if (policy !== 'noeviction') {
    problems.push(`maxmemory-policy is ${policy}: set noeviction, or Redis may delete balances when memory is short`);
  }
  if (info.get('role') === 'slave')
    problems.push('this Redis is a replica: name the primary, the cluster or the sentinels');
  return problems;
}

function findWarnings(info: Map<string, string>): string[] {
  const warnings: string[] = [];
  if (info.get('aof_enabled') !== '1') {
    warnings.push('appendonly is off: a restart of Redis loses what came after its last snapshot');
  }
  // Redis shows this line only where min-replicas-to-write is set.
  if (!info.has('min_slaves_good_slaves')) {
    warnings.push(
      'no replica has to acknowledge writes (min-replicas-to-write is 0): a fail-over may lose the last ones',
    );
  }
  return warnings;
}
