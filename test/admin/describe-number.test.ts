import { Type } from 'typebox';
import { expect, test } from 'vitest';
import { compileValidator } from '../../src/admin/compile-validator.ts';
import type { RequestInvalid } from '../../src/admin/request-invalid.ts';

const schema = Type.Object({
  'per/cent~': Type.Optional(Type.Number({ minimum: 0.5, maximum: 1 })),
  list: Type.Optional(Type.Array(Type.Integer({ minimum: 2 }))),
  most: Type.Optional(Type.Integer({ maximum: 9 })),
  any: Type.Optional(Type.Number()),
  maybe: Type.Optional(Type.Unsafe({ type: ['integer', 'null'], minimum: 0 })),
  text: Type.Optional(Type.String()),
});
const validate = compileValidator({ schema, httpPart: 'body', method: 'POST', url: '/' });
const errorsOf = (body: unknown) => (validate(body) as { error?: RequestInvalid }).error?.errors;

test.each([
  [{ 'per/cent~': 2 }, 'per/cent~', 'must be a number from 0.5 to 1'],
  [{ 'per/cent~': '1' }, 'per/cent~', 'must be a number from 0.5 to 1'],
  [{ list: [2, 1.5] }, 'list[1]', 'must be a whole number of at least 2'],
  [{ most: 10 }, 'most', 'must be a whole number of at most 9'],
  [{ any: null }, 'any', 'must be a number'],
  [{ maybe: -1 }, 'maybe', 'must be a whole number of at least 0, or null'],
  [{ text: 1 }, 'text', 'must be string'],
  [[], '', 'must be object'],
])('what a number must be is said in words: %j', (body, field, message) => {
  expect(errorsOf(body)).toEqual([{ field, message }]);
});
