import { AlertStoreUnavailable } from '../../alerts/alert-store.ts';
import type { RedisClient } from './connect-redis.ts';
import type { ScriptName } from './define-scripts.ts';
import { readWords } from './read-reply.ts';
import { mapStoreFault } from './store-fault.ts';

/** Alerts in Redis that this program did not write. */
export class AlertsCorrupt extends Error {
  readonly code = 'ALERTS_CORRUPT';
  override readonly name = 'AlertsCorrupt';
}

/** How the parts of the alert store reach Redis. */
export interface RedisAlertContext {
  ask<T>(command: (client: RedisClient) => Promise<T>): Promise<T>;
  run(script: ScriptName, keys: readonly string[], args: readonly string[]): Promise<string[]>;
}

/** @param client with the scripts defined. */
export function createRedisAlertContext(client: RedisClient): RedisAlertContext {
  const ask: RedisAlertContext['ask'] = (command) =>
    mapStoreFault(() => command(client), {
      unavailable: (cause) => new AlertStoreUnavailable('Redis does not take the command', { cause }),
      refused: (cause) => new AlertsCorrupt('Redis refuses a command of the alerts', { cause }),
    });
  return {
    ask,
    run: async (script, keys, args) => readWords(await ask(() => client[script](keys.length, ...keys, ...args))),
  };
}
