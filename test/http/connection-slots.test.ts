import { describe, expect, it } from 'vitest';
import { createConnectionSlots } from '../../src/http/connection-slots.ts';
import { createManualTimers } from '../support/manual-timers.ts';

function open(slots: number, queueMax = 10) {
  const timers = createManualTimers();
  return { timers, pool: createConnectionSlots({ slots, queueMs: 100, queueMax, timers }) };
}

describe('connection slots', () => {
  it('go round in order of asking', async () => {
    const { pool, timers } = open(1);
    const first = await pool.acquire('a');
    const order: number[] = [];
    const queue = (number: number) =>
      pool.acquire('a').then((slot) => {
        order.push(number);
        return slot;
      });
    const second = queue(2);
    const third = queue(3);
    first?.release();
    first?.release();
    expect(pool.used).toBe(1);
    (await second)?.release();
    (await third)?.release();
    expect(order).toEqual([2, 3]);
    expect([pool.used, pool.queued, timers.pending()]).toEqual([0, 0, []]);
  });

  it('are waited for so long and no longer', async () => {
    const { pool, timers } = open(1);
    const held = await pool.acquire('a');
    const waiting = pool.acquire('a');
    timers.advance(100);
    expect(await waiting).toBeUndefined();
    held?.release();
    expect(pool.used).toBe(0);
  });

  it('are not waited for by more than the queue holds', async () => {
    const { pool } = open(1, 1);
    const held = await pool.acquire('a');
    const waiting = pool.acquire('a');
    expect(await pool.acquire('a')).toBeUndefined();
    held?.release();
    expect(await waiting).toBeDefined();
  });

  it('go to the next where the first gave up waiting', async () => {
    const { pool } = open(1);
    const held = await pool.acquire('a');
    const left = new AbortController();
    const gone = pool.acquire('a', left.signal);
    const next = pool.acquire('a');
    left.abort();
    expect(await gone).toBeUndefined();
    held?.release();
    expect(await next).toBeDefined();
    expect(await pool.acquire('a', AbortSignal.abort())).toBeUndefined();
  });

  it('go to the owner that has the fewest, whatever others have asked before', async () => {
    const { pool } = open(3);
    const held = [await pool.acquire('noisy'), await pool.acquire('noisy'), await pool.acquire('noisy')];
    const order: string[] = [];
    const ask = (owner: string) =>
      pool.acquire(owner).then((slot) => {
        order.push(owner);
        return slot;
      });
    const waiting = [ask('noisy'), ask('noisy'), ask('quiet'), ask('noisy'), ask('other')];
    held[0]?.release();
    held[1]?.release();
    await Promise.all([waiting[2], waiting[4]]);
    expect(order).toEqual(['quiet', 'other']);
    held[2]?.release();
    (await waiting[2])?.release();
    (await waiting[0])?.release();
    (await waiting[1])?.release();
    (await waiting[4])?.release();
    (await waiting[3])?.release();
    expect([order.length, pool.used, pool.queued]).toEqual([5, 0, 0]);
  });

  it('when too many wait, the last of those who wait for the most makes room for one with fewer', async () => {
    const { pool } = open(1, 2);
    const held = await pool.acquire('noisy');
    const waiting = [pool.acquire('noisy'), pool.acquire('noisy')];
    const quiet = pool.acquire('quiet');
    expect(await waiting[1]).toBeUndefined();
    // Nobody of its own has more than it.
    expect(await pool.acquire('noisy')).toBeUndefined();
    held?.release();
    (await waiting[0])?.release();
    expect(await quiet).toBeDefined();
  });
});
