import type { AddressInfo } from 'node:net';
import Anthropic from '@anthropic-ai/sdk';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createId } from '../../src/directory/create-id.ts';
import { type AdminUnderTest, type Json, openAccount, openAdmin, TOKEN } from './admin-under-test.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const USAGE = '/v1/organizations/usage_report/messages';
const COST = '/v1/organizations/cost_report';

let admin: AdminUnderTest;
let [first, second] = ['', ''];
beforeEach(async () => {
  admin = await openAdmin();
  ({ id: first } = await openAccount(admin));
  ({ id: second } = await openAccount(admin, { timezone: 'Asia/Kolkata' }));
  for (const id of [first, second]) {
    await admin.call('POST', `/accounts/${id}/grants`, { amount_usd: '10', kind: 'paid' });
  }
});
afterEach(() => admin.close());

const charge = async (accountId: string, amountNanoUsd: bigint, details: Record<string, unknown>): Promise<string> => {
  const holdId = createId('hold', admin.clock.nowMs);
  const call = { accountId, holdId, amountNanoUsd, tokens: 1n, modelLabels: [], cells: [] };
  await admin.ledger.hold({ ...call, leaseMs: 60_000 });
  await admin.ledger.settle({ ...call, details });
  return holdId;
};
const read = async (url: string, headers: { [name: string]: string } = { 'x-api-key': TOKEN }): Promise<Json> => {
  const answer = await admin.app.inject({ url, headers });
  return { status: answer.statusCode, ...answer.json() };
};
const OPUS = {
  ...{ model: 'claude-opus-5-5', key_id: 'key_a' },
  tokens: { input: 100, cache_write_5m: 1, cache_write_1h: 2, cache_read: 3, output: 20, web_search: 1 },
  receipt: [
    { class: 'input', usd: '0.000500' },
    { class: 'output', usd: '0.000500' },
    { class: 'web_search', usd: '0.01' },
  ],
};

describe('the usage report', () => {
  test('has the shape that tools of the Console read', async () => {
    await charge(first, 11_000_000n, OPUS);
    const answer = await read(`${USAGE}?starting_at=2026-11-20T05:00:00Z&group_by[]=model&group_by[]=api_key_id`);
    expect(answer).toEqual({
      status: 200,
      has_more: false,
      next_page: null,
      data: [
        { starting_at: '2026-11-20T00:00:00Z', ending_at: '2026-11-21T00:00:00Z', results: [] },
        {
          starting_at: '2026-11-21T00:00:00Z',
          ending_at: '2026-11-22T00:00:00Z',
          results: [
            {
              uncached_input_tokens: 100,
              cache_creation: { ephemeral_1h_input_tokens: 2, ephemeral_5m_input_tokens: 1 },
              cache_read_input_tokens: 3,
              output_tokens: 20,
              server_tool_use: { web_search_requests: 1 },
              ...{ api_key_id: 'key_a', workspace_id: null, model: 'claude-opus-5-5' },
              ...{ service_tier: null, context_window: null, inference_geo: null },
              ...{ account_id: null, service_account_id: null },
            },
          ],
        },
      ],
    });
  });

  test('goes by the minute, and by all that a call is told apart by', async () => {
    const traits = { service_tier: 'batch', context_window: '200k-1M', inference_geo: 'us', speed: 'standard' };
    await charge(first, 1n, { ...OPUS, ...traits });
    admin.clock.nowMs += 60_000;
    await charge(second, 1n, OPUS);
    const groups = ['service_tier', 'context_window', 'inference_geo', 'speed'];
    const query = `bucket_width=1m&starting_at=2026-11-21T09:30:00Z${groups.map((each) => `&group_by[]=${each}`).join('')}`;
    const { data } = await read(`${USAGE}?${query}`);
    expect(data.map((bucket: Json) => [bucket.starting_at, bucket.ending_at])).toEqual([
      ['2026-11-21T09:30:00Z', '2026-11-21T09:31:00Z'],
      ['2026-11-21T09:31:00Z', '2026-11-21T09:32:00Z'],
    ]);
    expect(data[0].results).toMatchObject([{ ...traits, model: null, output_tokens: 20 }]);
    const unknown = { service_tier: null, context_window: null, inference_geo: null, speed: null };
    expect(data[1].results).toMatchObject([{ ...unknown, output_tokens: 20 }]);
    const filters = ['service_tiers[]=batch', 'context_window[]=200k-1M', 'inference_geos[]=us', 'speeds[]=standard'];
    for (const width of ['1m', '1h', '1d']) {
      for (const filter of filters) {
        const answer = await read(`${USAGE}?bucket_width=${width}&starting_at=2026-11-21T09:30:00Z&${filter}`);
        const tokens = answer.data.flatMap(({ results }: Json) => results.map((row: Json) => row.output_tokens));
        expect([width, filter, tokens]).toEqual([width, filter, [20]]);
      }
    }
    const day = await read(`${USAGE}?starting_at=2026-11-21T00:00:00Z&group_by[]=speed`);
    expect(day.data[0].results.map((row: Json) => row.speed)).toEqual(['standard', null]);
  });

  test('goes on page by page, to the end and no further', async () => {
    await charge(first, 1n, OPUS);
    admin.clock.nowMs += 2 * HOUR_MS;
    await charge(second, 1n, OPUS);
    const query = 'bucket_width=1h&limit=2&starting_at=2026-11-21T08:10:00Z&ending_at=2026-11-21T13:00:00Z';
    const starts: string[] = [];
    let [page, inputs] = ['', 0];
    for (let pages = 1; ; pages += 1) {
      const answer = await read(`${USAGE}?${query}${page}`);
      for (const { starting_at: start, results } of answer.data) {
        starts.push(start.slice(11, 13));
        for (const result of results) inputs += result.uncached_input_tokens;
      }
      if (!answer.has_more) {
        expect(pages).toBe(3);
        break;
      }
      page = `&page=${answer.next_page}`;
    }
    expect([starts, inputs]).toEqual([['08', '09', '10', '11', '12'], 200]);
  });

  test('is of the accounts, keys and models named', async () => {
    await charge(first, 1n, OPUS);
    await charge(second, 1n, { ...OPUS, model: 'claude-haiku-5-5', key_id: 'key_b' });
    const since = 'starting_at=2026-11-21T00:00:00Z&group_by[]=workspace_id&group_by[]=model';
    const groupsOf = async (filter: string) =>
      (await read(`${USAGE}?${since}${filter}`)).data[0].results.map((row: Json) => [row.workspace_id, row.model]);
    expect((await groupsOf('')).sort()).toEqual(
      [
        [first, 'claude-opus-5-5'],
        [second, 'claude-haiku-5-5'],
      ].sort(),
    );
    expect(await groupsOf(`&workspace_ids[]=${second}&workspace_ids[]=acct_none`)).toEqual([
      [second, 'claude-haiku-5-5'],
    ]);
    expect(await groupsOf('&models[]=claude-opus-5-5')).toEqual([[first, 'claude-opus-5-5']]);
    expect(await groupsOf('&api_key_ids[]=key_b')).toEqual([[second, 'claude-haiku-5-5']]);
    expect(await groupsOf('&api_key_ids[]=key_b&models[]=claude-opus-5-5')).toEqual([]);
  });

  test('is read by the official SDK', async () => {
    await charge(first, 1n, OPUS);
    await admin.app.listen({ host: '127.0.0.1', port: 0 });
    const baseURL = `http://127.0.0.1:${(admin.app.server.address() as AddressInfo).port}`;
    const client = new Anthropic({ apiKey: TOKEN, authToken: null, baseURL, maxRetries: 0 });
    const query = { starting_at: '2026-11-21T00:00:00Z', group_by: ['model'] };
    const answer = (await client.get(USAGE, { query })) as Json;
    expect(answer.data[0].results[0]).toMatchObject({ model: 'claude-opus-5-5', output_tokens: 20 });
    await expect(client.get(USAGE, { query: {} })).rejects.toThrow(/400.*starting_at/);
    const stranger = new Anthropic({ apiKey: 'sk-other', authToken: null, baseURL, maxRetries: 0 });
    await expect(stranger.get(USAGE, { query })).rejects.toThrow(Anthropic.AuthenticationError);
  });
});

describe('the cost report', () => {
  test('adds up to what accounts are charged, in cents, line by line too', async () => {
    const holdId = await charge(first, 11_000_001n, OPUS);
    await charge(second, 70_000_000n, { model: 'claude-haiku-5-5' });
    await admin.call('POST', `/accounts/${first}/refunds`, { hold_id: holdId, amount_usd: '0.002' });
    const since = 'starting_at=2026-11-21T00:00:00Z';
    const [total] = (await read(`${COST}?${since}`)).data[0].results;
    expect(total).toEqual({
      ...{ currency: 'USD', amount: '7.9000001', workspace_id: null, description: null, cost_type: null, model: null },
      ...{ token_type: null, service_tier: null, context_window: null, inference_geo: null },
    });
    const lines = (await read(`${COST}?${since}&group_by[]=description&group_by[]=workspace_id`)).data[0].results;
    expect(
      lines
        .map((line: Json) => [line.workspace_id, line.description, line.cost_type, line.token_type, line.amount])
        .sort(),
    ).toEqual(
      [
        [first, 'Web Search Usage', 'web_search', null, '1.0000001'],
        [first, 'claude-opus-5-5 Refunds', 'tokens', null, '-0.2'],
        [first, 'claude-opus-5-5 Usage - Input Tokens', 'tokens', 'uncached_input_tokens', '0.05'],
        [first, 'claude-opus-5-5 Usage - Output Tokens', 'tokens', 'output_tokens', '0.05'],
        [second, 'claude-haiku-5-5 Usage', 'tokens', null, '7'],
      ].sort(),
    );
  });
});

describe('what it refuses', () => {
  const since = 'starting_at=2026-11-21T00:00:00Z';
  test.each([
    [USAGE, '', 'starting_at'],
    [USAGE, 'starting_at=2026-11-21', 'starting_at'],
    [USAGE, `${since}&${since}`, 'starting_at'],
    [USAGE, `${since}&ending_at=x`, 'ending_at'],
    [USAGE, `${since}&bucket_width=5m`, 'bucket_width'],
    [USAGE, `${since}&bucket_width=1m&limit=1441`, 'limit'],
    [USAGE, `${since}&bucket_width=constructor`, 'bucket_width'],
    [USAGE, `${since}&limit=32`, 'limit'],
    [USAGE, `${since}&limit=0`, 'limit'],
    [USAGE, `${since}&bucket_width=1h&limit=169`, 'limit'],
    [USAGE, `${since}&page=page_x`, 'page'],
    [USAGE, `${since}&page=page_${Buffer.from('2026-11-20T00:00:00.000Z').toString('base64url')}`, 'page'],
    [USAGE, `${since}&group_by[]=description`, 'group_by'],
    [USAGE, `${since}&service_tiers[]=gold`, 'service_tiers'],
    [USAGE, `${since}&context_window[]=1M`, 'context_window'],
    [USAGE, `${since}&speeds[]=constructor`, 'speeds'],
    [USAGE, `${since}&account_ids[]=user_1`, 'account_ids'],
    [USAGE, `${since}&constructor=1`, 'constructor'],
    [USAGE, `${since}&${'models[]=m&'.repeat(201)}`, 'models'],
    [COST, `${since}&group_by[]=model`, 'group_by'],
    [COST, `${since}&bucket_width=1h`, 'bucket_width'],
    [COST, `${since}&models[]=m`, 'models'],
  ])('%s?%s', async (path, query, name) => {
    const answer = await read(`${path}?${query}`);
    expect([answer.status, answer.type, answer.error.type]).toEqual([400, 'error', 'invalid_request_error']);
    expect(answer.error.message.startsWith(`${name}: `)).toBe(true);
  });

  test('who has no admin token', async () => {
    for (const headers of [{}, { 'x-api-key': 'tg_x' }, { 'x-api-key': '' }, { authorization: 'Bearer x' }]) {
      const answer = await read(`${USAGE}?${since}`, headers as { [name: string]: string });
      expect([answer.status, answer.error.type]).toEqual([401, 'authentication_error']);
    }
    expect((await read(`${USAGE}?${since}`, { authorization: `Bearer ${TOKEN}` })).status).toBe(200);
    const elsewhere = await admin.app.inject({ url: '/admin/v1/accounts', headers: { 'x-api-key': TOKEN } });
    expect(elsewhere.statusCode).toBe(401);
  });

  test('more than reading, and what is before its time', async () => {
    const posted = await admin.app.inject({ method: 'POST', url: USAGE, headers: { 'x-api-key': TOKEN } });
    expect(posted.statusCode).toBe(404);
    const later = await read(`${USAGE}?starting_at=${new Date(admin.clock.nowMs + 3 * DAY_MS).toISOString()}`);
    expect([later.status, later.data, later.has_more]).toEqual([200, [], false]);
  });
});
