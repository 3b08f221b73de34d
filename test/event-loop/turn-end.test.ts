import { describe, expect, test } from 'vitest';
import { atTurnEnd } from '../../src/event-loop/turn-end.ts';

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('the end of a turn', () => {
  test('answers go first, then what is sent to the store, then what writes it, whatever was asked first', async () => {
    const done: string[] = [];
    atTurnEnd('write', () => done.push('write'));
    atTurnEnd('send', () => done.push('send'));
    atTurnEnd('answer', () => done.push('answer'));
    atTurnEnd('send', () => done.push('another send'));
    expect(done).toEqual([]);
    await nextTurn();
    expect(done).toEqual(['answer', 'send', 'another send', 'write']);
  });

  test('what a task adds is done in the same turn, in its place', async () => {
    const done: string[] = [];
    atTurnEnd('write', () => done.push('write'));
    atTurnEnd('send', () => {
      done.push('send');
      atTurnEnd('write', () => done.push('its write'));
      atTurnEnd('send', () => done.push('its send'));
      atTurnEnd('answer', () => done.push('its answer'));
    });
    await nextTurn();
    expect(done).toEqual(['send', 'its answer', 'its send', 'write', 'its write']);
  });

  test('one that throws is heard of, and keeps none from its work', async () => {
    const done: string[] = [];
    const heard: unknown[] = [];
    const others = process.listeners('uncaughtException');
    process.removeAllListeners('uncaughtException');
    process.once('uncaughtException', (error) => heard.push(error.message));
    try {
      atTurnEnd('answer', () => {
        throw new Error('a client that is gone');
      });
      atTurnEnd('send', () => done.push('send'));
      await nextTurn();
      await nextTurn();
    } finally {
      process.removeAllListeners('uncaughtException');
      for (const other of others) process.on('uncaughtException', other);
    }
    expect([heard, done]).toEqual([['a client that is gone'], ['send']]);
    atTurnEnd('send', () => done.push('later'));
    await nextTurn();
    expect(done).toEqual(['send', 'later']);
  });
});
