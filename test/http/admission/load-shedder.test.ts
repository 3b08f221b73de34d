import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createLoadShedder } from '../../../src/http/admission/load-shedder.ts';
import { createManualTimers } from '../../support/manual-timers.ts';

const LOOK_MS = 100;
const LIMIT_MS = 200;

/**
 * An event loop that serves so many requests per look; what it does not get done makes it late. The shedder's clock
 * runs late by as much.
 */
function createLoop(perLook: number) {
  let tick = (): void => undefined;
  let nowMs = 0;
  const shedder = createLoadShedder({
    limitMs: LIMIT_MS,
    timers: {
      ...createManualTimers(),
      nowMs: () => nowMs,
      every(_intervalMs, run) {
        tick = run;
        return () => undefined;
      },
    },
  });
  const served = new Map<string, number>();
  let lateMs = 0;
  return {
    shedder,
    served,
    lateMs: () => lateMs,
    /** One look, during which these ask, in this order. */
    look(asks: readonly string[]) {
      let admitted = 0;
      for (const account of asks) {
        if (!shedder.admits(account)) continue;
        admitted += 1;
        served.set(account, (served.get(account) ?? 0) + 1);
      }
      // What was taken in one turn of the loop is how long the next timer waits.
      const tookMs = Math.max(LOOK_MS, (admitted * LOOK_MS) / perLook);
      lateMs = tookMs - LOOK_MS;
      nowMs += tookMs;
      tick();
      return admitted;
    },
    /** A look that comes late by something else. */
    late(delayMs: number) {
      nowMs += LOOK_MS + delayMs;
      tick();
    },
  };
}

const many = (account: string, times: number): string[] => Array.from({ length: times }, () => account);

describe('load shedding', () => {
  it('does nothing for late looks that do not stay, nor for a clock that is set', () => {
    const loop = createLoop(100);
    for (let round = 0; round < 5; round += 1) {
      loop.late(60_000);
      loop.late(LIMIT_MS + 1);
      loop.late(0);
    }
    loop.late(-3_600_000);
    loop.late(3_600_000);
    expect(loop.shedder.isShedding).toBe(false);
  });

  it('begins when the delay stays and ends when all is calm again', () => {
    const loop = createLoop(100);
    for (let look = 0; look < 3; look += 1) loop.late(LIMIT_MS + 1);
    expect(loop.shedder.isShedding).toBe(true);
    // Two at least, also of one account.
    expect(many('a', 5).map((account) => loop.shedder.admits(account))).toEqual([true, true, false, false, false]);
    // Between half of the limit and the whole it stays as it is.
    for (let look = 0; look < 50; look += 1) loop.late(LIMIT_MS * 0.75);
    expect(loop.shedder.isShedding).toBe(true);
    for (let look = 0; look < 10; look += 1) loop.late(0);
    expect(loop.shedder.isShedding).toBe(false);
    expect(many('a', 500).every((account) => loop.shedder.admits(account))).toBe(true);
  });

  it('keeps the delay near the limit and most of the work done, however much is asked for', () => {
    fc.assert(
      fc.property(fc.integer({ min: 20, max: 400 }), fc.integer({ min: 4, max: 40 }), (perLook, times) => {
        const loop = createLoop(perLook);
        const asks = many('a', perLook * times);
        for (let look = 0; look < 30; look += 1) loop.look(asks);
        let served = 0;
        let worstMs = 0;
        for (let look = 0; look < 100; look += 1) {
          served += loop.look(asks);
          worstMs = Math.max(worstMs, loop.lateMs());
        }
        expect(served / 100).toBeGreaterThan(perLook * 0.7);
        expect(worstMs).toBeLessThan(2 * LIMIT_MS);
      }),
      { numRuns: 50 },
    );
  });

  it('a noisy account does not starve the quiet ones, wherever they stand in line', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 50, max: 300 }),
        fc.integer({ min: 1, max: 8 }),
        fc.boolean(),
        (perLook, quietAccounts, noisyFirst) => {
          const loop = createLoop(perLook);
          const quiet = Array.from({ length: quietAccounts }, (_, index) => many(`quiet${index}`, 2)).flat();
          const noisy = many('noisy', perLook * 30);
          const asks = noisyFirst ? [...noisy, ...quiet] : [...quiet, ...noisy];
          for (let look = 0; look < 20; look += 1) loop.look(asks);
          expect(loop.shedder.isShedding).toBe(true);
          loop.served.clear();
          for (let look = 0; look < 100; look += 1) loop.look(asks);
          for (let index = 0; index < quietAccounts; index += 1) expect(loop.served.get(`quiet${index}`)).toBe(200);
          expect(loop.served.get('noisy')).toBeGreaterThan(perLook * 30);
        },
      ),
      { numRuns: 50 },
    );
  });

  it('accounts that nobody had seen are bounded together', () => {
    const loop = createLoop(10);
    for (let look = 0; look < 6; look += 1) loop.look(many('a', 1_000));
    const newcomers = Array.from({ length: 10_000 }, (_, index) => `account${index}`);
    expect(loop.look(newcomers)).toBeLessThan(200);
  });
});
