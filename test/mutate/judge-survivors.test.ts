import { expect, test } from 'vitest';
import { judgeSurvivors, nameOf, readMutants } from '../../bin/mutate/judge-survivors.mjs';

const mutant = (from: string, file = 'a.ts') => ({ file, from, to: `not ${from}` });
const judge = (explained: object[], survivors: object[], more = {}) =>
  judgeSurvivors({
    explained: [{ reason: 'so it is', mutants: explained }],
    survivors,
    files: ['a.ts'],
    isSample: false,
    ...more,
  });

test('a mistake that nobody noticed needs a reason', () => {
  const [one, other] = [mutant('1'), mutant('2')];
  expect(judge([one], [one, other])).toEqual({ unexplained: [other], stale: [] });
});

test('a reason for a mistake that is noticed by now, or cannot be made, has to go', () => {
  const [one, other] = [mutant('1'), mutant('2')];
  expect(judge([one, other], [one])).toEqual({ unexplained: [], stale: [other] });
  expect(judge([one, other], [one], { isSample: true })).toEqual({ unexplained: [], stale: [] });
  expect(judge([mutant('1', 'not-mutated.ts')], [])).toEqual({ unexplained: [], stale: [] });
});

test('of lines that are alike the one above tells which', () => {
  const one = { ...mutant('answer()'), after: 'if closed' };
  const other = { ...mutant('answer()'), after: 'if frozen' };
  expect(judge([one], [one, other]).unexplained).toEqual([other]);
});

test('what a run printed can be made again', () => {
  const one = mutant('1');
  const printed = `not noticed: ${JSON.stringify(one)}\na.ts: so far 3 noticed, 1 not\n`;
  expect(readMutants(printed)).toEqual(new Set([nameOf(one)]));
});
