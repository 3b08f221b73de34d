// Goal: whatever happens to Redis or to the way there, what is charged in the end is what was billed, to the unit.
// Method: calls run all the time, by the product's own queue and spool; the fault comes and goes; then the sums are held
// against each other. Each fault must have been felt, or the test has shown nothing.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { type Ledger, LedgerUnavailable } from '../../src/ledger/ledger.ts';
import { redeliverLostWrites } from '../../src/ledger/redeliver-lost-writes.ts';
import { connectRedis } from '../../src/store/redis/connect-redis.ts';
import { createRedisLedger } from '../../src/store/redis/redis-ledger.ts';
import { type FaultyLink, openFaultyLink } from '../support/faulty-link.ts';
import { sendRedisLine } from '../support/redis-ping.ts';
import { type RedisServer, startRedisServer } from '../support/redis-server.ts';
import { until } from '../support/until.ts';
import { type CallDriver, createCallDriver } from './call-driver.ts';

const COMMAND_TIMEOUT_MS = 250;
const LANES = 8;

interface Ground {
  server: RedisServer;
  link: FaultyLink;
  ledger: Ledger;
  driver: CallDriver;
  /** One command on the server's own socket, beside the link. */
  tell(line: string): Promise<string>;
  /** Waits until some more calls were answered so. */
  more(what: 'admitted' | 'unavailable', count?: number): Promise<unknown>;
  /**
   * Looks for losses, as the process does every second, until the charges are the bill: killed while it syncs its
   * file, Redis forgets what it has answered since, since it does not write then.
   */
  expectExact(): Promise<void>;
}

let server: RedisServer;
beforeAll(async () => {
  server = await startRedisServer();
});
afterAll(() => server?.stop());

async function openGround(on: RedisServer): Promise<Ground> {
  const folder = mkdtempSync(join(tmpdir(), 'tollgate-fault-'));
  const link = await openFaultyLink(on.port);
  const open = (url: string, commandTimeoutMs: number) =>
    connectRedis({ url, commandTimeoutMs, startTimeoutMs: 5_000, onFault: () => {} });
  const client = await open(link.url, COMMAND_TIMEOUT_MS);
  const direct = await open(on.url, 10_000);
  const { ledger, probe, settled } = redeliverLostWrites(createRedisLedger({ client }), {
    nowMs: Date.now,
    writesAtMost: 50_000,
    onRegression: () => undefined,
    logger: { error: () => undefined, warn: () => undefined },
  });
  const driver = await createCallDriver(ledger, createRedisLedger({ client: direct }), folder);
  onTestFinished(async () => {
    await driver.close();
    client.disconnect();
    direct.disconnect();
    await link[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true, force: true });
  });
  const more: Ground['more'] = (what, count = 1) => {
    const before = driver.counts[what];
    return until(() => driver.counts[what] >= before + count, { what: `${count} more calls are ${what}` });
  };
  const isExact = async (): Promise<boolean> => {
    await probe();
    await settled();
    return (await ledger.readBalance(driver.accountId))?.chargedNanoUsd === driver.billedNanoUsd;
  };
  const expectExact = async (): Promise<void> => {
    await until(isExact, { what: 'the charges are the bill', timeoutMs: 30_000 });
    await driver.expectExact();
  };
  return { server: on, link, ledger, driver, tell: (line) => sendRedisLine(on.socketPath, line), more, expectExact };
}

interface Fault {
  name: string;
  /** Resolves when the fault is over. */
  happen(ground: Ground): Promise<unknown>;
  /** Calls that are refused because of it; `none`: nobody notices. */
  felt: 'unavailable' | 'none' | 'either';
}

/** Disturbs, waits until that is felt, and mends. */
function during(disturb: (ground: Ground) => unknown, mend: (ground: Ground) => unknown): Fault['happen'] {
  return async (ground) => {
    await disturb(ground);
    await ground.more('unavailable', LANES);
    await mend(ground);
  };
}

const isLedger = (command: string): boolean => command.startsWith('ledger/');

/** Ledger commands before the first that is lost; each gap is this prime longer, so that no kind of command is spared. */
const GAP = 23;

/**
 * A command of the ledger meets this fate now and then, until enough calls have passed all the same. The gaps grow: a
 * connection that is cut takes everything sent on it along, and what has piled up is sent again in one go. With even
 * gaps shorter than that nothing would ever pass.
 */
function losing(fate: 'cut_before' | 'cut_after'): Fault['happen'] {
  return async ({ link, more }) => {
    let count = 0;
    let gap = GAP;
    let losses = 0;
    link.decide((command) => {
      if (!isLedger(command)) return undefined;
      count += 1;
      if (count < gap) return undefined;
      count = 0;
      gap += GAP;
      losses += 1;
      return fate;
    });
    await more('admitted', 60);
    // Calls of one turn are one command, so that more of them may be needed.
    await until(() => losses > 1, { what: 'commands are lost' });
    link.decide(undefined);
  };
}

const FAULTS: readonly Fault[] = [
  {
    name: 'killed and started again, three times',
    felt: 'unavailable',
    happen: async (ground) => {
      for (let time = 0; time < 3; time += 1) {
        await during(
          () => ground.server.kill(),
          () => ground.server.restart(),
        )(ground);
        await ground.more('admitted', 20);
      }
    },
  },
  {
    name: 'stopped as a process',
    felt: 'unavailable',
    happen: during(
      ({ server }) => server.pause(),
      ({ server }) => server.resume(),
    ),
  },
  {
    name: 'CLIENT PAUSE longer than the time-out',
    felt: 'unavailable',
    happen: during(
      ({ tell }) => tell('CLIENT PAUSE 700 ALL'),
      ({ more }) => more('admitted', 20),
    ),
  },
  { name: 'replies lost, again and again', felt: 'either', happen: losing('cut_after') },
  { name: 'commands lost, again and again', felt: 'either', happen: losing('cut_before') },
  {
    name: 'replies later than the time-out',
    felt: 'unavailable',
    happen: during(
      ({ link }) => link.delay(COMMAND_TIMEOUT_MS + 150),
      ({ link }) => link.delay(0),
    ),
  },
  {
    name: 'connections refused',
    felt: 'unavailable',
    happen: during(
      ({ link }) => link.refuse(),
      ({ link }) => link.accept(),
    ),
  },
  {
    name: 'SCRIPT FLUSH, again and again',
    felt: 'none',
    happen: async ({ tell, more }) => {
      for (let time = 0; time < 10; time += 1) {
        await tell('SCRIPT FLUSH');
        await more('admitted', 5);
      }
    },
  },
  {
    name: 'out of memory',
    felt: 'unavailable',
    happen: during(
      ({ tell }) => tell('CONFIG SET maxmemory 1'),
      ({ tell }) => tell('CONFIG SET maxmemory 0'),
    ),
  },
  {
    name: 'read-only: made a replica',
    felt: 'unavailable',
    happen: during(
      ({ tell }) => tell('REPLICAOF 127.0.0.1 1'),
      ({ tell }) => tell('REPLICAOF NO ONE'),
    ),
  },
  {
    name: 'without the replicas that have to acknowledge',
    felt: 'unavailable',
    happen: during(
      ({ tell }) => tell('CONFIG SET min-replicas-to-write 1'),
      ({ tell }) => tell('CONFIG SET min-replicas-to-write 0'),
    ),
  },
];

describe('Redis, while calls run', () => {
  test.each(FAULTS)('$name', { timeout: 60_000 }, async ({ happen, felt }) => {
    const ground = await openGround(server);
    const { driver, more } = ground;
    const calls = driver.run(LANES);
    await more('admitted', 30);
    const unavailable = driver.counts.unavailable;
    await happen(ground);
    await more('admitted', 30);
    await calls.stop();
    if (felt === 'none') expect(driver.counts.unavailable).toBe(0);
    if (felt === 'unavailable') expect(driver.counts.unavailable).toBeGreaterThan(unavailable);
    expect(driver.counts.refused).toBe(0);
    await ground.expectExact();
  });

  test('loading its data: unavailable, then exact', { timeout: 60_000 }, async () => {
    // Microseconds per key read at the start; nothing is read at the first one.
    const slow = await startRedisServer({ args: ['--key-load-delay', '400'] });
    onTestFinished(() => slow.stop());
    const ground = await openGround(slow);
    const calls = ground.driver.run(LANES);
    // It answers while it loads once in 1,024 commands.
    await ground.more('admitted', 600);
    await slow.kill();
    const restarted = slow.restart();
    await until(async () => (await ground.tell('PING')).startsWith('-LOADING'), { what: 'it is loading' });
    await expect(ground.ledger.ping()).rejects.toBeInstanceOf(LedgerUnavailable);
    await ground.more('unavailable', LANES);
    await restarted;
    await ground.more('admitted', 30);
    await calls.stop();
    await ground.expectExact();
  });
});
