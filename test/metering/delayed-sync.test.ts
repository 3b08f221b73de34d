import { describe, expect, it } from 'vitest';
import { createDelayedSync } from '../../src/metering/delayed-sync.ts';
import { createManualTimers } from '../support/manual-timers.ts';
import { createLog } from '../support/shared-parts.ts';

function openSync(oldestAtMs: (nowMs: number) => number | undefined) {
  const timers = createManualTimers();
  const syncedAtMs: number[] = [];
  const startMs = timers.nowMs();
  const spool = { sync: async () => void syncedAtMs.push(timers.nowMs() - startMs) };
  const { logger } = createLog();
  const sync = createDelayedSync({ spool, timers, logger }, 20, () => oldestAtMs(timers.nowMs() - startMs));
  return { sync, timers, startMs, syncedAtMs };
}

describe('a delayed sync', () => {
  it('comes when something has waited for so long, and not for what is younger', () => {
    let oldestMs: number | undefined;
    const { sync, timers, startMs, syncedAtMs } = openSync(() =>
      oldestMs === undefined ? undefined : startMs + oldestMs,
    );
    oldestMs = 0;
    sync.start();
    timers.advance(15);
    // What began it was acknowledged meanwhile; what came after it waits.
    oldestMs = 12;
    sync.start();
    timers.advance(16);
    expect(syncedAtMs).toEqual([]);
    timers.advance(1);
    expect(syncedAtMs).toEqual([32]);
    expect(timers.pending()).toEqual([]);
  });

  it('does not come when nothing waits any more', () => {
    const { sync, timers, syncedAtMs } = openSync(() => undefined);
    sync.start();
    timers.advance(100);
    expect(syncedAtMs).toEqual([]);
    expect(timers.pending()).toEqual([]);
  });

  it('comes although the clock was set back', () => {
    const { sync, timers, startMs, syncedAtMs } = openSync(() => startMs + 3_600_000);
    sync.start();
    timers.advance(20);
    expect(syncedAtMs).toEqual([20]);
  });
});
