import { expect, test } from 'vitest';
import { createWatchList } from '../../src/collections/watch-list.ts';

test('remembers so many, and forgets first what was not looked for longest', () => {
  const list = createWatchList(2, { seen: 0 });
  const seen = (key: string) => {
    const watched = list.find(key);
    watched.seen += 1;
    return watched.seen;
  };
  expect(['a', 'b', 'a', 'c', 'a', 'c', 'b'].map(seen)).toEqual([1, 1, 2, 1, 3, 2, 1]);
  list.forget('b');
  expect(seen('b')).toBe(1);
});

test('does what came meanwhile when the work has ended, of each kind the newest', async () => {
  const list = createWatchList(9, {});
  const done: string[] = [];
  const work = (name: string) => async () => {
    done.push(name);
    await undefined;
  };
  const see = (name: string, kind: string) => {
    const watched = list.find('a');
    if (watched.busy) list.postpone(watched, kind, () => see(name, kind));
    else list.begin(watched, work(name));
  };
  for (const name of ['1x', '2x', '3y', '4x', '5y']) see(name, name.slice(1));
  expect(done).toEqual(['1x']);
  list.begin(list.find('b'), work('b'));
  await list.settled();
  expect(done).toEqual(['1x', 'b', '4x', '5y']);
  expect([list.find('a').busy, list.find('a').next]).toEqual([false, undefined]);
});
