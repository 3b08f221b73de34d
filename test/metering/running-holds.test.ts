// Goal: the hold of a running call grows in time and not too often, and the call is stopped when and only when no more
// is to be had.
// Method: a clock that is moved by hand, and a ledger that answers as the test says.
import { describe, expect, it, vi } from 'vitest';
import { ENLARGEMENTS_AT_MOST } from '../../src/domain/hold-steps.ts';
import type { ExtendReply } from '../../src/ledger/ledger.ts';
import { LedgerUnavailable } from '../../src/ledger/ledger.ts';
import type { AnswerProgress, RunningHold, WatchedCall } from '../../src/metering/running-hold.ts';
import { createRunningHolds } from '../../src/metering/running-holds.ts';
import { createManualTimers } from '../support/manual-timers.ts';
import { loadRateCard } from '../support/shared-parts.ts';
import { makeRequest, makeUsage } from './metering-fixtures.ts';

/** Haiku 4.5: 5,000 nano-dollars per token of output. One character is one token here. */
const TOKEN = 5_000n;
const tokens = (count: number): bigint => BigInt(count) * TOKEN;

interface Asked {
  tokens: number;
  /** Answers the ledger's side. */
  grant(): Promise<void>;
  /** @param room tokens that could still be had. */
  refuse(room?: number): Promise<void>;
  fail(): Promise<void>;
}

function open(options: { policy?: 'cut' | 'finish'; heldTokens?: number; ceilingTokens?: number } = {}) {
  const { policy = 'cut', heldTokens = 8_000, ceilingTokens = 1_000_000 } = options;
  const timers = createManualTimers();
  const asked: Asked[] = [];
  const stop = vi.fn();
  const metrics = { storeFailed: vi.fn(), holdEnlarged: vi.fn() };
  const settled = () => new Promise<void>((resolve) => setImmediate(resolve));
  const extend = ({ toNanoUsd }: { toNanoUsd: bigint }) =>
    new Promise<ExtendReply>((resolve, reject) => {
      const answer = (act: () => void) => () => {
        act();
        return settled();
      };
      asked.push({
        tokens: Number(toNanoUsd / TOKEN),
        grant: answer(() => resolve({ result: 'extended', amountNanoUsd: toNanoUsd } as ExtendReply)),
        refuse: (room = 0) =>
          answer(() => resolve({ result: 'insufficient_credit', availableNanoUsd: tokens(room) } as ExtendReply))(),
        fail: answer(() => reject(new LedgerUnavailable('down'))),
      });
    });
  const holds = createRunningHolds({
    ledger: { extend } as never,
    timers,
    metrics,
    logger: { warn: vi.fn() },
    limits: { holdLeaseMs: 1 },
  });
  let characters = 0;
  const watch = (): RunningHold => {
    const hold = holds.watch({
      hold: { accountId: 'a', holdId: 'h', modelLabels: [], cells: [] } as unknown as WatchedCall['hold'],
      heldNanoUsd: tokens(heldTokens),
      steps: {
        ceilingNanoUsd: tokens(ceilingTokens),
        stepNanoUsd: tokens(8_000),
        aheadNanoUsd: tokens(4_000),
        reserveNanoUsd: tokens(1_000),
      },
      promptNanoUsd: 0n,
      card: loadRateCard(),
      request: makeRequest({ maxTokens: 10_000_000 }),
      atMs: timers.nowMs(),
      findRatio: () => 100,
      stop: policy === 'cut' ? stop : undefined,
    });
    hold.follow(() => progressAt(characters));
    return hold;
  };
  const progressAt = (count: number, stopReason?: string): AnswerProgress => ({
    usage: makeUsage(0, 0, stopReason === undefined ? {} : { stopReason }),
    visibleCharacters: count,
    content: 'text',
    serverToolResults: 0,
    answerBytes: 0,
  });
  const hold = watch();
  return {
    timers,
    asked,
    stop,
    metrics,
    hold,
    watch,
    progressAt,
    /** The answer has come to so many tokens. */
    write(count: number) {
      characters = count;
      hold.look();
    },
  };
}

describe('the hold of a running call', () => {
  it('asks for more when less than the head start is left, and not before', async () => {
    const part = open();
    part.write(4_000);
    expect(part.asked).toEqual([]);
    part.write(4_001);
    expect(part.asked.map(({ tokens: to }) => to)).toEqual([16_000]);
    await part.asked[0]!.grant();
    expect(part.hold).toMatchObject({ heldNanoUsd: tokens(16_000), enlargements: 1 });
    expect(part.stop).not.toHaveBeenCalled();
  });

  it('has one request under way at a time, however much comes', async () => {
    const part = open();
    for (let count = 4_001; count < 12_000; count += 100) part.write(count);
    expect(part.asked).toHaveLength(1);
    expect(part.stop).not.toHaveBeenCalled();
    await part.asked[0]!.grant();
    // 11,901 of 16,000 are used by then: not within the head start of what was granted.
    expect(part.asked).toHaveLength(1);
  });

  it('waits a quarter of a second after a grant, unless it has come into its reserve', async () => {
    const part = open();
    part.write(4_001);
    await part.asked[0]!.grant();
    part.write(12_500);
    expect(part.asked).toHaveLength(1);
    part.timers.advance(249);
    part.write(12_600);
    expect(part.asked).toHaveLength(1);
    part.timers.advance(1);
    part.write(12_700);
    expect(part.asked).toHaveLength(2);
    await part.asked[1]!.grant();
    part.write(23_500);
    expect(part.asked).toHaveLength(3);
  });

  it('waits two seconds after a refusal, and runs on in between', async () => {
    const part = open();
    part.write(4_001);
    await part.asked[0]!.refuse();
    part.timers.advance(1_999);
    part.write(6_000);
    expect(part.asked).toHaveLength(1);
    part.timers.advance(1);
    part.write(6_001);
    expect(part.asked).toHaveLength(2);
    await part.asked[1]!.grant();
    expect(part.stop).not.toHaveBeenCalled();
  });

  it('is stopped once, when it is in its reserve and more was refused', async () => {
    const part = open();
    part.write(4_001);
    await part.asked[0]!.refuse();
    part.write(7_000);
    expect(part.stop).not.toHaveBeenCalled();
    part.write(7_001);
    expect(part.stop).toHaveBeenCalledOnce();
    part.write(9_000);
    part.timers.advance(10_000);
    expect(part.stop).toHaveBeenCalledOnce();
    expect(part.asked).toHaveLength(1);
  });

  it('asks anew before it is stopped, where it was not refused just now', async () => {
    const part = open();
    part.write(4_001);
    await part.asked[0]!.grant();
    part.write(15_500);
    expect(part.asked).toHaveLength(2);
    expect(part.stop).not.toHaveBeenCalled();
    await part.asked[1]!.refuse();
    expect(part.stop).toHaveBeenCalledOnce();
  });

  it('takes what room there is where a whole step is refused', async () => {
    const part = open();
    part.write(4_001);
    await part.asked[0]!.refuse(3_000);
    expect(part.asked.map(({ tokens: to }) => to)).toEqual([16_000, 11_000]);
    await part.asked[1]!.grant();
    expect(part.hold.heldNanoUsd).toBe(tokens(11_000));
  });

  it('is stopped in its reserve when the ledger does not answer: what is not known is not counted on', async () => {
    const part = open();
    part.write(7_500);
    await part.asked[0]!.fail();
    expect(part.stop).toHaveBeenCalledOnce();
    expect(part.metrics.storeFailed).toHaveBeenCalledWith('extend');
  });

  it('runs on into debt by finish: never stopped, and asking no more often', async () => {
    const part = open({ policy: 'finish' });
    part.write(4_001);
    await part.asked[0]!.refuse();
    part.write(50_000);
    expect(part.hold.covers(part.progressAt(60_000))).toBe(true);
    expect(part.hold.coveredTokens).toBe(60_000);
    expect(part.asked).toHaveLength(1);
    part.timers.advance(2_000);
    expect(part.asked).toHaveLength(2);
  });

  it('asks so many times at most', async () => {
    const part = open({ policy: 'finish' });
    for (let turn = 0; turn < 200; turn += 1) {
      part.write(5_000 + turn);
      await part.asked.at(-1)?.refuse();
      part.timers.advance(2_000);
    }
    expect(part.asked).toHaveLength(ENLARGEMENTS_AT_MOST);
  });

  it('asks for nothing once its last figures are there, or it has ended', () => {
    const part = open();
    part.hold.follow(() => part.progressAt(9_000, 'end_turn'));
    part.hold.look();
    expect(part.asked).toEqual([]);
    expect(part.timers.pending()).toEqual([]);
    const ended = open();
    ended.hold.end();
    ended.write(9_000);
    expect([ended.asked, ended.timers.pending()]).toEqual([[], []]);
  });
});

describe('what a hold covers', () => {
  it('is what it has room for, to the token, and what it was last found to cover is known', () => {
    const { hold, progressAt } = open();
    expect(hold.coveredTokens).toBeUndefined();
    expect(hold.covers(progressAt(8_000))).toBe(true);
    expect(hold.covers(progressAt(8_001))).toBe(false);
    expect(hold.coveredTokens).toBe(8_000);
  });

  it('is anything once all that the call can cost is held', () => {
    const { hold, progressAt } = open({ heldTokens: 8_000, ceilingTokens: 8_000 });
    expect(hold.covers(progressAt(9_000))).toBe(true);
  });

  it('is told of anew when the ledger has answered', async () => {
    const part = open();
    const answered = vi.fn(() => part.hold.covers(part.progressAt(9_000)));
    part.hold.follow(() => part.progressAt(9_000), answered);
    part.hold.look();
    expect(answered).not.toHaveBeenCalled();
    await part.asked[0]!.grant();
    expect(answered).toHaveReturnedWith(true);
  });
});

describe('what is generated while nothing is visible', () => {
  it('is counted by the clock after two seconds, and asked for in time', () => {
    const part = open();
    part.write(3_000);
    part.timers.advance(2_000);
    expect(part.hold.coveredTokens).toBe(3_000);
    // A hundred tokens a second: 1,000 more bring it within its head start.
    part.timers.advance(10_000);
    expect(part.hold.coveredTokens).toBe(4_000);
    expect(part.asked).toEqual([]);
    part.timers.advance(1_000);
    expect(part.asked).toHaveLength(1);
  });

  it('stops a call whose credit is used up in silence, charged no more than is held', async () => {
    const part = open();
    part.write(5_000);
    await part.asked[0]!.refuse();
    for (let second = 0; second < 60 && part.stop.mock.calls.length === 0; second += 1) {
      part.timers.advance(1_000);
      await part.asked.at(-1)?.refuse();
    }
    expect(part.stop).toHaveBeenCalledOnce();
    expect(part.hold.coveredTokens).toBeGreaterThan(7_000);
    expect(part.hold.coveredTokens).toBeLessThanOrEqual(8_000);
  });

  it('is looked at by one timer for all calls, and by none when there are none', () => {
    const part = open();
    const more = [part.watch(), part.watch()];
    expect(part.timers.pending()).toHaveLength(1);
    for (const hold of more) hold.end();
    expect(part.timers.pending()).toHaveLength(1);
    part.hold.end();
    expect(part.timers.pending()).toEqual([]);
  });
});
