import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Redis } from 'ioredis';

/** Every file below a folder, as Latin-1 text by its path. */
export function readFolder(folder: string): Map<string, string> {
  const files = new Map<string, string>();
  for (const name of readdirSync(folder, { recursive: true }) as string[]) {
    const path = join(folder, name);
    if (statSync(path).isFile()) files.set(name, readFileSync(path, 'latin1'));
  }
  return files;
}

/** Every key of a Redis with its value, whatever its type, as text by its name. */
export async function readRedis(url: string): Promise<Map<string, string>> {
  const redis = new Redis(url);
  try {
    const values = new Map<string, string>();
    for (const key of await redis.keys('*')) values.set(key, JSON.stringify(await readValue(redis, key)) ?? '');
    return values;
  } finally {
    redis.disconnect();
  }
}

async function readValue(redis: Redis, key: string): Promise<unknown> {
  const type = await redis.type(key);
  switch (type) {
    case 'string':
      return redis.get(key);
    case 'hash':
      return redis.hgetall(key);
    case 'list':
      return redis.lrange(key, 0, -1);
    case 'set':
      return redis.smembers(key);
    case 'zset':
      return redis.call('ZRANGE', key, '0', '-1', 'WITHSCORES');
    case 'stream':
      return redis.xrange(key, '-', '+');
    case 'none':
      // Gone since it was listed.
      return undefined;
    default:
      throw new Error(`${key} is a ${type}, which this cannot read`);
  }
}
