import { LedgerCorrupt, LedgerUnavailable } from '../../ledger/ledger.ts';
import type { RedisClient } from './connect-redis.ts';
import { defineScripts, type ScriptName } from './define-scripts.ts';
import { readJoinedWords } from './read-reply.ts';
import { classifyStoreFault } from './store-fault.ts';

/** What the parts of the ledger share. Faults are those of the Ledger interface. */
export interface RedisLedgerContext {
  /** Runs a script and reads its reply, a list of words. */
  run<T>(
    script: ScriptName,
    keys: readonly string[],
    args: readonly string[],
    read: (words: readonly string[]) => T,
  ): Promise<T>;
  /** Runs one command of the client and reads its reply. */
  ask<R, T>(command: (client: RedisClient) => Promise<R>, read: (reply: R) => T): Promise<T>;
  /** The instant given to scripts: '' where the server's clock counts. */
  now(): string;
}

/** Defines the scripts on the client. */
export function createRedisLedgerContext(client: RedisClient, clock?: () => number): RedisLedgerContext {
  defineScripts(client);
  const ask: RedisLedgerContext['ask'] = async (command, read) => {
    let reply: Awaited<ReturnType<typeof command>>;
    try {
      reply = await command(client);
    } catch (error) {
      throw toLedgerFault(error);
    }
    try {
      return read(reply);
    } catch (cause) {
      throw new LedgerCorrupt('a reply of Redis cannot be read', { cause });
    }
  };
  return {
    ask,
    run: (script, keys, args, read) =>
      ask(
        (each) => each[script](keys.length, ...keys, ...args),
        (reply) => read(readJoinedWords(reply)),
      ),
    now: () => (clock === undefined ? '' : `${clock()}`),
  };
}

function toLedgerFault(cause: unknown): LedgerUnavailable | LedgerCorrupt {
  return classifyStoreFault(cause) === 'unavailable'
    ? new LedgerUnavailable('Redis does not take the command', { cause })
    : new LedgerCorrupt('Redis refuses a command of the ledger', { cause });
}
