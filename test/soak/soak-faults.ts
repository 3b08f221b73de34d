import { expect } from 'vitest';
import { sendRedisLine } from '../support/redis-ping.ts';
import type { RedisSentinel } from '../support/redis-sentinel.ts';
import { until } from '../support/until.ts';
import type { SoakProxies } from './soak-proxies.ts';

export interface SoakFault {
  name: string;
  /** Resolves when what was broken runs again. */
  make(round: number): Promise<void>;
}

const FREEZE_MS = 2_000;

/** What goes wrong in a soak, in this order, again and again. */
export function createSoakFaults({ places }: SoakProxies, redis: RedisSentinel): SoakFault[] {
  const placeOf = (round: number) => places[round % places.length] as (typeof places)[number];
  return [
    { name: 'kill -9 of a proxy', make: (round) => placeOf(round).kill() },
    {
      name: 'kill -9 of the Redis primary',
      async make() {
        const primary = await redis.findPrimary();
        await primary.kill();
        await until(async () => (await redis.findPrimary()) !== primary, { what: 'a fail-over', timeoutMs: 30_000 });
        await primary.restart();
      },
    },
    {
      name: 'rolling restart',
      async make() {
        for (const place of places) expect(await place.restart()).toEqual({ code: 0, signal: null });
      },
    },
    {
      name: 'Redis frozen for two seconds',
      async make() {
        const primary = await redis.findPrimary();
        primary.pause();
        await new Promise((resolve) => setTimeout(resolve, FREEZE_MS));
        primary.resume();
      },
    },
    {
      name: 'ordered fail-over',
      async make() {
        const primary = await redis.findPrimary();
        const isOrdered = async (): Promise<boolean> =>
          (await sendRedisLine(redis.sentinelSockets[0] ?? '', 'SENTINEL FAILOVER main')).startsWith('+OK');
        await until(isOrdered, { what: 'a fail-over is begun', timeoutMs: 30_000, intervalMs: 500 });
        await until(async () => (await redis.findPrimary()) !== primary, { what: 'a fail-over', timeoutMs: 30_000 });
      },
    },
  ];
}
