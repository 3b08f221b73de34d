import { sendRedisLine } from './redis-ping.ts';
import { type RedisServer, startRedisServer } from './redis-server.ts';
import { until } from './until.ts';

/** A real primary and a replica that follows it, nobody watching over them. */
export interface RedisPair extends AsyncDisposable {
  readonly primary: RedisServer;
  readonly replica: RedisServer;
}

/** A replica joins at once, instead of after the five seconds in which others may join with it. */
const QUICK = ['--repl-diskless-sync-delay', '0', '--repl-ping-replica-period', '1'];

export async function startRedisPair(): Promise<RedisPair> {
  const primary = await startRedisServer({ args: QUICK });
  try {
    const replica = await startRedisReplica(primary);
    const stop = async (): Promise<void> => void (await Promise.all([primary.stop(), replica.stop()]));
    return { primary, replica, [Symbol.asyncDispose]: stop };
  } catch (error) {
    await primary.stop();
    throw error;
  }
}

/** Resolves when it has all that its primary has: what is written from then on reaches it. */
export async function startRedisReplica(primary: RedisServer): Promise<RedisServer & AsyncDisposable> {
  const replica = await startRedisServer({ args: [...QUICK, '--replicaof', `127.0.0.1 ${primary.port}`] });
  const follows = async (): Promise<boolean> => {
    const info = await sendRedisLine(primary.socketPath, 'INFO replication');
    const offset = /master_repl_offset:(\d+)/.exec(info)?.[1];
    return info.includes(`port=${replica.port},state=online,offset=${offset},`);
  };
  try {
    await until(follows, { what: 'a replica follows' });
  } catch (error) {
    await replica.stop();
    throw error;
  }
  return Object.assign(replica, { [Symbol.asyncDispose]: () => replica.stop() });
}
