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
    const first = await pool.acquire();
    const order: number[] = [];
    const queue = (number: number) =>
      pool.acquire().then((slot) => {
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
    const held = await pool.acquire();
    const waiting = pool.acquire();
    timers.advance(100);
    expect(await waiting).toBeUndefined();
    held?.release();
    expect(pool.used).toBe(0);
  });

  it('are not waited for by more than the queue holds', async () => {
    const { pool } = open(1, 1);
    const held = await pool.acquire();
    const waiting = pool.acquire();
    expect(await pool.acquire()).toBeUndefined();
    held?.release();
    expect(await waiting).toBeDefined();
  });

  it('go to the next where the first gave up waiting', async () => {
    const { pool } = open(1);
    const held = await pool.acquire();
    const left = new AbortController();
    const gone = pool.acquire(left.signal);
    const next = pool.acquire();
    left.abort();
    expect(await gone).toBeUndefined();
    held?.release();
    expect(await next).toBeDefined();
    expect(await pool.acquire(AbortSignal.abort())).toBeUndefined();
  });
});
