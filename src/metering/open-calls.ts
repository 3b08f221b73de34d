import { createLinkedMap } from '../collections/linked-map.ts';
import type { NanoUsd } from '../domain/money.ts';
import type { HoldCommand } from '../ledger/ledger.ts';
import type { InterruptReason } from './metering-types.ts';
import type { Timers } from './timers.ts';

/** A call between its admission and its end. */
export interface OpenCall {
  readonly accountId: string;
  readonly holdId: string;
  /** What its hold was made with: an extension is judged by the same. */
  readonly modelLabels: HoldCommand['modelLabels'];
  readonly cells: HoldCommand['cells'];
  /** Nothing is held for it: there is no lease to keep. */
  readonly onGrace?: boolean | undefined;
  /** How it stands now. Costs nothing until it is asked. */
  look(): OpenCallView;
  /** Ends it: stops what forwards it and finishes it with this reason. Acts once. */
  interrupt(reason: InterruptReason): void;
}

/** An open call as people are shown it. */
export interface OpenCallView {
  requestId: string;
  keyId: string;
  teamId: string | undefined;
  memberId: string | undefined;
  /** As asked for. */
  model: string;
  startedAtMs: number;
  heldNanoUsd: NanoUsd;
  /** Prompt tokens of every class, as the answer has reported them; undefined until then. */
  inputTokens: number | undefined;
  /** Tokens generated so far: reported, or estimated from what has been seen, whichever is more. */
  outputTokens: number;
}

/** The calls of this process between admission and their end. */
export interface OpenCalls {
  add(call: OpenCall): void;
  remove(call: OpenCall): void;
  has(holdId: string): boolean;
  readonly size: number;
  list(): OpenCall[];
  /** Waits for every call to end; those that still run at the deadline are interrupted for `shutdown`. */
  drain(deadlineMs: number, timers: Timers): Promise<{ interrupted: number }>;
}

/** What an interrupted call may take to read the last of what it had received (a compressed answer). */
const INTERRUPT_GRACE_MS = 1_000;

export function createOpenCalls(): OpenCalls {
  const calls = createLinkedMap<OpenCall>();
  const idleListeners = new Set<() => void>();
  return {
    add: (call) => calls.set(call.holdId, call),
    remove(call) {
      calls.delete(call.holdId);
      if (calls.size > 0) return;
      for (const listener of idleListeners) listener();
      idleListeners.clear();
    },
    has: (holdId) => calls.has(holdId),
    get size() {
      return calls.size;
    },
    list: calls.values,
    async drain(deadlineMs, timers) {
      if (calls.size === 0) return { interrupted: 0 };
      let interrupted = 0;
      const idle = new Promise<void>((resolve) => void idleListeners.add(resolve));
      const cancelDeadline = timers.after(deadlineMs, () => {
        interrupted = calls.size;
        for (const call of calls.values()) call.interrupt('shutdown');
      });
      let cancelGrace = (): void => undefined;
      const givenUp = new Promise<void>((resolve) => {
        cancelGrace = timers.after(deadlineMs + INTERRUPT_GRACE_MS, resolve);
      });
      await Promise.race([idle, givenUp]);
      cancelDeadline();
      cancelGrace();
      return { interrupted };
    },
  };
}
