import { Validator } from '@seriousme/openapi-schema-validator';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type AdminUnderTest, type Json, openAdmin } from './admin-under-test.ts';
import { createAnswerContract } from './answer-contract.ts';

let admin: AdminUnderTest;
let document: Json;
beforeAll(async () => {
  admin = await openAdmin();
  document = (await admin.app.inject({ url: '/admin/v1/openapi.json' })).json();
});
afterAll(() => admin.close());

const operations = (): { path: string; method: string; operation: Json }[] =>
  Object.entries<Json>(document.paths).flatMap(([path, methods]) =>
    Object.entries<Json>(methods).map(([method, operation]) => ({ path, method, operation })),
  );

test('the document is valid OpenAPI 3.1', async () => {
  const validator = new Validator();
  const { valid, errors } = await validator.validate(structuredClone(document));
  expect(errors ?? []).toEqual([]);
  expect(valid).toBe(true);
  expect(document.openapi).toBe('3.1.0');
});

test('every call of the API is in it, and nothing else', () => {
  const calls = operations().map(
    ({ path, method }) => `${method.toUpperCase()} ${path.replaceAll(/\{(\w+)\}/g, ':$1')}`,
  );
  const routes = admin.routes.filter((route) => route.includes(' /admin/v1/') && !route.endsWith('/openapi.json'));
  expect(calls.sort()).toEqual(routes.toSorted());
  expect(calls.length).toBeGreaterThanOrEqual(25);
});

test('every call has a name of its own, a tag, a summary, problems and the token', () => {
  const names = operations().map(({ operation }) => operation.operationId);
  expect(new Set(names).size).toBe(names.length);
  expect(document.security).toEqual([{ adminToken: [] }]);
  const tags = document.tags.map((tag: Json) => tag.name);
  for (const { operation } of operations()) {
    expect(operation.summary).toMatch(/^[A-Z]/);
    expect(tags).toContain(operation.tags[0]);
    expect(operation.security).toBeUndefined();
    expect(operation.responses['4XX'].content['application/problem+json'].schema.$ref).toBe(
      '#/components/schemas/Problem',
    );
  }
});

test('every write may carry an idempotency key', () => {
  for (const { method, operation } of operations()) {
    const headers = (operation.parameters ?? []).filter((parameter: Json) => parameter.in === 'header');
    expect(headers.map((parameter: Json) => parameter.name)).toEqual(method === 'get' ? [] : ['idempotency-key']);
  }
});

test('the contract check refuses an answer that is not in the document', () => {
  const contract = createAnswerContract(document);
  const headers = { 'content-type': 'application/json' };
  const page = { data: [], has_more: false };
  const check =
    (status: number, body: unknown, more = headers) =>
    () =>
      contract.check('GET', '/admin/v1/accounts', { status, headers: more, body });
  expect(check(200, page)).not.toThrow();
  expect(check(200, { ...page, extra: 1 })).toThrow();
  expect(check(200, { data: [{ id: 'acct_1' }], has_more: false })).toThrow();
  expect(check(204, undefined)).toThrow();
  expect(check(200, page, { 'content-type': 'text/plain' })).toThrow();
});
