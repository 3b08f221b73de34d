import { Cluster, type Redis, type RedisOptions } from 'ioredis';
import type { ChangeListener } from '../../directory/change-listeners.ts';
import { type RedisClient, reconnectDelayMs } from './connect-redis.ts';

export interface ChangeSubscription {
  close(): Promise<void>;
}

/** How long one attempt to subscribe may take. */
const SUBSCRIBE_TIMEOUT_MS = 5_000;

/**
 * Passes on the account ids published on `channel`. Whenever the connection is lost, and when it is back, the
 * listener hears `undefined`, since what was published in between is not known.
 *
 * In a cluster any node passes on what is published on any other, so each attempt takes one at random.
 * Resolves after the first attempt, whether it succeeded or not; attempts go on until closed.
 */
export async function subscribeChanges(
  client: RedisClient,
  channel: string,
  listener: ChangeListener,
): Promise<ChangeSubscription> {
  const stop = new AbortController();
  const state: { connection?: Redis } = {};
  const attempt = async (): Promise<Redis | undefined> => {
    const connection = openSubscriber(client);
    if (connection === undefined) return undefined;
    state.connection = connection;
    connection.on('message', (_channel, accountId) => listener(accountId));
    if (await subscribes(connection, channel)) return connection;
    connection.disconnect();
    return undefined;
  };
  const first = await attempt();
  const running = run(first);

  async function run(connected: Redis | undefined): Promise<void> {
    let connection = connected;
    for (let failures = 0; !stop.signal.aborted; failures += 1) {
      if (connection !== undefined) {
        failures = 0;
        listener(undefined);
        await ends(connection);
        listener(undefined);
      }
      await wait(reconnectDelayMs(failures + 1), stop.signal);
      connection = stop.signal.aborted ? undefined : await attempt();
    }
    connection?.disconnect();
  }

  return {
    close: async () => {
      stop.abort();
      state.connection?.disconnect();
      await running;
    },
  };
}

/** A connection that ends for good when it is lost, for this module to make a new one. */
function openSubscriber(client: RedisClient): Redis | undefined {
  const options = {
    lazyConnect: true,
    enableOfflineQueue: true,
    retryStrategy: null,
    reconnectOnError: null,
    commandTimeout: SUBSCRIBE_TIMEOUT_MS,
    connectionName: 'tollgate-changes',
  } satisfies RedisOptions;
  const node = client instanceof Cluster ? pick(client.nodes('all')) : client;
  return node?.duplicate(options);
}

/** Not `once` of node:events, which rejects where a connection ends with an error. */
function ends(connection: Redis): Promise<void> {
  return new Promise((resolve) => {
    if (connection.status === 'end') resolve();
    else connection.once('end', resolve);
  });
}

async function subscribes(connection: Redis, channel: string): Promise<boolean> {
  // Every fault ends the connection, and that is what is waited for.
  connection.on('error', () => {});
  try {
    await connection.connect();
    await connection.subscribe(channel);
    return true;
  } catch {
    return false;
  }
}

function pick<T>(items: readonly T[]): T | undefined {
  return items[Math.floor(Math.random() * items.length)];
}

function wait(delayMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const finish = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', finish);
      resolve();
    };
    const timer = setTimeout(finish, delayMs);
    signal.addEventListener('abort', finish);
  });
}
