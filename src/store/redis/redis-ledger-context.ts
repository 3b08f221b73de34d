import { LedgerCorrupt, LedgerUnavailable } from '../../ledger/ledger.ts';
import type { RedisClient } from './connect-redis.ts';
import { defineScripts, type ScriptName, type ScriptReply } from './define-scripts.ts';
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
  /** Sends a script; how its answer is read, and its fault told, is the caller's to see to. */
  send(script: ScriptName, keys: readonly string[], args: readonly string[]): Promise<ScriptReply>;
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
  const send: RedisLedgerContext['send'] = (script, keys, args) => client[script](keys.length, ...keys, ...args);
  return {
    ask,
    send,
    run: (script, keys, args, read) =>
      ask(
        () => send(script, keys, args),
        (reply) => read(readJoinedWords(reply)),
      ),
    now: () => (clock === undefined ? '' : `${clock()}`),
  };
}

/** What an error of the client means for the one who sent a command of the ledger. */
export function toLedgerFault(cause: unknown): LedgerUnavailable | LedgerCorrupt {
  return classifyStoreFault(cause) === 'unavailable'
    ? new LedgerUnavailable('Redis does not take the command', { cause })
    : new LedgerCorrupt('Redis refuses a command of the ledger', { cause });
}
