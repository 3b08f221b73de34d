import { appendFile, copyFile, mkdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type LedgerWrite, nameLedgerWrite } from '../../src/metering/ledger-write.ts';
import { readLiveLines } from '../../src/metering/live-lines.ts';
import { openSettleSpool, openSpoolOn } from '../../src/metering/settle-spool.ts';
import { createManualTimers } from '../support/manual-timers.ts';
import { openFolder, releaseOf, settleOf } from './metering-fixtures.ts';

describe('the settle spool', () => {
  it('gives back what waited, in order, amounts exact', async () => {
    await using folder = await openFolder();
    const path = folder.file('deep/er/spool.jsonl');
    const { spool } = await openSettleSpool(path);
    const writes = [settleOf('hold_a', 9_007_199_254_740_991n), releaseOf('hold_b'), settleOf('hold_c', 0n)];
    for (const write of writes) spool.put(write);
    await spool.close();
    const again = await openSettleSpool(path);
    expect(again.waiting).toEqual(writes);
    expect(again.corruptLines).toBe(0);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    await again.spool.close();
  });

  it('forgets what was acknowledged, and is empty when all was', async () => {
    await using folder = await openFolder();
    const path = folder.file('spool.jsonl');
    const { spool } = await openSettleSpool(path);
    const [first, second] = [settleOf('hold_a', 1n), settleOf('hold_b', 2n)];
    spool.put(first);
    spool.put(second);
    spool.acknowledge([nameLedgerWrite(first)]);
    await spool.close();
    const half = await openSettleSpool(path);
    expect(half.waiting).toEqual([second]);
    half.spool.acknowledge([nameLedgerWrite(second)]);
    expect((await stat(path)).size).toBe(0);
    await half.spool.close();
  });

  it('is emptied between calls, and under load from time to time', async () => {
    await using folder = await openFolder();
    const path = folder.file('spool.jsonl');
    const timers = createManualTimers();
    const { spool } = await openSettleSpool(path, timers);
    const size = async () => (await stat(path)).size;
    const end = (holdId: string): void => {
      spool.put(settleOf(holdId, 1n));
      spool.acknowledge([nameLedgerWrite(settleOf(holdId, 1n))]);
    };
    end('hold_a');
    expect(await size()).toBe(0);
    end('hold_b');
    end('hold_c');
    expect(await size()).toBeGreaterThan(0);
    timers.advance(20);
    expect(await size()).toBe(0);
    // What is to be kept is, with the notes of what is not.
    end('hold_d');
    timers.advance(1);
    end('hold_e');
    spool.put(settleOf('hold_f', 1n));
    timers.advance(20);
    const copy = folder.file('copy.jsonl');
    await copyFile(path, copy);
    const { waiting, spool: again } = await openSettleSpool(copy);
    expect(waiting).toEqual([settleOf('hold_f', 1n)]);
    await Promise.all([spool.close(), again.close()]);
  });

  it('writes with the next line what a full disk did not take, and leaves no mark of an ended call behind', async () => {
    let [text, isFull] = ['', false];
    const { live } = readLiveLines('');
    const { spool } = await openSpoolOn(live, createManualTimers(), async () => ({
      get bytes() {
        return text.length;
      },
      isBeingReplaced: false,
      append(lines) {
        if (isFull) throw new Error('ENOSPC');
        text += lines;
      },
      clear() {
        text = '';
      },
      sync: async () => undefined,
      replace: async () => undefined,
      close: async () => undefined,
    }));
    const [kept, other, write] = [settleOf('hold_k', 1n), settleOf('hold_a', 1n), settleOf('hold_b', 2n)];
    for (const one of [kept, other]) spool.put(one);
    spool.mark(write);
    isFull = true;
    expect(() => spool.put(write)).toThrow('ENOSPC');
    spool.acknowledge([nameLedgerWrite(write), nameLedgerWrite(other)]);
    const lost = settleOf('hold_l', 4n);
    expect(() => spool.put(lost)).toThrow('ENOSPC');
    spool.acknowledge([nameLedgerWrite(lost)]);
    isFull = false;
    const last = settleOf('hold_c', 3n);
    spool.put(last);
    const { live: left } = readLiveLines(text);
    expect([left.writes(), left.marks()]).toEqual([[kept, last], []]);
    spool.acknowledge([nameLedgerWrite(kept), nameLedgerWrite(last)]);
    await spool.close();
    expect(text).toBe('');
  });

  it('keeps no more notes than it needs while the disk takes nothing', async () => {
    const { live } = readLiveLines('');
    let [longest, isFull] = [0, false];
    const { spool } = await openSpoolOn(live, createManualTimers(), async () => ({
      bytes: 0,
      isBeingReplaced: false,
      append(lines) {
        longest = Math.max(longest, lines.split('\n').length);
        if (isFull) throw new Error('ENOSPC');
      },
      clear: () => undefined,
      sync: async () => undefined,
      replace: async () => undefined,
      close: async () => undefined,
    }));
    spool.put(settleOf('hold_open', 1n));
    isFull = true;
    for (let number = 0; number < 2_000; number += 1) {
      try {
        spool.acknowledge([nameLedgerWrite(settleOf(`hold_${number}`, 1n))]);
      } catch {
        // Told of by the queue.
      }
    }
    expect(longest).toBeLessThan(300);
  });

  it('survives a crash at any byte: a torn line is cut off, whole ones are kept', async () => {
    await using folder = await openFolder();
    const path = folder.file('spool.jsonl');
    const { spool } = await openSettleSpool(path);
    const writes = [settleOf('hold_a', 11n), settleOf('hold_b', 22n), releaseOf('hold_c')];
    for (const write of writes) spool.put(write);
    await spool.close();
    const whole = await readFile(path);
    for (let length = 0; length <= whole.length; length += 1) {
      await writeFile(path, whole.subarray(0, length));
      const opened = await openSettleSpool(path);
      const kept = whole.subarray(0, length).toString().split('\n').length - 1;
      // A last line that lacks nothing but its newline is whole too.
      expect([kept, kept + 1]).toContain(opened.waiting.length);
      expect(opened.waiting).toEqual(writes.slice(0, opened.waiting.length));
      await opened.spool.close();
    }
  });

  it('sets lines aside that rotted, and keeps the rest', async () => {
    await using folder = await openFolder();
    const path = folder.file('spool.jsonl');
    const { spool } = await openSettleSpool(path);
    for (const write of [settleOf('hold_a', 1n), settleOf('hold_b', 2n), settleOf('hold_c', 3n)]) spool.put(write);
    await spool.close();
    const text = await readFile(path, 'utf8');
    await writeFile(path, text.replace('"amountNanoUsd":"2"', '"amountNanoUsd":"9"'));
    const { waiting, corruptLines, spool: second } = await openSettleSpool(path);
    expect(waiting.map((write) => write.command.holdId)).toEqual(['hold_a', 'hold_c']);
    expect(corruptLines).toBe(1);
    expect(await readFile(`${path}.corrupt`, 'utf8')).toContain('"amountNanoUsd":"9"');
    await second.close();
  });

  it('keeps what is appended while the file is written anew', async () => {
    await using folder = await openFolder();
    const path = folder.file('spool.jsonl');
    const { spool } = await openSettleSpool(path);
    const kept = Array.from({ length: 100 }, (_, index) => settleOf(`hold_kept_${index}`, BigInt(index)));
    const later: LedgerWrite[] = [];
    for (const write of kept) spool.put(write);
    let { ino } = await stat(path);
    let replacements = 0;
    // Dead lines until it begins, and some more of each kind while it runs.
    for (let round = 0; replacements < 3; round += 1) {
      const passing = Array.from({ length: 30 }, (_, index) => settleOf(`hold_${round}_${index}`, 1n));
      for (const write of passing) spool.put(write);
      spool.acknowledge(passing.map(nameLedgerWrite));
      later.push(settleOf(`hold_later_${round}`, 3n));
      spool.put(later.at(-1) as LedgerWrite);
      if (round % 50 === 0) await spool.sync();
      const now = await stat(path);
      replacements += now.ino === ino ? 0 : 1;
      ino = now.ino;
    }
    await spool.close();
    const { waiting, corruptLines, spool: again } = await openSettleSpool(path);
    const names = waiting.map(nameLedgerWrite);
    expect(corruptLines).toBe(0);
    expect(new Set(names).size).toBe(names.length);
    expect(names.toSorted()).toEqual([...kept, ...later].map(nameLedgerWrite).toSorted());
    await again.close();
  });

  it('leaves the old file as it is when a new one cannot be put in its place', async () => {
    await using folder = await openFolder();
    const path = folder.file('spool.jsonl');
    const { spool } = await openSettleSpool(path);
    spool.put(settleOf('hold_a', 1n));
    // The name of the new file is taken by a folder that is not empty.
    await mkdir(`${path}.new/taken`, { recursive: true });
    const passing = Array.from({ length: 5_000 }, (_, index) => settleOf(`hold_${index}`, 1n));
    for (const write of passing) spool.put(write);
    spool.acknowledge(passing.map(nameLedgerWrite));
    await spool.sync();
    await rm(`${path}.new`, { recursive: true });
    spool.put(settleOf('hold_b', 2n));
    await spool.close();
    const { waiting, spool: again } = await openSettleSpool(path);
    expect(waiting).toEqual([settleOf('hold_a', 1n), settleOf('hold_b', 2n)]);
    await again.close();
  });

  it('gives back the last mark of each call that did not end, and of no other', async () => {
    await using folder = await openFolder();
    const path = folder.file('spool.jsonl');
    const { spool } = await openSettleSpool(path);
    spool.mark(settleOf('hold_a', 1n));
    spool.mark(settleOf('hold_b', 5n));
    spool.mark(settleOf('hold_a', 2n));
    spool.put(settleOf('hold_b', 6n));
    spool.acknowledge([nameLedgerWrite(settleOf('hold_b', 6n))]);
    // As a killed process leaves it: not closed.
    const { waiting, orphans, spool: again } = await openSettleSpool(path);
    expect(waiting.map(nameLedgerWrite)).toEqual([nameLedgerWrite(settleOf('hold_b', 6n))]);
    expect(orphans).toEqual([settleOf('hold_a', 2n)]);
    await Promise.all([spool.close(), again.close()]);
  });

  it('does not grow without end', async () => {
    await using folder = await openFolder();
    const path = folder.file('spool.jsonl');
    const { spool } = await openSettleSpool(path);
    spool.put(settleOf('hold_kept', 1n));
    for (let round = 0; round < 30; round += 1) {
      const writes = Array.from({ length: 200 }, (_, index) => settleOf(`hold_${round}_${index}`, 1n));
      for (const write of writes) spool.put(write);
      spool.acknowledge(writes.map(nameLedgerWrite));
    }
    expect((await stat(path)).size).toBeLessThan(2_000_000);
    await spool.close();
    const { waiting, spool: again } = await openSettleSpool(path);
    expect(waiting.map((write) => write.command.holdId)).toEqual(['hold_kept']);
    await again.close();
  });

  it('starts a new line after a write that broke off in the middle', async () => {
    await using folder = await openFolder();
    const path = folder.file('spool.jsonl');
    await appendFile(path, 'deadbeef {"put":');
    const { spool, corruptLines } = await openSettleSpool(path);
    expect(corruptLines).toBe(1);
    spool.put(settleOf('hold_a', 5n));
    await spool.close();
    await truncate(`${path}.corrupt`, 0);
    const { waiting, spool: again } = await openSettleSpool(path);
    expect(waiting).toEqual([settleOf('hold_a', 5n)]);
    await again.close();
  });

  it('reads no garbage as a write', async () => {
    await using folder = await openFolder();
    const path = folder.file('spool.jsonl');
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary', maxLength: 200 }), async (text) => {
        await writeFile(path, text);
        const { waiting, spool } = await openSettleSpool(path);
        expect(waiting).toEqual([]);
        await spool.close();
      }),
      { numRuns: 50 },
    );
  });
});
