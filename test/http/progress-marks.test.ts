// Goal: a stream's usage is noted as soon as it is reported and again in time, and many streams make few more notes.
// Method: a clock that is set by hand, and a reader that says what the test wants.
import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { UsageSnapshot } from '../../src/anthropic/usage-reader.ts';
import { createMarkPace, ProgressMarks } from '../../src/http/progress-marks.ts';

let nowMs: number;
let seen: UsageSnapshot | undefined;
const mark = vi.fn();
beforeEach(() => {
  nowMs = 1_000_000;
  seen = undefined;
  mark.mockReset();
});
const REPORTED = { usage: { passes: [] }, visibleCharacters: 7, anomalies: [] } as unknown as UsageSnapshot;
const open = (pace = createMarkPace()) =>
  new ProgressMarks({ mark }, { snapshot: () => seen }, { timers: { nowMs: () => nowMs }, pace });

describe('the marks of a stream', () => {
  it('begin when usage is reported, and come every two seconds', () => {
    const marks = open();
    marks.look();
    expect(mark).not.toHaveBeenCalled();
    seen = REPORTED;
    marks.look();
    expect(mark).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ visibleCharacters: 7 }));
    nowMs += 1_999;
    marks.look();
    expect(mark).toHaveBeenCalledTimes(1);
    nowMs += 1;
    marks.look();
    expect(mark).toHaveBeenCalledTimes(2);
  });

  it.each([
    [1, 2_000],
    [1_000, 2_000],
    [1_500, 3_000],
    [5_000, 10_000],
    [20_000, 10_000],
  ])('of %d streams come every %d ms', (streams, everyMs) => {
    const pace = createMarkPace();
    const all = Array.from({ length: streams }, () => open(pace));
    expect(pace.intervalMs()).toBe(everyMs);
    for (const marks of all.slice(1)) marks.end();
    expect(pace.intervalMs()).toBe(2_000);
  });
});
