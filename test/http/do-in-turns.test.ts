// Goal: much work on one request's bytes holds up neither the rest of the process nor, with others like it, more than a slice.
// Method: works that count their slices, beside what else the event loop has to do.
import { expect, test } from 'vitest';
import type { Work } from '../../src/anthropic/work.ts';
import { doInTurns } from '../../src/http/do-in-turns.ts';

function* countSlices(name: string, slices: number, seen: string[]): Work<string> {
  for (let slice = 1; slice <= slices; slice += 1) {
    if (slice > 1) yield;
    seen.push(name);
  }
  return name;
}

test('small work is done at once', () => {
  const seen: string[] = [];
  void doInTurns(countSlices('small', 1, seen));
  expect(seen).toEqual(['small']);
});

test('between two slices the event loop turns', async () => {
  const seen: string[] = [];
  let turns = 0;
  const turn = (): void => {
    turns += 1;
    seen.push('loop');
    if (turns < 5) setImmediate(turn);
  };
  setImmediate(turn);
  expect(await doInTurns(countSlices('slice', 4, seen))).toBe('slice');
  expect(seen.slice(0, 6)).toEqual(['slice', 'loop', 'slice', 'loop', 'slice', 'loop']);
});

test('works take turns, one slice per turn of the loop', async () => {
  const seen: string[] = [];
  const names = ['a', 'b', 'c'];
  const turn = (): void => {
    seen.push('|');
    if (seen.length < 40) setImmediate(turn);
  };
  setImmediate(turn);
  expect(await Promise.all(names.map((name) => doInTurns(countSlices(name, 4, seen))))).toEqual(names);
  const later = seen.join('').split('|').slice(1);
  expect(later.filter((slices) => slices.length > 1)).toEqual([]);
  expect(seen.filter((each) => each !== '|')).toEqual([...'abcabcabcabc']);
});

test('a fault of the work is that of its turn', async () => {
  const broken = (function* (): Work<never> {
    yield;
    throw new Error('broken');
  })();
  const after = countSlices('after', 3, []);
  await expect(doInTurns(broken)).rejects.toThrow('broken');
  expect(await doInTurns(after)).toBe('after');
});
