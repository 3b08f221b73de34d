import { DirectoryUnavailable } from '../../directory/directory.ts';
import type { RedisClient } from './connect-redis.ts';
import type { ScriptName, ScriptReply } from './define-scripts.ts';
import { readWords } from './read-reply.ts';
import { mapStoreFault } from './store-fault.ts';

/** A record or reply in Redis that this program did not write. */
export class DirectoryCorrupt extends Error {
  readonly code = 'DIRECTORY_CORRUPT';
  override readonly name = 'DirectoryCorrupt';
}

/** What the parts of the directory share. */
export interface RedisDirectoryContext {
  /** Runs a script and answers its reply as a list of strings. */
  run(script: ScriptName, keys: readonly string[], args: readonly string[]): Promise<string[]>;
  /** Runs one command of the client. */
  ask<T>(command: (client: RedisClient) => Promise<T>): Promise<T>;
  /** Tells this process's own listeners at once; the script told all others. */
  announce(accountId: string): void;
}

/** @param client with the scripts defined. */
export function createRedisDirectoryContext(
  client: RedisClient,
  announce: (accountId: string) => void,
): RedisDirectoryContext {
  const ask = <T>(command: (client: RedisClient) => Promise<T>): Promise<T> =>
    mapStoreFault(() => command(client), {
      unavailable: (cause) => new DirectoryUnavailable('Redis does not take the command', { cause }),
      refused: (cause) => new DirectoryCorrupt('Redis refuses a command of the directory', { cause }),
    });
  return {
    ask,
    announce,
    run: async (script, keys, args) => {
      const reply: ScriptReply = await ask(() => client[script](keys.length, ...keys, ...args));
      return readWords(reply);
    },
  };
}
