// What must never leave a request, or its tenant, is put into it by name and looked for everywhere else.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import Anthropic, { toFile } from '@anthropic-ai/sdk';
import { expect, test } from 'vitest';
import { startReceiver } from '../alerts/webhook-receiver.ts';
import { describeOnEachStore } from '../support/each-store.ts';
import { exchangeRaw, messagesHead } from '../support/raw-http.ts';
import { readFolder, readRedis } from '../support/read-everything.ts';
import { type RunningTollgate, startTollgate } from '../support/running-tollgate.ts';
import { cutAt, delivered, failing, UPSTREAM_KEY } from '../support/simulated-api.ts';
import { until } from '../support/until.ts';

const WEBHOOK_SECRET = `whsec_${Buffer.from('canary-webhook-secret-of-24').toString('base64')}`;
const EXPORT_TOKEN = 'canary-export-token';
const OTLP_TOKEN = 'canary-otlp-token';
const WRONG_KEY = 'tg_canary-wrong-key-0123456789abcdef';
const MODEL = 'claude-haiku-4-5';

/** Contents of a request, each with a canary of its own. */
const CONTENTS = {
  system: 'canary-system',
  messages: [
    {
      role: 'user',
      content: [
        { type: 'text', text: 'canary-prompt' },
        { type: 'document', source: { type: 'text', media_type: 'text/plain', data: 'canary-document' } },
      ],
    },
    { role: 'assistant', content: [{ type: 'tool_use', id: 'toolu_1', name: 'f', input: { a: 'canary-tool-input' } }] },
    { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'toolu_1', content: 'canary-tool-result' }] },
  ],
  tools: [
    {
      name: 'f',
      description: 'canary-tool-description',
      input_schema: { type: 'object', title: 'canary-tool-schema' },
    },
  ],
  stop_sequences: ['canary-stop'],
  metadata: { user_id: 'canary-user-id' },
};
const REQUEST = { model: MODEL, max_tokens: 100, ...CONTENTS };

/** The answers to everything that a client is refused. */
type Answers = Map<string, string>;

describeOnEachStore('canaries', (store) => {
  test('no key, prompt or byte of another tenant is in any log, metric, error, stored value, export, trace or alert', async () => {
    const receiver = await startReceiver((response) => response.writeHead(200).end());
    const origin = new URL(receiver.url).origin;
    const exported = mkdtempSync(join(tmpdir(), 'tollgate-canary-export-'));
    await using tollgate = await startTollgate({
      ...store.options(),
      environment: {
        LOG_LEVEL: 'trace',
        EXPORT_DIR: exported,
        ALERT_WEBHOOK_URL: receiver.url,
        ALERT_WEBHOOK_SECRET: WEBHOOK_SECRET,
        EXPORT_HTTP_URL: `${origin}/export`,
        EXPORT_HTTP_TOKEN: EXPORT_TOKEN,
        OTEL_EXPORTER_OTLP_ENDPOINT: origin,
        OTEL_EXPORTER_OTLP_HEADERS: `authorization=Bearer%20${OTLP_TOKEN}`,
        LIMIT_SHUTDOWN_DRAIN_MS: '500',
      },
    });
    const { caller, other, secrets } = await createTenants(tollgate);
    const answers: Answers = new Map();
    await sendCalls(tollgate, caller);
    await sendStored(tollgate, caller);
    await sendRefused(tollgate, caller, other, answers);
    await sendOperatorFaults(tollgate, answers);
    // While a stream is open its spool lines and its hold lie there, too.
    tollgate.api.enqueue(delivered({ holdBefore: [4] }));
    const open = await tollgate.send(caller, { ...REQUEST, stream: true });
    const running = await readStored(tollgate, store.redis?.url);
    const readExported = (): string => [...readFolder(exported).values()].join('');
    // The export comes by the clock, and a stop does not wait for it.
    await until(() => readExported().includes('"settle"'), { what: 'a charge is exported' });
    await tollgate.stop();
    await open.arrayBuffer().catch(() => undefined);
    const stored = await readStored(tollgate, store.redis?.url);

    const sent = receiver.received.map(({ body }, index) => [`sent to the receiver, ${index}`, body] as const);
    expect(sent.length).toBeGreaterThan(0);
    const log = `${tollgate.process.stdout()}${tollgate.process.stderr()}`;
    const files = readFolder(exported);
    // The canaries were there to be found, and what is looked for is found where it may be.
    expect(tollgate.api.requests.some(({ body }) => body.includes('canary-prompt'))).toBe(true);
    expect([...stored.values()].join('')).toContain('named-other-account');
    const places = new Map([...running, ...stored, ...files, ...answers, ...sent, ['log', log], ['metrics', metrics]]);
    expectNowhere(places, /canary-[\w-]+/);
    for (const secret of secrets) expectNowhere(places, secret);
    // Names are in the records of whom they name and in what the operator reads; never in an answer or the log.
    expectNowhere(new Map([...answers, ['log', log]]), /named-(other|team|member|key)[\w-]*/);
    await receiver.stop();
    rmSync(exported, { recursive: true });
  });

  let metrics = '';

  /** Two tenants with names of their own, and every secret there is. */
  async function createTenants(tollgate: RunningTollgate) {
    const lowBalance = { account: { low_balance_usd: ['99.99'] } };
    const caller = await tollgate.createCaller({ name: 'named-account', ...lowBalance });
    const other = await tollgate.createCaller({ name: 'named-other-account' });
    const { admin } = tollgate;
    await admin.call('POST', `/accounts/${other.accountId}/teams`, { name: 'named-team-of-another' });
    await admin.call('POST', `/accounts/${other.accountId}/members`, { name: 'named-member-of-another' });
    // What is written twice under one key is answered from memory, in which no secret may lie.
    const again = await fetch(`${tollgate.adminUrl}/admin/v1/accounts/${other.accountId}/keys`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${tollgate.adminToken}`,
        'content-type': 'application/json',
        'idempotency-key': 'once',
      },
      body: JSON.stringify({ name: 'named-key-of-another' }),
    });
    const { secret } = (await again.json()) as { secret: string };
    expect(secret).toMatch(/^tg_/);
    const token = await admin.call<{ secret: string }>('POST', '/tokens', {
      name: 'named-key-of-an-operator',
      role: 'viewer',
      scope: { type: 'installation' },
    });
    const whoami = await fetch(`${tollgate.adminUrl}/admin/v1/whoami`, {
      headers: { authorization: `Bearer ${token.secret}` },
    });
    expect(whoami.status).toBe(200);
    const secrets = [
      caller.secret,
      other.secret,
      secret,
      token.secret,
      UPSTREAM_KEY,
      tollgate.adminToken,
      WEBHOOK_SECRET,
    ];
    return { caller, other, secrets: [...secrets, EXPORT_TOKEN, OTLP_TOKEN, WRONG_KEY] };
  }

  async function sendCalls(tollgate: RunningTollgate, caller: Awaited<ReturnType<typeof createTenants>>['caller']) {
    const headers = {
      authorization: `Bearer ${caller.secret}`,
      cookie: 'canary-cookie=1',
      'x-custom': 'canary-header',
      'user-agent': 'canary-agent',
    };
    for (const stream of [false, true]) {
      const path = '/v1/messages?beta=true&q=canary-query';
      await (await tollgate.send(caller, { ...REQUEST, stream }, { headers, path })).text();
    }
    await (await tollgate.send(caller, REQUEST, { path: '/v1/messages/count_tokens' })).text();
    await (
      await tollgate.send(caller, gzipSync(JSON.stringify(REQUEST)), { headers: { 'content-encoding': 'gzip' } })
    ).text();
    tollgate.api.enqueue(cutAt({ afterEvents: 4 }), cutAt({ afterBytes: 50 }), cutAt('before_headers'));
    for (const stream of [true, false, true]) {
      await (await tollgate.send(caller, { ...REQUEST, stream })).text().catch(() => undefined);
    }
  }

  async function sendStored(tollgate: RunningTollgate, caller: { secret: string }) {
    const client = new Anthropic({ apiKey: caller.secret, baseURL: tollgate.baseUrl, maxRetries: 0 });
    await client.beta.files.upload({ file: await toFile(Buffer.from('canary-file'), 'canary-file-name.txt') });
    const batch = await client.messages.batches.create({
      requests: [{ custom_id: 'canary-custom-id', params: REQUEST }],
    } as never);
    tollgate.api.batches.end(() => 'succeeded' as never, batch.id);
    for await (const _ of await client.messages.batches.results(batch.id));
  }

  /** Each is refused for a reason of its own; the answers are looked through. */
  async function sendRefused(
    tollgate: RunningTollgate,
    caller: Parameters<RunningTollgate['send']>[0],
    other: Parameters<RunningTollgate['send']>[0],
    answers: Answers,
  ) {
    const bodies = {
      'no JSON': 'canary-body',
      'cut JSON': '{"system":"canary-body',
      'a name twice': '{"model":"a","model":"canary-body","max_tokens":1,"messages":[]}',
      'a wrong type': { ...REQUEST, max_tokens: 'canary-body' },
      'no model': { ...CONTENTS, max_tokens: 1 },
      'a file of another': {
        ...REQUEST,
        messages: [{ role: 'user', content: [{ type: 'document', source: { type: 'file', file_id: 'file_nobody' } }] }],
      },
      'too much': { ...REQUEST, model: 'claude-opus-4-1', system: 'canary-body '.repeat(100_000), max_tokens: 32_000 },
    };
    for (const [name, body] of Object.entries(bodies)) {
      const answer = await tollgate.send(caller, body);
      expect([name, answer.status >= 400]).toEqual([name, true]);
      answers.set(`answer to ${name}`, await answer.text());
    }
    const nobody = await tollgate.send({ ...caller, secret: WRONG_KEY }, REQUEST);
    answers.set('answer to a wrong key', await nobody.text());
    const path = '/v1/messages/batches/msgbatch_nobody';
    const foreign = await tollgate.send(other, undefined, { method: 'GET', path });
    answers.set('answer about a batch of another', await foreign.text());
    const port = Number(new URL(tollgate.baseUrl).port);
    answers.set('answer to no HTTP', await exchangeRaw(port, messagesHead(WRONG_KEY, ['canary-head'])));
    answers.set('answer to a path', await exchangeRaw(port, messagesHead(caller.secret, [], '/v1/canary-path')));
    const admin = await fetch(`${tollgate.adminUrl}/admin/v1/accounts`, {
      method: 'POST',
      headers: { authorization: `Bearer ${WRONG_KEY}`, 'content-type': 'application/json' },
      body: '{"name":"canary-body"}',
    });
    answers.set('answer of the admin API', await admin.text());
  }

  async function sendOperatorFaults(tollgate: RunningTollgate, answers: Answers) {
    const poor = await tollgate.createCaller({ creditUsd: '0', name: 'Poor' });
    answers.set('answer for want of credit', await (await tollgate.send(poor, REQUEST)).text());
    const rich = await tollgate.createCaller({ name: 'Rich' });
    const errors = [
      'credit_too_low',
      'authentication',
      'permission',
      'rate_limit',
      'bad_gateway_html',
      'overloaded',
    ] as const;
    for (const error of errors) {
      tollgate.api.enqueue(failing(error));
      const answer = await tollgate.send(rich, REQUEST);
      answers.set(`answer to ${error}`, `${JSON.stringify([...answer.headers])}${await answer.text()}`);
    }
    await until(async () => {
      metrics = await (await fetch(`${tollgate.adminUrl}/metrics`)).text();
      return metrics.includes('tollgate_requests_total');
    });
    await until(async () => /tollgate_holds_open 0/.test(await (await fetch(`${tollgate.adminUrl}/metrics`)).text()));
  }
});

async function readStored(tollgate: RunningTollgate, redisUrl: string | undefined): Promise<Map<string, string>> {
  const files = readFolder(tollgate.dataFolder);
  expect(files.size).toBeGreaterThan(0);
  const redis = redisUrl === undefined ? new Map<string, string>() : await readRedis(redisUrl);
  if (redisUrl !== undefined) expect(redis.size).toBeGreaterThan(10);
  return new Map([...files, ...redis, ['names of keys', [...redis.keys()].join('\n')]]);
}

function expectNowhere(places: ReadonlyMap<string, string>, canary: string | RegExp): void {
  for (const [place, text] of places) {
    const at = typeof canary === 'string' ? text.indexOf(canary) : text.search(canary);
    if (at >= 0) throw new Error(`${canary} in ${place}: ...${text.slice(Math.max(0, at - 200), at + 100)}...`);
  }
}
