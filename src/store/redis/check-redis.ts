import { Cluster, type Redis } from 'ioredis';
import type { StoreRisk, StoreWarning } from '../store-risk.ts';
import type { RedisClient } from './connect-redis.ts';
import { readInfo } from './read-info.ts';

export interface RedisCheck {
  /** What makes this Redis unfit to hold money: the process must not start, and must not admit calls. */
  problems: string[];
  /** What makes it less durable than it should be. */
  warnings: StoreWarning[];
}

/** EVAL scripts with a shebang came with 7.0. */
const OLDEST_MAJOR_VERSION = 7;

/**
 * Judges every primary by its INFO, which managed services allow where CONFIG is forbidden; what only CONFIG tells is
 * left out there.
 * @throws whatever the client throws when Redis does not answer.
 */
export async function checkRedis(client: RedisClient): Promise<RedisCheck> {
  const nodes = client instanceof Cluster ? client.nodes('master') : [client];
  if (nodes.length === 0) throw new Error('the cluster names no primary');
  const checks = await Promise.all(nodes.map(checkNode));
  const warnings = checks.flatMap((check) => check.warnings);
  return {
    problems: [...new Set(checks.flatMap((check) => check.problems))],
    warnings: warnings.filter(({ risk }, index) => warnings.findIndex((other) => other.risk === risk) === index),
  };
}

async function checkNode(node: Redis): Promise<RedisCheck> {
  const [text, fsync] = await Promise.all([node.info(), readSetting(node, 'appendfsync')]);
  const info = readInfo(text);
  return { problems: findProblems(info), warnings: findWarnings(info, fsync) };
}

/** Undefined where CONFIG is forbidden. */
async function readSetting(node: Redis, name: string): Promise<string | undefined> {
  try {
    const pairs = (await node.config('GET', name)) as string[];
    return pairs[1];
  } catch (error) {
    if (error instanceof Error && error.name === 'ReplyError') return undefined;
    throw error;
  }
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

const WARNINGS: { readonly [Risk in StoreRisk]: string } = {
  no_append_only_file: 'appendonly is off: a restart of Redis loses what came after its last snapshot',
  file_not_synced: 'appendfsync is no: a power failure loses what the system had not written yet, up to half a minute',
  no_replica: 'there is no replica: the loss of this machine loses everything, and of its disk',
  writes_not_awaited:
    'no replica has to acknowledge writes (min-replicas-to-write is 0): a fail-over may lose the last ones, which are then sent again',
};

function findWarnings(info: Map<string, string>, fsync: string | undefined): StoreWarning[] {
  const hasReplica = Number(info.get('connected_slaves') ?? 0) > 0;
  const hasFile = info.get('aof_enabled') === '1';
  const found: { [Risk in StoreRisk]: boolean } = {
    no_append_only_file: !hasFile,
    file_not_synced: hasFile && fsync === 'no',
    no_replica: !hasReplica,
    // Redis shows this line only where min-replicas-to-write is set.
    writes_not_awaited: hasReplica && !info.has('min_slaves_good_slaves'),
  };
  return (Object.keys(found) as StoreRisk[])
    .filter((risk) => found[risk])
    .map((risk) => ({ risk, sentence: WARNINGS[risk] }));
}
