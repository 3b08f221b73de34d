import type { Timers } from '../../src/metering/timers.ts';
import type { VirtualTime } from './virtual-time.ts';

/**
 * The life of one simulated process. Whatever it does to the world (a line written, a command sent, bytes passed on)
 * asks first: once it is dead nothing of it has an effect any more, as after SIGKILL.
 */
export interface Mortal {
  readonly isAlive: boolean;
  /** Called before each effect. @returns false: it must not happen. */
  act(): boolean;
  /** Dies just before the effect after so many others: also in the middle of what runs without a wait. */
  dieAfter(effects: number): void;
  die(): void;
  /** Ends as it was asked to: nothing more has an effect either. */
  exit(): void;
}

export function createMortal(onDeath: () => void): Mortal {
  let isAlive = true;
  let left = Number.POSITIVE_INFINITY;
  const die = (): void => {
    if (!isAlive) return;
    isAlive = false;
    onDeath();
  };
  return {
    get isAlive() {
      return isAlive;
    },
    act() {
      left -= 1;
      if (left < 0) die();
      return isAlive;
    },
    dieAfter(effects) {
      left = effects;
    },
    die,
    exit() {
      isAlive = false;
    },
  };
}

/** Timers that do not fire in a dead process. The clock may be stepped, the delays not: as with the system's. */
export function createMortalTimers(time: VirtualTime, life: Mortal, nowMs: () => number): Timers {
  const after = (delayMs: number, run: () => void): (() => void) =>
    time.after(delayMs, () => {
      if (life.isAlive) run();
    });
  return {
    nowMs,
    after,
    every(intervalMs, run) {
      let cancel = (): void => undefined;
      const again = (): void => {
        cancel = after(intervalMs, () => {
          again();
          run();
        });
      };
      again();
      return () => cancel();
    },
  };
}
