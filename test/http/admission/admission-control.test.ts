import { describe, expect, it } from 'vitest';
import { createAdmissionControl } from '../../../src/http/admission/admission-control.ts';
import { createManualTimers } from '../../support/manual-timers.ts';

const ONE = { accountId: 'acct_a', keyId: 'key_1' };
const TWO = { accountId: 'acct_a', keyId: 'key_2' };
const OTHER = { accountId: 'acct_b', keyId: 'key_3' };

function open() {
  const limits = { callsPerAccount: 3, callsPerKey: 2, loopDelayMs: 100, bodyMemoryBytes: 1_000 };
  const timers = createManualTimers();
  const control = createAdmissionControl({ limits, timers });
  const enter = (caller: typeof ONE, bytes = 0) => {
    const entered = control.enter(caller, bytes);
    if ('refusal' in entered) throw new Error(entered.refusal.kind);
    return entered;
  };
  return { control, enter, timers };
}

describe('admission control', () => {
  it('bounds the open requests of a key and of its account, and of nobody else', () => {
    const { control, enter } = open();
    const first = enter(ONE);
    enter(ONE);
    expect(control.enter(ONE, 0)).toEqual({ refusal: { kind: 'too_many_open', owner: 'key', limit: 2 } });
    enter(TWO);
    expect(control.enter(TWO, 0)).toEqual({ refusal: { kind: 'too_many_open', owner: 'account', limit: 3 } });
    enter(OTHER);
    first.leave();
    first.leave();
    enter(ONE);
    expect(control.enter(ONE, 0)).toHaveProperty('refusal');
  });

  it('a place is free when the last who keeps it has left, and its bytes with it', () => {
    const { control, enter } = open();
    const { seat, leave } = enter(ONE);
    const letGo = seat.keep();
    expect([seat.holdBytes(700), seat.holdBytes(200)]).toEqual([true, false]);
    leave();
    enter(ONE);
    expect(control.enter(ONE, 0)).toHaveProperty('refusal');
    expect(control.enter(OTHER, 400)).toEqual({ refusal: { kind: 'overloaded', cause: 'body_memory' } });
    seat.freeBytes(500);
    enter(OTHER, 400).leave();
    letGo();
    letGo();
    expect(seat.holdBytes(1)).toBe(false);
    enter(ONE);
    enter(OTHER, 800);
  });

  it('ends its watch', () => {
    const { control, timers } = open();
    expect(timers.pending()).toHaveLength(1);
    control.stop();
    expect(timers.pending()).toEqual([]);
  });
});
