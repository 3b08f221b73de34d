// Goal: a text is remembered of a list that cannot change, and of no other.
import { expect, test } from 'vitest';
import { createListTexts } from '../../src/domain/list-texts.ts';

test('a frozen list is written once, any other each time', () => {
  let written = 0;
  const textOf = createListTexts<number>((list) => {
    written += 1;
    return list.join(' ');
  });
  const frozen = Object.freeze([1, 2]);
  expect([textOf(frozen), textOf(frozen)]).toEqual(['1 2', '1 2']);
  expect(written).toBe(1);
  const open = [1];
  expect(textOf(open)).toBe('1');
  open.push(2);
  expect(textOf(open)).toBe('1 2');
  expect(written).toBe(3);
});
