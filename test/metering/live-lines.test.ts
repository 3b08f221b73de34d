import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LedgerWrite } from '../../src/metering/ledger-write.ts';
import { createLiveLines, readLiveLines } from '../../src/metering/live-lines.ts';
import { settleOf } from './metering-fixtures.ts';

function markOf(amountNanoUsd: bigint, note: string): LedgerWrite {
  const write = settleOf('hold_a', amountNanoUsd);
  return { ...write, command: { ...write.command, details: { note } } } as LedgerWrite;
}

describe('the lines that still count', () => {
  it('have the last mark of a hold, however long the one before it was', () => {
    const mark = fc.tuple(fc.maxSafeNat().map(BigInt), fc.string({ unit: 'binary', maxLength: 200 }));
    fc.assert(
      fc.property(fc.array(mark, { minLength: 1, maxLength: 8 }), (marks) => {
        const live = createLiveLines();
        const other = settleOf('hold_b', 7n);
        const writes = marks.map(([amount, note]) => markOf(amount, note));
        live.mark(other);
        for (const write of writes) live.mark(write);
        const read = readLiveLines(live.texts().join(''));
        expect(read.corrupt).toEqual([]);
        expect(live.marks()).toEqual([other, writes.at(-1)]);
        expect(read.live.marks()).toEqual(live.marks());
      }),
    );
  });
});
