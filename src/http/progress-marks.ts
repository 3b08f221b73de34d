import type { MeteredCall } from '../metering/metered-call.ts';
import type { Timers } from '../metering/timers.ts';
import { readReported } from './read-outcome.ts';
import type { UsageObserver } from './usage-observer.ts';

/** Between two marks a stream may report, and this process die: what that costs is not charged. */
const MARK_EVERY_MS = 2_000;
const MARK_AT_LEAST_EVERY_MS = 10_000;
/** Of all streams together. Each mark is a line of the spool, and of many streams they were most of the work. */
const MARKS_PER_SECOND = 500;

/** How often each of the streams of this process is marked. */
export interface MarkPace {
  /** One stream more. */
  enter(): void;
  leave(): void;
  /** The time between two marks of a stream: two seconds with up to a thousand streams, more with more. */
  intervalMs(): number;
}

export function createMarkPace(): MarkPace {
  let streams = 0;
  return {
    enter() {
      streams += 1;
    },
    leave() {
      streams -= 1;
    },
    intervalMs: () => Math.min(MARK_AT_LEAST_EVERY_MS, Math.max(MARK_EVERY_MS, (streams * 1_000) / MARKS_PER_SECOND)),
  };
}

/** Notes a stream's usage as soon as it is reported, and again and again after. */
export class ProgressMarks {
  readonly #call: Pick<MeteredCall, 'mark'>;
  readonly #observer: Pick<UsageObserver, 'snapshot'>;
  readonly #timers: Pick<Timers, 'nowMs'>;
  readonly #pace: MarkPace;
  #dueAtMs = 0;

  constructor(
    call: Pick<MeteredCall, 'mark'>,
    observer: Pick<UsageObserver, 'snapshot'>,
    { timers, pace }: { timers: Pick<Timers, 'nowMs'>; pace: MarkPace },
  ) {
    this.#call = call;
    this.#observer = observer;
    this.#timers = timers;
    this.#pace = pace;
    pace.enter();
  }

  /** To be called after each chunk. */
  look(): void {
    const nowMs = this.#timers.nowMs();
    if (nowMs < this.#dueAtMs) return;
    const snapshot = this.#observer.snapshot();
    if (snapshot?.usage === undefined) return;
    this.#dueAtMs = nowMs + this.#pace.intervalMs();
    this.#call.mark(readReported(snapshot));
  }

  /** To be called once, at the stream's end. */
  end(): void {
    this.#pace.leave();
  }
}
