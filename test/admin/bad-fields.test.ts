import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type AdminUnderTest, type Json, openAdmin, TOKEN } from './admin-under-test.ts';
import {
  findBadQueryValues,
  findBadValues,
  findFields,
  findObjects,
  type Path,
  putValue,
  sampleOf,
  writePath,
} from './bad-values.ts';
import { digestStore } from './digest-store.ts';
import { GOOD_CALLS, type GoodCall, type Ids } from './good-calls.ts';
import { CANARIES, makeWorld } from './two-accounts.ts';

// Every field of every call of the document, of routes to come as well: each wrong value is refused by the field's
// name, changes nothing in the store, and shows nothing of another account.

interface Operation {
  name: string;
  method: string;
  path: string;
  params: string[];
  query: { name: string; schema: Json }[];
  body: Json | undefined;
}

const OPERATIONS = await listOperations();

async function listOperations(): Promise<Operation[]> {
  const admin = await openAdmin();
  const document: Json = (await admin.app.inject({ url: '/admin/v1/openapi.json' })).json();
  await admin.close();
  const resolve = (schema: Json): Json =>
    schema?.$ref === undefined ? schema : document.components.schemas[schema.$ref.split('/').at(-1)];
  return Object.entries<Json>(document.paths).flatMap(([path, methods]) =>
    Object.entries<Json>(methods).map(([method, { operationId, parameters = [], requestBody }]) => ({
      ...{ name: operationId, method: method.toUpperCase(), path },
      params: parameters.filter((each: Json) => each.in === 'path').map((each: Json) => each.name),
      query: parameters.filter((each: Json) => each.in === 'query'),
      body: resolve(requestBody?.content['application/json'].schema),
    })),
  );
}

interface Call {
  params?: Ids;
  query?: string;
  body?: Json | undefined;
  headers?: { [name: string]: string };
}

describe.each(OPERATIONS.map((operation) => [operation.name, operation] as const))('%s', (name, operation) => {
  let admin: AdminUnderTest;
  let accounts: { mine: Ids; foreign: Ids };
  let good: GoodCall;
  let before: string;
  beforeAll(async () => {
    admin = await openAdmin();
    const { own, otherAccount } = await makeWorld(admin);
    accounts = { mine: { ...own }, foreign: { ...otherAccount } };
    good = GOOD_CALLS[name]?.(own) ?? {};
    if (operation.body !== undefined) good = { body: sampleOf(operation.body), ...good };
    before = digestStore(admin);
  });
  afterAll(() => admin.close());

  const send = async ({ params = {}, query, body, headers = {} }: Call) => {
    const values = { ...accounts.mine, ...good.params, ...params };
    const path = operation.path.replaceAll(/\{(\w+)\}/g, (_, each: string) => encodeURIComponent(values[each] ?? ''));
    const queryText = query ?? new URLSearchParams(good.query).toString();
    const payload = body === undefined ? good.body : body;
    const answer = await admin.app.inject({
      method: operation.method as 'GET',
      url: queryText === '' ? path : `${path}?${queryText}`,
      headers: {
        authorization: `Bearer ${TOKEN}`,
        ...(payload === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(payload === undefined ? {} : { payload: typeof payload === 'string' ? payload : JSON.stringify(payload) }),
    });
    const isProblem = `${answer.headers['content-type']}`.startsWith('application/problem+json');
    return { status: answer.statusCode, text: answer.body, problem: isProblem ? (answer.json() as Json) : undefined };
  };

  /** Refused, by the name of the field where there is one, with nothing changed and nothing told. */
  const expectRefusal = async (call: Call, fields: readonly string[], statuses: readonly number[], what: unknown) => {
    const answer = await send(call);
    const said = `${name} with ${fields[0] ?? ''} ${JSON.stringify(what)?.slice(0, 80)}: ${answer.text.slice(0, 400)}`;
    expect(statuses, said).toContain(answer.status);
    expect(answer.problem?.status, said).toBe(answer.status);
    expect(answer.text, said).not.toContain(CANARIES.otherAccount);
    if (answer.status === 400 && fields.length > 0) {
      const named = (answer.problem.errors ?? []).map((error: Json) => error.field as string);
      const isNamed = named.some((each: string) => fields.some((field) => isPart(each, field)));
      expect(isNamed, said).toBe(true);
    }
    expect(digestStore(admin), `${said}: the store has changed`).toBe(before);
  };
  const expectBadField = async (field: string, call: Call, what: unknown) => expectRefusal(call, [field], [400], what);

  onlyIf(operation.body !== undefined)('refuses each wrong value of each field of its body', async () => {
    const schema = operation.body;
    for (const field of findFields(schema)) {
      for (const value of findBadValues(field.schema)) {
        await expectBadField(writePath(field.path), { body: putValue(good.body, schema, field.path, value) }, value);
      }
      if (field.required) {
        const without = putValue(good.body, schema, field.path, undefined);
        await expectBadField(writePath(field.path), { body: without }, 'nothing');
      }
    }
    for (const path of findObjects(schema)) {
      for (const unknown of ['nonsense', 'hasOwnProperty', 'toString', '$where', 'accountId']) {
        const place: Path = [...path, unknown];
        await expectBadField(writePath(place), { body: putValue(good.body, schema, place, 1) }, 'unknown');
      }
    }
  });

  onlyIf(operation.body !== undefined)('refuses a body that is none, and numbers and names beyond JSON', async () => {
    for (const body of ['[]', 'null', '"x"', '7', '{', '\ufeff{}x']) {
      await expectRefusal({ body }, [], [400], body);
    }
    for (const field of findFields(operation.body)) {
      const text = JSON.stringify(putValue(good.body, operation.body, field.path, '@@'));
      for (const value of [
        '1e400',
        '-1e400',
        '{"__proto__":{"a":1}}',
        '{"constructor":{"prototype":{}}}',
        '['.repeat(2_000) + ']'.repeat(2_000),
      ]) {
        await expectRefusal({ body: text.replace('"@@"', value) }, [], [400], value);
      }
    }
  });

  onlyIf(operation.body !== undefined)('refuses records of another account in its body', async () => {
    const places = findFields(operation.body).map((field) => field.path);
    const ids = places.filter((path) => /(^|_)ids?$/.test(`${path.at(-1)}`));
    for (const path of ids) {
      for (const [kind, id] of Object.entries(accounts.foreign)) {
        if (path.at(-1) !== 'id' && path.at(-1) !== kind) continue;
        if (kind === 'account_id' && good.namesAnyAccount === true) continue;
        // Where one of two names a call, the other one makes way.
        const { hold_id: _hold, request_id: _request, ...rest } = good.body;
        const base = kind === 'request_id' || kind === 'hold_id' ? rest : good.body;
        const body = putValue(base, operation.body, path, id);
        // Of two that do not belong together, either may be named.
        await expectRefusal({ body }, ids.map(writePath), [400, 404], id);
      }
    }
  });

  onlyIf(operation.body === undefined && operation.method !== 'GET')('takes no body', async () => {
    for (const body of [{}, { force: true }, [], '"x"']) await expectRefusal({ body }, [], [400], body);
  });

  test('refuses each wrong parameter of its query', async () => {
    const withParameter = (field: string, value: string) =>
      new URLSearchParams({ ...good.query, [field]: value }).toString();
    for (const { name: field, schema } of operation.query) {
      for (const value of findBadQueryValues(schema)) {
        await expectBadField(field, { query: withParameter(field, value) }, value);
      }
      const twice = `${field}=${sampleOf(schema)}&${field}=${sampleOf(schema)}`;
      await expectBadField(field, { query: twice }, 'twice');
    }
    if (operation.query.length === 0) return;
    for (const unknown of ['nonsense', 'constructor', 'token']) {
      await expectBadField(unknown, { query: withParameter(unknown, '1') }, 'unknown');
    }
  });

  test('shows nothing of another account by a cursor', async () => {
    for (const { name: field } of operation.query.filter((each) => /^(after|before|cursor|page)$/.test(each.name))) {
      for (const id of Object.values(accounts.foreign)) {
        const answer = await send({ query: new URLSearchParams({ ...good.query, [field]: id }).toString() });
        if (operation.params.includes('account_id')) expect(answer.text).not.toContain(CANARIES.otherAccount);
        expect(digestStore(admin)).toBe(before);
      }
    }
  });

  test('finds no record that is another account’s, is none, or cannot be', async () => {
    for (const param of operation.params) {
      const { foreign, mine } = accounts;
      const isKnown = { ...mine, ...good.params }[param] !== undefined;
      expect(isKnown, `two-accounts.ts or good-calls.ts must know a value for {${param}} of ${operation.path}`).toBe(
        true,
      );
      const others = operation.params.includes('account_id') && param !== 'account_id' ? [foreign[param]] : [];
      const wrong = mine[param] === undefined ? [] : [`${mine[param]}x`, mine[param].toLowerCase()];
      // Not `..`, by which a client's address is that of another call before it is sent.
      const broken = ['x', '..x', '__proto__', 'constructor', 'a\u0000b', 'a\r\nb', '%', "' OR 1=1", 'x'.repeat(129)];
      for (const value of [...others, ...wrong, ...broken]) {
        if (value === undefined) continue;
        await expectRefusal({ params: { [param]: value } }, [], [400, 404], value);
      }
      // All else being another account's, too.
      if (param === 'account_id' && operation.params.some((each) => each !== param && mine[each] !== undefined)) {
        await expectRefusal({ params: { [param]: foreign.account_id ?? '' } }, [], [404], 'another account');
      }
    }
  });

  onlyIf(operation.method !== 'GET')('refuses a wrong idempotency key', async () => {
    for (const key of ['', ' ', 'x'.repeat(256), 'a b', 'é']) {
      await expectBadField('idempotency-key', { headers: { 'idempotency-key': key } }, key);
    }
  });

  test('succeeds as it is, so that each refusal was about its field', async () => {
    const answer = await send({});
    const hint = `${name} needs a call that succeeds in good-calls.ts: ${answer.text.slice(0, 400)}`;
    expect(answer.status, hint).toBeLessThan(300);
    if (operation.params.includes('account_id')) expect(answer.text).not.toContain(CANARIES.otherAccount);
  });
});

/** A call without what a test is about has no such test; a test that is skipped would look like one left out. */
function onlyIf(applies: boolean): (title: string, run: () => Promise<void>) => void {
  return applies ? test : () => undefined;
}

/** One names the other or a part of it: an item that is wrong may be told as its list. */
function isPart(one: string, other: string): boolean {
  if (one === '') return false;
  const [short, long] = one.length <= other.length ? [one, other] : [other, one];
  return long === short || long.startsWith(`${short}.`) || long.startsWith(`${short}[`);
}
