import { HoldWatch } from './hold-watch.ts';
import type { RunningHold, RunningHoldsParts, WatchedCall } from './running-hold.ts';

/** Watches the calls that run on less than they may cost, and enlarges their holds in time. */
export interface RunningHolds {
  watch(call: WatchedCall): RunningHold;
}

/** One timer for all of them, while there are any: what is not visible is seen by the clock alone. */
const LOOK_EVERY_MS = 1_000;
export function createRunningHolds(parts: RunningHoldsParts): RunningHolds {
  const watched = new Set<RunningHold>();
  let stopLooking: (() => void) | undefined;
  const lookAtAll = (): void => {
    for (const hold of [...watched]) hold.look();
  };
  const forget = (hold: RunningHold): void => {
    watched.delete(hold);
    if (watched.size > 0) return;
    stopLooking?.();
    stopLooking = undefined;
  };
  return {
    watch(call) {
      const hold: RunningHold = new HoldWatch(parts, call, () => forget(hold));
      watched.add(hold);
      stopLooking ??= parts.timers.every(LOOK_EVERY_MS, lookAtAll);
      return hold;
    },
  };
}
