import type { Limits } from '../../config/settings.ts';
import type { Timers } from '../../metering/timers.ts';
import { createBodyMemory } from './body-memory.ts';
import { createCallCounts } from './call-counts.ts';
import { createLoadShedder } from './load-shedder.ts';

/** Whose request it is. */
export interface Caller {
  accountId: string;
  keyId: string;
}

/** Why a request is not let in at the moment. Nothing was read of its body. */
export type LoadRefusal =
  | { kind: 'too_many_open'; owner: 'account' | 'key'; limit: number }
  /** The process has more to do than it can; `key_look_ups`: more keys not seen before than are looked up at once. */
  | { kind: 'overloaded'; cause: 'event_loop' | 'body_memory' | 'key_look_ups' };

/** A place among the requests that are being served. */
export interface Seat {
  /** Asks for room for so many bytes of a body. @returns false where there is none: the request is to be refused. */
  holdBytes(bytes: number): boolean;
  /** Gives back room before the end. */
  freeBytes(bytes: number): void;
  /** One more holds the place, until it calls what is returned. Acts once. */
  keep(): () => void;
}

/** Protects the process from more than it can do, and its callers from one another. */
export interface AdmissionControl {
  /**
   * @param bodyBytes what the request says that it will send, to be held in memory; 0 where it does not say or none is
   * held.
   * @returns a place held once, by whoever asked: see {@link Seat.keep}.
   */
  enter(caller: Caller, bodyBytes: number): { seat: Seat; leave: () => void } | { refusal: LoadRefusal };
  /** Ends the watch over the event loop. */
  stop(): void;
}

export interface AdmissionControlOptions {
  limits: Pick<Limits, 'callsPerAccount' | 'callsPerKey' | 'loopDelayMs' | 'bodyMemoryBytes'>;
  timers: Timers;
}

/**
 * Counts what this process serves at the moment. What is open stays open, whatever the load: only new requests are
 * refused, the cheapest way to say no first.
 */
export function createAdmissionControl({ limits, timers }: AdmissionControlOptions): AdmissionControl {
  const accounts = createCallCounts(limits.callsPerAccount);
  const keys = createCallCounts(limits.callsPerKey);
  const memory = createBodyMemory(limits.bodyMemoryBytes);
  const shedder = createLoadShedder({ limitMs: limits.loopDelayMs, timers });

  const findRefusal = ({ accountId, keyId }: Caller, bodyBytes: number): LoadRefusal | undefined => {
    if (accounts.isFull(accountId)) return { kind: 'too_many_open', owner: 'account', limit: limits.callsPerAccount };
    if (keys.isFull(keyId)) return { kind: 'too_many_open', owner: 'key', limit: limits.callsPerKey };
    if (!memory.hasRoom(accountId, bodyBytes)) return { kind: 'overloaded', cause: 'body_memory' };
    return shedder.admits(accountId) ? undefined : { kind: 'overloaded', cause: 'event_loop' };
  };

  return {
    enter(caller, bodyBytes) {
      const refusal = findRefusal(caller, bodyBytes);
      if (refusal !== undefined) return { refusal };
      const { accountId, keyId } = caller;
      accounts.add(accountId);
      keys.add(keyId);
      let held = 0;
      let keepers = 0;
      const keep = (): (() => void) => {
        keepers += 1;
        let left = false;
        return () => {
          if (left) return;
          left = true;
          keepers -= 1;
          if (keepers > 0) return;
          accounts.remove(accountId);
          keys.remove(keyId);
          memory.give(accountId, held);
          held = 0;
        };
      };
      const leave = keep();
      const seat: Seat = {
        holdBytes(bytes) {
          // A body that goes on after its request has ended is thrown away.
          if (keepers === 0 || !memory.take(accountId, bytes)) return false;
          held += bytes;
          return true;
        },
        freeBytes(bytes) {
          const freed = Math.min(bytes, held);
          held -= freed;
          memory.give(accountId, freed);
        },
        keep,
      };
      return { seat, leave };
    },
    stop: shedder.stop,
  };
}
