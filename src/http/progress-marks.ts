import type { MeteredCall } from '../metering/metered-call.ts';
import type { Timers } from '../metering/timers.ts';
import { readReported } from './read-outcome.ts';
import type { UsageObserver } from './usage-observer.ts';

/** Between two marks a stream may report, and this process die: what that costs is not charged. */
const MARK_EVERY_MS = 2_000;

/**
 * Notes a stream's usage as soon as it is reported, and every two seconds after.
 * @returns to be called after each chunk.
 */
export function createProgressMarks(
  call: Pick<MeteredCall, 'mark'>,
  observer: Pick<UsageObserver, 'snapshot'>,
  timers: Pick<Timers, 'nowMs'>,
): () => void {
  let dueAtMs = 0;
  return () => {
    const nowMs = timers.nowMs();
    if (nowMs < dueAtMs) return;
    const snapshot = observer.snapshot();
    if (snapshot?.usage === undefined) return;
    dueAtMs = nowMs + MARK_EVERY_MS;
    call.mark(readReported(snapshot));
  };
}
