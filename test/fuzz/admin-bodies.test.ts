import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AdminUnderTest, type Json, openAccount, openAdmin } from '../admin/admin-under-test.ts';
import { createRandomNumbers, FUZZ_ROUNDS, FUZZ_SEED, mutateBytes, type RandomNumbers } from './mutate-bytes.ts';

/** What a member may turn into. Amounts, times, ids and names that somebody else would choke on are among them. */
const ODD_VALUES: readonly Json[] = [
  null,
  true,
  0,
  -1,
  1.5,
  1e308,
  9_007_199_254_740_992,
  '',
  ' ',
  'x'.repeat(5_000),
  '\0',
  '\ud800',
  '\u202e',
  '../..',
  '0.000000001',
  '-5.00',
  '99999999999999999999.999999999',
  '1e3',
  'NaN',
  '2026-02-30T00:00:00Z',
  '9999-12-31T23:59:59Z',
  '0000-01-01T00:00:00Z',
  '+010000-01-01T00:00:00Z',
  'acct_unknown',
  '__proto__',
  'constructor',
  [],
  {},
  [null],
  [[]],
  { toString: 1 },
  { __proto__: null, length: -1 },
];

let admin: AdminUnderTest;
let operations: { method: string; path: string; operation: Json }[];
let ids: { [name: string]: string };
beforeAll(async () => {
  admin = await openAdmin();
  const document = (await admin.app.inject({ url: '/admin/v1/openapi.json' })).json();
  operations = Object.entries<Json>(document.paths).flatMap(([path, methods]) =>
    Object.entries<Json>(methods).map(([method, operation]) => ({ method: method.toUpperCase(), path, operation })),
  );
});
afterAll(() => admin.close());

/** A fresh account: one that was closed on the way takes no more writes. */
async function renewAccount(): Promise<void> {
  const account = await openAccount(admin);
  const team = (await admin.call('POST', `/accounts/${account.id}/teams`, { name: 'Research' })).body;
  ids = { account_id: account.id, team_id: team.id };
}

/** A path with ids in it, mostly of what there is. */
function fillPath(random: RandomNumbers, path: string): string {
  const filled = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    const known = ids[name] ?? `${name.replace(/_id$/, '')}_01JD0000000000000000000000`;
    return encodeURIComponent(
      random.below(8) > 0 ? known : random.pick(['x', '../x', '%', '\0', '__proto__', 'é', known + known]),
    );
  });
  return filled.replace(/^\/admin\/v1/, '');
}

/** A value as the schema has it, with what is odd in some places. */
function makeValue(random: RandomNumbers, schema: Json, depth = 0): Json {
  if (random.below(6) === 0 || depth > 5) return random.pick(ODD_VALUES);
  const one = schema.anyOf ?? schema.oneOf;
  if (one !== undefined) return makeValue(random, random.pick<Json>(one), depth + 1);
  if (schema.const !== undefined) return schema.const;
  if (schema.enum !== undefined) return random.pick(schema.enum);
  const type = [schema.type].flat()[0];
  if (type === 'object') return makeObject(random, schema, depth);
  if (type === 'array')
    return Array.from({ length: random.below(3) }, () => makeValue(random, schema.items ?? {}, depth + 1));
  if (type === 'boolean') return random.below(2) === 0;
  if (type === 'integer' || type === 'number') return random.pick([schema.minimum ?? 0, schema.maximum ?? 1, 1, 50]);
  return makeText(random, schema);
}

function makeObject(random: RandomNumbers, schema: Json, depth: number): Json {
  const members = Object.entries<Json>(schema.properties ?? {})
    .filter(([name]) => (schema.required ?? []).includes(name) || random.below(3) > 0)
    .map(([name, value]) => [name, makeValue(random, value, depth + 1)]);
  return Object.fromEntries(random.below(8) === 0 ? [...members, ['unknown_member', 1]] : members);
}

function makeText(random: RandomNumbers, schema: Json): string {
  if (schema.format === 'date-time') return '2026-12-01T00:00:00Z';
  return random.pick(['x', '5.00', 'UTC', 'claude-haiku-4-5', ...Object.values(ids), schema.examples?.[0] ?? 'y']);
}

describe(`the admin API, seed ${FUZZ_SEED}`, () => {
  it('never answers 500 to a body or a query, and every answer is as its document has it', async () => {
    const random = createRandomNumbers(FUZZ_SEED);
    const statuses = new Map<number, number>();
    for (let round = 0; round < FUZZ_ROUNDS; round += 1) {
      if (round % 50 === 0) await renewAccount();
      const { method, path, operation } = random.pick(operations);
      // It has nothing to stop at: what is written is not done away with by whoever is first.
      if (method === 'DELETE') continue;
      const schema = operation.requestBody?.content?.['application/json']?.schema;
      const written = schema === undefined ? undefined : JSON.stringify(makeValue(random, schema));
      const body =
        written === undefined || random.below(4) > 0
          ? written
          : mutateBytes(random, [Buffer.from(written)]).toString('latin1');
      const query = (operation.parameters ?? [])
        .filter((parameter: Json) => parameter.in === 'query' && random.below(3) === 0)
        .map(
          (parameter: Json) => `${parameter.name}=${encodeURIComponent(String(makeQuery(random, parameter.schema)))}`,
        );
      const target = `${fillPath(random, path)}${query.length > 0 ? `?${query.join('&')}` : ''}`;
      const answer = await admin.call(method, target, body);
      statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1);
      if (answer.status >= 500) throw new Error(`${answer.status} to ${method} ${target} ${body}: ${answer.text}`);
    }
    // Some are taken, so that there is something to stumble over.
    expect([...statuses.keys()]).toEqual(expect.arrayContaining([200, 201, 400, 404]));
  });
});

function makeQuery(random: RandomNumbers, schema: Json): Json {
  const value = makeValue(random, schema ?? {});
  return typeof value === 'string' ? value.toWellFormed() : JSON.stringify(value);
}
