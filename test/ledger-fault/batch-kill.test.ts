// Goal: wherever in the life of a Message Batch the proxy is killed, the batch is charged once, or its holds come back.
// Method: as proxy-kill.test.ts. The poller looks often here; nobody fetches results.
import Anthropic from '@anthropic-ai/sdk';
import { describe, expect, test } from 'vitest';
import type { Caller } from '../support/admin-calls.ts';
import { isCharge } from '../support/check-journal.ts';
import { type FaultyLink, openFaultyLink } from '../support/faulty-link.ts';
import { startRedisServer } from '../support/redis-server.ts';
import { type RunningTollgate, startTollgate } from '../support/running-tollgate.ts';
import { type ListeningApi, silentAt, startSimulatedApi } from '../support/simulated-api.ts';
import { until } from '../support/until.ts';

const PATIENT = { LIMIT_STORE_TIMEOUT_MS: '30000', LIMIT_BATCH_POLL_MS: '300' };
const TIMEOUT_MS = 90_000;
const item = (customId: string, model: string) => ({
  custom_id: customId,
  params: { model, max_tokens: 40, messages: [{ role: 'user' as const, content: `Say ${customId}` }] },
});
const REQUESTS = [item('a', 'claude-haiku-4-5'), item('b', 'claude-sonnet-4-6'), item('c', 'claude-haiku-4-5')];

interface Ground {
  tollgate: RunningTollgate;
  api: ListeningApi;
  caller: Caller;
}

const batchesOf = ({ tollgate, caller }: Ground) =>
  new Anthropic({ apiKey: caller.secret, baseURL: tollgate.baseUrl, maxRetries: 0 }).messages.batches;

/** Creates the batch; its client may see the process die. */
const create = (ground: Ground) =>
  batchesOf(ground)
    .create({ requests: REQUESTS })
    .catch(() => undefined);

/** After the next start: charged once per model, to the nano-dollar, and shown or not. */
async function expectMended(ground: Ground, isShown: boolean): Promise<void> {
  const { tollgate, api, caller } = ground;
  await tollgate.start();
  api.batches.end();
  const chargesOf = async () =>
    (await tollgate.admin.readJournal(caller.accountId)).filter(({ operation }) => isCharge(operation));
  await until(async () => (await chargesOf()).length === 2, { what: 'both models are charged', timeoutMs: 30_000 });
  const { charged } = await tollgate.expectSettled();
  expect(charged).toBeGreaterThan(0n);
  expect((await batchesOf(ground).list()).data.map(({ id }) => id)).toEqual(isShown ? api.batches.ids() : []);
  // A look at what is charged already would be one of these.
  for (const { details } of await chargesOf()) expect(details).toMatchObject({ batch_id: api.batches.ids()[0] });
  expect(await chargesOf()).toHaveLength(2);
}

describe('a batch whose proxy is killed, on Redis', () => {
  interface Step {
    name: string;
    /** Whether its client came to know of the batch. */
    isShown: boolean;
    die(ground: Ground & { link: FaultyLink }): Promise<unknown>;
  }

  async function dieWhileKept({ link, tollgate }: Ground & { link: FaultyLink }, kept: 'lost' | 'arrives') {
    await until(() => link.kept > 0, { what: 'a command is kept', timeoutMs: 30_000 });
    await tollgate.kill();
    link.decide(undefined);
    if (kept === 'lost') link.forget();
    else link.letGo();
  }

  /** While it is created. */
  const creating = (fate: 'keep_request' | 'keep_reply', command: string, kept: 'lost' | 'arrives'): Step['die'] => {
    return async (ground) => {
      ground.link.decide((name) => (name === command ? fate : undefined));
      const created = create(ground);
      await dieWhileKept(ground, kept);
      await created;
    };
  };

  /** While it is charged by the poller; `after` says what must have come before. */
  const charging = (fate: 'keep_request' | 'keep_reply', command: string, after = command): Step['die'] => {
    return async (ground) => {
      await create(ground);
      let seen = false;
      ground.link.decide((name) => {
        if (name === after) seen = true;
        return seen && name === command ? fate : undefined;
      });
      ground.api.batches.end();
      await dieWhileKept(ground, 'lost');
    };
  };

  const steps: Step[] = [
    {
      name: 'when the API has taken it and the note of it never arrives',
      isShown: false,
      die: creating('keep_request', 'stored/open-batch', 'lost'),
    },
    {
      name: 'when the API has taken it and the note of it arrives late',
      isShown: true,
      die: creating('keep_request', 'stored/open-batch', 'arrives'),
    },
    {
      name: 'when the first model is charged and the reply is lost',
      isShown: true,
      die: charging('keep_reply', 'ledger/settle'),
    },
    {
      name: 'when both are charged, and that is not noted',
      isShown: true,
      die: charging('keep_request', 'stored/put-batch', 'ledger/settle'),
    },
  ];
  test.for(steps)('$name', { timeout: TIMEOUT_MS }, async ({ die, isShown }, { onTestFinished }) => {
    // Of its own: the simulated APIs of two tests name their batches alike.
    const server = await startRedisServer();
    onTestFinished(() => server.stop());
    await using link = await openFaultyLink(server.port);
    await using api = await startSimulatedApi();
    await using tollgate = await startTollgate({ redisUrl: link.url, api, environment: PATIENT });
    const ground = { tollgate, api, link, caller: await tollgate.createCaller() };
    await die(ground);
    await expectMended(ground, isShown);
  });
});

describe('a batch whose proxy is killed, on the embedded store', () => {
  test('when the API has taken it and has not answered', { timeout: TIMEOUT_MS }, async () => {
    await using api = await startSimulatedApi();
    await using tollgate = await startTollgate({ api, environment: PATIENT });
    const ground = { tollgate, api, caller: await tollgate.createCaller() };
    api.enqueue(silentAt('before_headers'));
    const created = create(ground);
    await until(() => api.batches.ids().length === 1, { what: 'the API has taken the batch' });
    await tollgate.kill();
    await created;
    await expectMended(ground, false);
  });
});
