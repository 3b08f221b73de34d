import { expect, test } from 'vitest';
import * as repeatable from '../../bin/mutate/repeatable-tests.mjs';

test('suites are set up once, tests run until one fails, and what noticed a mistake comes first the next time', async () => {
  const log: string[] = [];
  const note = (text: string) => () => void log.push(text);
  let broken: string | undefined;
  const subject = (name: string) => () => {
    log.push(name);
    repeatable.onTestFinished(note(`${name} finished`));
    if (broken === name) throw new Error(name);
  };
  repeatable.describe('outer', () => {
    repeatable.beforeAll(note('all'));
    repeatable.beforeEach(note('each'));
    repeatable.afterEach(note('after'));
    repeatable.test('one', subject('one'));
    repeatable.describe.each([['a'], ['b']])('inner %s', (letter: string) => {
      repeatable.test.each([1, 2])('%i', (number: number) => subject(`${letter}${number}`)());
    });
  });
  const run = async () => {
    log.length = 0;
    return [await repeatable.runTests(), log.filter((text) => /^(one|[ab]\d)$/.test(text))];
  };
  expect(await run()).toEqual(['passed', ['one', 'a1', 'a2', 'b1', 'b2']]);
  expect(log.slice(0, 5)).toEqual(['all', 'each', 'one', 'after', 'one finished']);
  expect(log.filter((text) => text === 'all')).toHaveLength(1);
  broken = 'b1';
  expect(await run()).toEqual(['failed', ['one', 'a1', 'a2', 'b1']]);
  expect(log.at(-1)).toBe('b1 finished');
  expect(await run()).toEqual(['failed', ['b1']]);
  broken = undefined;
  expect(await run()).toEqual(['passed', ['b1', 'one', 'a1', 'a2', 'b2']]);
});
