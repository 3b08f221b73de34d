import { describe, expect, it } from 'vitest';
import { createSettleQueue, type SettleQueue } from '../../src/metering/settle-queue.ts';
import { openSettleSpool, type SettleSpool } from '../../src/metering/settle-spool.ts';
import { createMetrics } from '../../src/observability/metrics.ts';
import { createLog, loadRateCard } from '../support/shared-parts.ts';
import { until } from '../support/until.ts';
import {
  ACCOUNT_ID,
  hold,
  type LedgerFixture,
  NANO,
  openFolder,
  openLedgerFixture,
  releaseOf,
  settleOf,
} from './metering-fixtures.ts';

interface QueueFixture {
  queue: SettleQueue;
  log: Record<string, unknown>[];
  metrics: ReturnType<typeof createMetrics>;
}

async function openQueue(fixture: LedgerFixture, path: string, spool?: SettleSpool): Promise<QueueFixture> {
  const opened = spool === undefined ? await openSettleSpool(path) : { spool, waiting: [] };
  const { log, logger } = createLog();
  const metrics = createMetrics({ models: loadRateCard().models, nowMs: fixture.timers.nowMs, processMetrics: false });
  const queue = createSettleQueue({
    ledger: fixture.ledger,
    timers: fixture.timers,
    metrics,
    logger,
    spool: opened.spool,
    waiting: opened.waiting,
    entriesMax: 3,
  });
  return { queue, log, metrics };
}

async function charged(fixture: LedgerFixture): Promise<bigint | undefined> {
  return (await fixture.ledger.readBalance(ACCOUNT_ID))?.chargedNanoUsd;
}

describe('the settle queue', () => {
  it('tells the ledger at once and leaves nothing behind', async () => {
    await using fixture = await openLedgerFixture();
    await using folder = await openFolder();
    const { queue } = await openQueue(fixture, folder.file('spool'));
    queue.deliver(settleOf(await hold(fixture), NANO / 2n));
    await queue.settled();
    expect(await charged(fixture)).toBe(NANO / 2n);
    expect(queue.waiting()).toEqual({ entries: 0, oldestAtMs: undefined });
    await queue.close();
  });

  it('keeps a settle through an outage and charges it once when the store is back', async () => {
    await using fixture = await openLedgerFixture();
    await using folder = await openFolder();
    const { queue } = await openQueue(fixture, folder.file('spool'));
    const holdId = await hold(fixture);
    fixture.down = true;
    queue.deliver(settleOf(holdId, NANO / 4n, 1_234));
    await queue.settled();
    expect(queue.waiting()).toEqual({ entries: 1, oldestAtMs: 1_234 });
    fixture.timers.advance(250);
    await until(() => fixture.sent.settle === 2);
    fixture.down = false;
    await until(() => {
      fixture.timers.advance(500);
      return queue.waiting().entries === 0;
    });
    expect(await charged(fixture)).toBe(NANO / 4n);
    await queue.close();
  });

  it('charges once when the answer to the first settle was lost', async () => {
    await using fixture = await openLedgerFixture();
    await using folder = await openFolder();
    const { queue, metrics } = await openQueue(fixture, folder.file('spool'));
    const holdId = await hold(fixture);
    fixture.mute = true;
    queue.deliver(settleOf(holdId, NANO));
    await queue.settled();
    expect(queue.waiting().entries).toBe(1);
    fixture.mute = false;
    fixture.timers.advance(250);
    await until(() => queue.waiting().entries === 0);
    expect(await charged(fixture)).toBe(NANO);
    expect((await metrics.render()).body).toContain('tollgate_settle_total{result="duplicate"} 1');
    await queue.close();
  });

  it('waits longer after each failure, at most ten seconds', async () => {
    await using fixture = await openLedgerFixture();
    await using folder = await openFolder();
    const { queue } = await openQueue(fixture, folder.file('spool'));
    const holdId = await hold(fixture);
    fixture.down = true;
    queue.deliver(settleOf(holdId, 1n));
    await queue.settled();
    const delays: number[] = [];
    for (let attempt = 0; attempt < 8; attempt += 1) {
      const [delay] = await until(() => (fixture.timers.pending().length > 0 ? fixture.timers.pending() : undefined));
      delays.push(delay as number);
      fixture.timers.advance(delay as number);
      await until(() => fixture.sent.settle === attempt + 2);
    }
    expect(delays).toEqual([250, 500, 1_000, 2_000, 4_000, 8_000, 10_000, 10_000]);
    fixture.down = false;
    await queue.close();
    expect(await charged(fixture)).toBe(1n);
  });

  it('is full at its limit, takes more all the same, and is not full when they are delivered', async () => {
    await using fixture = await openLedgerFixture();
    await using folder = await openFolder();
    const { queue } = await openQueue(fixture, folder.file('spool'));
    const holds = [await hold(fixture), await hold(fixture), await hold(fixture), await hold(fixture)];
    fixture.down = true;
    for (const holdId of holds.slice(0, 2)) queue.deliver(settleOf(holdId, 1n));
    await queue.settled();
    expect(queue.isFull()).toBe(false);
    for (const holdId of holds.slice(2)) queue.deliver(settleOf(holdId, 1n));
    await queue.settled();
    expect(queue.isFull()).toBe(true);
    expect(queue.waiting().entries).toBe(4);
    fixture.down = false;
    await queue.close();
    expect(queue.isFull()).toBe(false);
    expect(await charged(fixture)).toBe(4n);
  });

  it('replays after a restart what the process before left', async () => {
    await using fixture = await openLedgerFixture();
    await using folder = await openFolder();
    const path = folder.file('spool');
    const first = await openQueue(fixture, path);
    const holds = [await hold(fixture), await hold(fixture)];
    fixture.down = true;
    first.queue.deliver(settleOf(holds[0] as string, 5n));
    first.queue.deliver(releaseOf(holds[1] as string));
    await first.queue.settled();
    await first.queue.close();
    expect(await charged(fixture)).toBe(0n);

    fixture.down = false;
    const second = await openQueue(fixture, path);
    expect(second.queue.waiting().entries).toBe(2);
    fixture.timers.advance(250);
    await until(() => second.queue.waiting().entries === 0);
    expect(await charged(fixture)).toBe(5n);
    expect(await fixture.ledger.readHolds(ACCOUNT_ID)).toEqual([]);
    await second.queue.close();
    const third = await openSettleSpool(path);
    expect(third.waiting).toEqual([]);
    await third.spool.close();
  });

  it('charges late, once, what was reclaimed meanwhile', async () => {
    await using fixture = await openLedgerFixture();
    await using folder = await openFolder();
    const { queue } = await openQueue(fixture, folder.file('spool'));
    const holdId = await hold(fixture, NANO, 1_000);
    fixture.timers.advance(2_000);
    expect(await fixture.ledger.reclaim({ accountId: ACCOUNT_ID, holdId })).toMatchObject({ result: 'reclaimed' });
    queue.deliver(settleOf(holdId, NANO / 10n));
    queue.deliver(settleOf(holdId, NANO / 10n));
    await queue.settled();
    expect(await charged(fixture)).toBe(NANO / 10n);
    await queue.close();
  });

  it('lets go of what the ledger will never charge, and says so', async () => {
    await using fixture = await openLedgerFixture();
    await using folder = await openFolder();
    const { queue, log } = await openQueue(fixture, folder.file('spool'));
    const holdId = await hold(fixture);
    queue.deliver(releaseOf(holdId));
    await queue.settled();
    queue.deliver(settleOf(holdId, 3n));
    await queue.settled();
    expect(queue.waiting().entries).toBe(0);
    expect(log).toContainEqual(expect.objectContaining({ level: 'error', result: 'conflict', hold_id: holdId }));
    await queue.close();
  });

  it('delivers from memory when the disk is full, and puts it on disk when it is not', async () => {
    await using fixture = await openLedgerFixture();
    await using folder = await openFolder();
    const { spool: real } = await openSettleSpool(folder.file('other'));
    let full = true;
    const puts: number[] = [];
    const spool: SettleSpool = {
      ...real,
      put(write) {
        if (full) throw Object.assign(new Error('no space left'), { code: 'ENOSPC' });
        puts.push(1);
        real.put(write);
      },
    };
    const { queue, log } = await openQueue(fixture, folder.file('spool'), spool);
    const holdId = await hold(fixture);
    fixture.down = true;
    queue.deliver(settleOf(holdId, 6n));
    await queue.settled();
    expect(queue.waiting().entries).toBe(1);
    expect(log).toContainEqual(expect.objectContaining({ level: 'error', hold_id: holdId }));
    full = false;
    fixture.timers.advance(250);
    await until(() => puts.length === 1);
    fixture.down = false;
    await queue.close();
    expect(await charged(fixture)).toBe(6n);
  });

  it('ends in order on a disk that takes nothing, and says so', async () => {
    await using fixture = await openLedgerFixture();
    await using folder = await openFolder();
    const { spool: real } = await openSettleSpool(folder.file('other'));
    const close = async (): Promise<void> => {
      await real.close();
      throw Object.assign(new Error('no space left'), { code: 'ENOSPC' });
    };
    const { queue, log } = await openQueue(fixture, folder.file('spool'), { ...real, close });
    queue.deliver(settleOf(await hold(fixture), 6n));
    await queue.close();
    expect(await charged(fixture)).toBe(6n);
    expect(log).toContainEqual(expect.objectContaining({ msg: 'the settle spool cannot be closed in order' }));
  });
});
