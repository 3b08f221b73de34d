import { afterEach, beforeEach, expect, test } from 'vitest';
import { createDriftCheck, type DriftCheck, type DriftCheckParts } from '../../src/ledger/drift-check.ts';
import { ledgerKeys } from '../../src/store/redis/redis-keys.ts';
import { describeRestore, type OpenedStore } from '../restore/restore-stores.ts';
import { createManualTimers, type ManualTimers } from '../support/manual-timers.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const ACCOUNTS = ['acct_1', 'acct_2', 'acct_3', 'acct_4'];

describeRestore('the check in the background', (open, kind) => {
  let timers: ManualTimers;
  let store: OpenedStore;
  let looked: string[];
  let differing: string[];
  let log: { facts: { [name: string]: unknown }; text: string }[];
  beforeEach(async () => {
    timers = createManualTimers();
    store = await open({ nowMs: timers.nowMs() }, 0);
    [looked, differing, log] = [[], [], []];
    for (const accountId of ACCOUNTS) {
      await store.ledger.openAccount({ accountId, mode: 'prepaid', creditLimitNanoUsd: 0n });
    }
  });
  afterEach(() => store.close());

  const checkOf = (parts: Partial<DriftCheckParts> = {}): DriftCheck =>
    createDriftCheck({
      ...{ ledger: store.ledger, journal: store.journal, timers, roundMs: DAY_MS, random: () => 0 },
      listAccounts: async ({ after, limit }) => {
        const from = after === undefined ? 0 : ACCOUNTS.indexOf(after) + 1;
        return ACCOUNTS.slice(from, from + limit).map((id) => ({ id }));
      },
      onReconciled: (accountId, driftNanoUsd, agrees) => void looked.push(`${accountId} ${driftNanoUsd} ${agrees}`),
      onDifference: async ({ accountId }) => void differing.push(accountId),
      logger: {
        warn: (facts, text) => void log.push({ facts: { ...facts }, text }),
        error: (facts, text) => void log.push({ facts: { ...facts }, text }),
      },
      ...parts,
    });
  /** A turn, with its pauses passed. */
  const turn = async (check: DriftCheck) => {
    // What a timer began while the clock was moved has ended, or goes on by now.
    await new Promise(setImmediate);
    let isOver = false;
    const running = check.run().finally(() => {
      isOver = true;
    });
    while (!isOver) {
      await new Promise(setImmediate);
      // However long the store takes, the clock moves by the pauses alone.
      if (timers.pending().some((delayMs) => delayMs <= 50)) timers.advance(50);
    }
    await running;
  };
  const corrupt = async (accountId: string) => {
    if (kind === 'Redis') await store.client?.hset(ledgerKeys.account(accountId), { spent: '5', charged: '5' });
    else store.database?.connection.exec(`UPDATE books SET spent = 5, charged = 5 WHERE account_id = '${accountId}'`);
  };

  test('an account that is listed and has no books differs', async () => {
    const check = checkOf({ listAccounts: async () => [{ id: 'acct_lost' }] });
    await turn(check);
    expect([looked, differing]).toEqual([['acct_lost 0 false'], ['acct_lost']]);
    expect(log[0]?.facts).toMatchObject({ account_id: 'acct_lost', differences: [{ what: 'books' }] });
  });

  test('looks at every account once in a round, evenly spread, and begins again', async () => {
    const check = checkOf();
    await turn(check);
    expect(looked).toEqual(['acct_1 0 true']);
    timers.advance(5 * HOUR_MS);
    await turn(check);
    expect(looked).toHaveLength(1);
    timers.advance(HOUR_MS);
    await turn(check);
    expect(looked.at(-1)).toBe('acct_2 0 true');
    timers.advance(12 * HOUR_MS);
    await turn(check);
    expect(looked.map((line) => line.split(' ')[0])).toEqual(ACCOUNTS);
    timers.advance(5 * HOUR_MS);
    await turn(check);
    expect(looked).toHaveLength(4);
    timers.advance(HOUR_MS);
    await turn(check);
    expect(looked.at(-1)).toBe('acct_1 0 true');
    expect([log, differing]).toEqual([[], []]);
    await check.stop();
  });

  test('begins somewhere, so that restarts leave none out', async () => {
    const check = checkOf({ random: () => 0.7 });
    timers.advance(DAY_MS);
    await turn(check);
    timers.advance(DAY_MS);
    await turn(check);
    expect(looked.map((line) => line.split(' ')[0])).toEqual(['acct_3', 'acct_4', 'acct_1', 'acct_2']);
    await check.stop();
  });

  test('finds a balance that was changed, tells it and leaves it as it is', async () => {
    await corrupt('acct_2');
    const before = await store.ledger.readBooks('acct_2');
    const check = checkOf();
    await turn(check);
    timers.advance(DAY_MS);
    await turn(check);
    expect(looked).toContain('acct_2 10 false');
    expect(looked).toContain('acct_4 0 true');
    expect(differing).toEqual(['acct_2']);
    expect(log).toEqual([
      {
        text: 'the books and the journal do not agree',
        facts: {
          ...{ account_id: 'acct_2', sequence: 1 },
          differences: expect.arrayContaining([{ what: 'account: spentNanoUsd', journal: '0', store: '5' }]),
        },
      },
    ]);
    expect(await store.ledger.readBooks('acct_2')).toEqual(before);
    await check.stop();
  });

  test('what is gone at a second look, as in a fail-over, is not told', async () => {
    let looks = 0;
    const readBooks: OpenedStore['ledger']['readBooks'] = async (accountId) => {
      const books = await store.ledger.readBooks(accountId);
      looks += 1;
      if (books !== undefined && looks === 1) books.chargedNanoUsd += 1n;
      return books;
    };
    const check = checkOf({ ledger: { ...store.ledger, readBooks } });
    await turn(check);
    expect([looks, looked, differing]).toEqual([2, ['acct_1 0 true'], []]);
    await check.stop();
  });

  test('goes on when an account cannot be read, or the accounts cannot be listed', async () => {
    const readBooks: OpenedStore['ledger']['readBooks'] = async (accountId) => {
      if (accountId === 'acct_1') throw new Error('away');
      return store.ledger.readBooks(accountId);
    };
    const check = checkOf({ ledger: { ...store.ledger, readBooks } });
    await turn(check);
    timers.advance(DAY_MS);
    await turn(check);
    expect(looked).toHaveLength(3);
    expect(log.map(({ facts }) => facts.account_id)).toEqual(['acct_1']);
    await check.stop();
    const listAccounts = async () => {
      throw new Error('away');
    };
    const other = checkOf({ listAccounts });
    await turn(other);
    expect(log).toHaveLength(2);
    await other.stop();
  });

  test('stops at the next page', async () => {
    for (let number = 0; number < 1_001; number += 1) {
      await store.ledger.setPolicy({ accountId: 'acct_1', status: number % 2 === 0 ? 'frozen' : 'open' });
    }
    const check = checkOf();
    const running = check.run();
    await check.stop();
    await running;
    expect([looked, log, timers.pending()]).toEqual([[], [], []]);
  });
});
