import { LedgerCorrupt, LedgerUnavailable } from '../../ledger/ledger.ts';
import type { RedisClient } from './connect-redis.ts';
import { defineScripts, type ScriptName } from './define-scripts.ts';
import { readWords } from './read-reply.ts';
import { mapStoreFault } from './store-fault.ts';

/** What the parts of the ledger share. */
export interface RedisLedgerContext {
  /** Runs a script and answers its reply as a list of strings. */
  run(script: ScriptName, keys: readonly string[], args: readonly string[]): Promise<string[]>;
  /** Runs one command of the client. */
  ask<T>(command: (client: RedisClient) => Promise<T>): Promise<T>;
  /** The instant given to scripts: '' where the server's clock counts. */
  now(): string;
}

/** Defines the scripts on the client. */
export function createRedisLedgerContext(client: RedisClient, clock?: () => number): RedisLedgerContext {
  defineScripts(client);
  const ask = <T>(command: (client: RedisClient) => Promise<T>): Promise<T> =>
    mapStoreFault(() => command(client), {
      unavailable: (cause) => new LedgerUnavailable('Redis does not take the command', { cause }),
      refused: (cause) => new LedgerCorrupt('Redis refuses a command of the ledger', { cause }),
    });
  return {
    ask,
    run: async (script, keys, args) => readWords(await ask(() => client[script](keys.length, ...keys, ...args))),
    now: () => (clock === undefined ? '' : `${clock()}`),
  };
}
