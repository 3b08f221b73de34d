import { beforeEach, describe, expect, test } from 'vitest';
import { type CommitQueue, createCommitQueue, type Shared } from '../../../src/store/sqlite/commit-queue.ts';
import { type Database, openDatabase } from '../../../src/store/sqlite/open-database.ts';

/** A counter that the transitions of a batch share: its row is read and written once. */
interface SharedCounter extends Shared {
  add(by: number): number;
  writes: number;
}

function shareCounter({ connection }: Database): SharedCounter {
  const read = (): number => Number(connection.prepare('SELECT value FROM counter').get()?.value);
  let value: number | undefined;
  let isBehind = false;
  return {
    writes: 0,
    add(by) {
      value = (value ?? read()) + by;
      isBehind = true;
      return value;
    },
    flush() {
      if (!isBehind) return;
      connection.prepare('UPDATE counter SET value = ?').run(value ?? 0);
      isBehind = false;
      this.writes += 1;
    },
    forget() {
      value = undefined;
      isBehind = false;
    },
  };
}

describe('transitions of one batch', () => {
  let database: Database;
  let counter: SharedCounter;
  let queue: CommitQueue;
  const stored = () => database.connection.prepare('SELECT value FROM counter').get()?.value;
  const add = (by: number) => queue.runShared(() => counter.add(by));
  const fail = () =>
    queue.runShared(() => {
      counter.add(1_000);
      throw new Error('broken');
    });

  beforeEach(() => {
    database = openDatabase({ path: ':memory:', parts: [] });
    database.connection.exec('CREATE TABLE counter (value INTEGER); INSERT INTO counter VALUES (0)');
    counter = shareCounter(database);
    queue = createCommitQueue(database, counter);
  });

  test('write once what they share', async () => {
    expect(await Promise.all([add(1), add(2), add(3)])).toEqual([1, 3, 6]);
    expect(stored()).toBe(6);
    expect(counter.writes).toBe(1);
  });

  test('lose nothing to one of them that fails', async () => {
    const outcomes = await Promise.allSettled([add(1), fail(), add(2), fail(), add(4)]);
    expect(outcomes.map((one) => (one.status === 'fulfilled' ? one.value : 'failed'))).toEqual([
      1,
      'failed',
      3,
      'failed',
      7,
    ]);
    expect(stored()).toBe(7);
  });

  test('come after one that reads the tables itself, and before it', async () => {
    const look = () => queue.run(() => stored());
    expect(await Promise.all([look(), add(1), look(), add(2), look()])).toEqual([0, 1, 1, 3, 3]);
  });

  test('share nothing with the batch before', async () => {
    await add(1);
    database.connection.exec('UPDATE counter SET value = 40');
    expect(await add(2)).toBe(42);
  });

  test('all fail where the commit does, and nothing of them is left', async () => {
    database.connection.exec('PRAGMA query_only = 1');
    const outcomes = await Promise.allSettled([add(1), add(2)]);
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    database.connection.exec('PRAGMA query_only = 0');
    expect(await add(5)).toBe(5);
  });
});
