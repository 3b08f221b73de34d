import { execFileSync } from 'node:child_process';
import { startRedisServer } from '../../test/support/redis-server.ts';
import { OTHER_CORE } from '../machine.ts';

/** An empty Redis of its own, on the core that is not measured. */
export async function startPinnedRedis() {
  const redis = await startRedisServer();
  execFileSync('taskset', ['-pc', `${OTHER_CORE}`, `${redis.pid}`], { stdio: 'ignore' });
  return redis;
}
