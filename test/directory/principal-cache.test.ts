import { describe, expect, test } from 'vitest';
import type { Principal } from '../../src/directory/directory.ts';
import { createPrincipalCache } from '../../src/directory/principal-cache.ts';

const principalOf = (accountId: string): Principal => ({
  account: {
    id: accountId,
    name: accountId,
    timezone: 'UTC',
    mode: 'prepaid',
    creditLimitNanoUsd: 0n,
    onDisconnect: 'drain',
    onExhausted: 'finish',
    lowBalanceNanoUsd: [],
    createdAtMs: 0,
  },
  key: { id: `key_${accountId}`, accountId, name: '', secretHash: '', hint: '', createdAtMs: 0 },
  quotas: [],
});

/** A directory whose answers wait until told, so that every interleaving can be made. */
function setUp(options: { entriesMax?: number; strangersMax?: number; knownMs?: number } = {}) {
  const stored = new Map<string, Principal>([
    ['a', principalOf('acct_a')],
    ['a2', principalOf('acct_a')],
    ['b', principalOf('acct_b')],
  ]);
  const asked: string[] = [];
  const gates: (() => void)[] = [];
  const listeners: ((accountId: string | undefined) => void)[] = [];
  const state = { nowMs: 0, hold: false, fail: undefined as Error | undefined };
  const cache = createPrincipalCache({
    now: () => state.nowMs,
    ...options,
    directory: {
      async findPrincipal(hash) {
        asked.push(hash);
        const answer = stored.get(hash);
        const { fail } = state;
        if (state.hold) await new Promise<void>((resolve) => gates.push(resolve));
        if (fail) throw fail;
        return answer;
      },
      onChange: (listener) => listeners.push(listener),
    },
  });
  return {
    cache,
    stored,
    asked,
    state,
    announce: (accountId: string | undefined) => {
      for (const listener of listeners) listener(accountId);
    },
    openGates: () => {
      for (const open of gates.splice(0)) open();
    },
  };
}

describe('createPrincipalCache', () => {
  test('asks once within five seconds, then again', async () => {
    const { cache, asked, state } = setUp();
    expect(await cache.find('a')).toMatchObject({ account: { id: 'acct_a' } });
    state.nowMs = 4_999;
    await cache.find('a');
    expect(asked).toEqual(['a']);
    state.nowMs = 5_000;
    await cache.find('a');
    expect(asked).toEqual(['a', 'a']);
  });

  test('remembers an unknown key for one second', async () => {
    const { cache, asked, state } = setUp();
    expect(await cache.find('x')).toBeUndefined();
    state.nowMs = 999;
    expect(await cache.find('x')).toBeUndefined();
    expect(asked).toEqual(['x']);
    state.nowMs = 1_000;
    await cache.find('x');
    expect(asked).toEqual(['x', 'x']);
  });

  test('a change drops that account, and every unknown key', async () => {
    const { cache, asked, announce, stored } = setUp();
    for (const hash of ['a', 'a2', 'b', 'new']) await cache.find(hash);
    stored.set('new', principalOf('acct_a'));
    announce('acct_a');
    for (const hash of ['a', 'a2', 'b']) await cache.find(hash);
    expect(await cache.find('new')).toBeDefined();
    expect(asked).toEqual(['a', 'a2', 'b', 'new', 'a', 'a2', 'new']);
  });

  test('a change without an account drops everything', async () => {
    const { cache, announce } = setUp();
    for (const hash of ['a', 'b', 'x']) await cache.find(hash);
    expect(cache.size()).toBe(3);
    announce(undefined);
    expect(cache.size()).toBe(0);
  });

  test('concurrent look-ups of one hash ask once', async () => {
    const { cache, asked, state, openGates } = setUp();
    state.hold = true;
    const flights = [cache.find('a'), cache.find('a'), cache.find('b')];
    openGates();
    const ids = ['acct_a', 'acct_a', 'acct_b'];
    expect(await Promise.all(flights)).toMatchObject(ids.map((id) => ({ account: { id } })));
    expect(asked).toEqual(['a', 'b']);
  });

  test('an answer overtaken by a change is neither joined nor remembered', async () => {
    const { cache, asked, state, openGates, announce, stored } = setUp();
    state.hold = true;
    const old = cache.find('a');
    stored.delete('a');
    announce('acct_a');
    const fresh = cache.find('a');
    openGates();
    expect(await old).toBeDefined();
    expect(await fresh).toBeUndefined();
    expect(await cache.find('a')).toBeUndefined();
    expect(asked).toEqual(['a', 'a']);
  });

  test('a fault reaches all who wait and is not remembered', async () => {
    const { cache, state } = setUp();
    state.fail = new Error('down');
    const both = await Promise.allSettled([cache.find('a'), cache.find('a')]);
    expect(both.map((each) => each.status)).toEqual(['rejected', 'rejected']);
    state.fail = undefined;
    expect(await cache.find('a')).toBeDefined();
  });

  test('is bounded, and a flood of wrong keys evicts no right one', async () => {
    const { cache, asked } = setUp({ entriesMax: 2 });
    await cache.find('a');
    for (let index = 0; index < 50; index += 1) await cache.find(`wrong${index}`);
    expect(cache.size()).toBe(3);
    asked.length = 0;
    await cache.find('a');
    expect(asked).toEqual([]);
    await cache.find('a2');
    await cache.find('b');
    await cache.find('a');
    expect(asked).toEqual(['a2', 'b', 'a']);
  });

  test('asks for so many strangers at once, and for whom it has found whatever their number', async () => {
    const { cache, asked, state, announce, openGates } = setUp({ strangersMax: 2 });
    await cache.find('a');
    announce(undefined);
    state.hold = true;
    const flights = [cache.find('wrong1'), cache.find('wrong2')];
    expect([cache.find('wrong3'), cache.find('b')]).toEqual(['busy', 'busy']);
    flights.push(cache.find('wrong2'), cache.find('a'));
    expect(asked).toEqual(['a', 'wrong1', 'wrong2', 'a']);
    openGates();
    expect((await Promise.all(flights)).map((each) => (each as Principal | undefined)?.account.id)).toEqual([
      undefined,
      undefined,
      undefined,
      'acct_a',
    ]);
    state.hold = false;
    state.fail = new Error('down');
    await expect(cache.find('wrong4')).rejects.toThrow('down');
    await expect(cache.find('wrong5')).rejects.toThrow('down');
    state.fail = undefined;
    expect(((await cache.find('b')) as Principal).account.id).toBe('acct_b');
    expect(cache.find('wrong3')).toBeInstanceOf(Promise);
  });

  test('knows a principal for a while when the store is lost, and forgets it when its account has changed', async () => {
    const { cache, state, announce } = setUp({ knownMs: 1_000 });
    for (const hash of ['a', 'b', 'x']) await cache.find(hash);
    state.fail = new Error('down');
    announce(undefined);
    await expect(cache.find('a')).rejects.toThrow('down');
    expect(cache.findKnown('a')?.account.id).toBe('acct_a');
    expect(cache.findKnown('x')).toBeUndefined();
    announce('acct_a');
    expect(cache.findKnown('a')).toBeUndefined();
    state.nowMs = 999;
    expect(cache.findKnown('b')?.account.id).toBe('acct_b');
    state.nowMs = 1_000;
    expect(cache.findKnown('b')).toBeUndefined();
  });

  test('knows no principal that the store has said is gone, and none at all unless asked to', async () => {
    const { cache, stored, announce } = setUp({ knownMs: 60_000 });
    await cache.find('a');
    stored.delete('a');
    announce(undefined);
    expect(await cache.find('a')).toBeUndefined();
    expect(cache.findKnown('a')).toBeUndefined();
    const plain = setUp();
    await plain.cache.find('a');
    expect(plain.cache.findKnown('a')).toBeUndefined();
  });
});
