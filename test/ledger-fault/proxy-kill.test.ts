// Goal: wherever in a call the proxy is killed, its credit comes back or its cost is charged, never both, never neither.
// Method: the program in its own process, brought to each step from outside (the simulated API stops an answer, the link
// to Redis keeps a command), then SIGKILL and a new start. Afterwards no hold is open past its lease, the journal folds
// to the balances, and the charges are the upstream's bill. But a call whose process died in the middle of its answer is
// charged what the answer had reported, marked estimated; if that was nothing it is released, and its bill is the
// operator's.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import type { AdminJournalEntry, Caller } from '../support/admin-calls.ts';
import { isCharge, nano } from '../support/check-journal.ts';
import { type FaultyLink, openFaultyLink } from '../support/faulty-link.ts';
import { type RedisServer, startRedisServer } from '../support/redis-server.ts';
import { type RunningTollgate, startTollgate } from '../support/running-tollgate.ts';
import { type ListeningApi, startSimulatedApi } from '../support/simulated-api.ts';
import { until } from '../support/until.ts';

const REQUEST = {
  model: 'claude-haiku-4-5',
  max_tokens: 300,
  stream: true,
  messages: [{ role: 'user', content: 'Count the toll gates between here and the sea.' }],
};
const SHORT_LEASES = { LIMIT_HOLD_LEASE_MS: '1500', LIMIT_HOLD_HEARTBEAT_MS: '300' };
const TIMEOUT_MS = 90_000;

interface Ground {
  tollgate: RunningTollgate;
  api: ListeningApi;
  caller: Caller;
}

interface RedisGround extends Ground {
  link: FaultyLink;
}

/** Sends the call whose process will die. @returns what the client read of the answer; '' where nothing came. */
async function send({ tollgate, caller }: Ground): Promise<string> {
  try {
    return await (await tollgate.send(caller, REQUEST)).text();
  } catch {
    return '';
  }
}

interface Step<G extends Ground> {
  name: string;
  /** Besides the short leases. */
  environment?: Readonly<Record<string, string>>;
  /** Brings a call to the step and kills the process there. */
  die(ground: G): Promise<unknown>;
  /** Whether the upstream answered, and what becomes of the call's cost. */
  upstream: 'not asked' | 'billed';
  /** `reported`: as far as the answer had come, at most the bill. */
  charged: boolean | 'reported';
}

/** Kills while a command is kept on the link. `lost`: what is kept never arrives. */
function dieWhile(
  fate: 'keep_request' | 'keep_reply',
  command: string,
  kept: 'lost' | 'arrives',
): Step<RedisGround>['die'] {
  return async (ground) => {
    const { link, tollgate } = ground;
    link.decide((name) => (name === command ? fate : undefined));
    const answer = send(ground);
    await until(() => link.kept > 0, { what: `${command} is kept` });
    await tollgate.kill();
    link.decide(undefined);
    if (kept === 'lost') link.forget();
    else link.letGo();
    await answer;
  };
}

/** The process gives the store up soon, and writes to the spool. */
const IMPATIENT = { LIMIT_STORE_TIMEOUT_MS: '150' };
/** After the fault, also on a machine that has other things to do. */
const AT_EASE = { LIMIT_STORE_TIMEOUT_MS: '10000' };
/** The process waits for the store for longer than the test lets it live. */
const PATIENT = { LIMIT_STORE_TIMEOUT_MS: '30000' };

function untilInSpool({ tollgate }: Ground, text: string): Promise<unknown> {
  const path = join(tollgate.dataFolder, 'settle-spool.jsonl');
  return until(() => readFileSync(path, 'utf8').includes(text), { what: `${text} is in the spool` });
}

const untilSpooled = (ground: Ground): Promise<unknown> => untilInSpool(ground, '"kind":"settle"');

async function dieInStream(ground: Ground, holdBefore: number): Promise<void> {
  const { tollgate, api } = ground;
  api.enqueue({ kind: 'answer', delivery: { holdBefore: [holdBefore] } });
  const answer = send(ground);
  await (await tollgate.nextCall()).held();
  // What was sent may still be on its way to the proxy: its first report is kept as soon as it is there.
  if (holdBefore > 0) await untilInSpool(ground, '"mark"');
  await tollgate.kill();
  await answer;
}

const IN_THE_STREAM: readonly Step<Ground>[] = [
  {
    name: 'when the upstream has the request and nothing has come back',
    die: (ground) => dieInStream(ground, 0),
    upstream: 'billed',
    charged: false,
  },
  {
    name: 'in the middle of the stream',
    die: (ground) => dieInStream(ground, 5),
    upstream: 'billed',
    charged: 'reported',
  },
  {
    name: 'in the middle of the stream, with orphans to be released',
    environment: { ORPHANED_CALLS: 'release' },
    die: (ground) => dieInStream(ground, 5),
    upstream: 'billed',
    charged: false,
  },
];

const ON_THE_WAY_TO_REDIS: readonly Step<RedisGround>[] = [
  {
    name: 'before the hold, which never arrives',
    environment: PATIENT,
    die: dieWhile('keep_request', 'ledger/hold', 'lost'),
    upstream: 'not asked',
    charged: false,
  },
  {
    name: 'before the hold, which arrives when nobody waits for it any more',
    environment: PATIENT,
    die: dieWhile('keep_request', 'ledger/hold', 'arrives'),
    upstream: 'not asked',
    charged: false,
  },
  {
    name: 'after the hold, before the forwarding',
    environment: PATIENT,
    die: dieWhile('keep_reply', 'ledger/hold', 'lost'),
    upstream: 'not asked',
    charged: false,
  },
  {
    name: 'after the stream, before the settle has arrived',
    environment: PATIENT,
    die: dieWhile('keep_request', 'ledger/settle', 'lost'),
    upstream: 'billed',
    charged: true,
  },
  {
    name: 'after the stream, while the settle is on its way',
    environment: PATIENT,
    die: dieWhile('keep_request', 'ledger/settle', 'arrives'),
    upstream: 'billed',
    charged: true,
  },
  {
    name: 'when the settle has been charged and its reply is lost',
    environment: PATIENT,
    die: dieWhile('keep_reply', 'ledger/settle', 'lost'),
    upstream: 'billed',
    charged: true,
  },
  {
    name: 'when the settle lies in the spool, not delivered',
    environment: IMPATIENT,
    die: async (ground) => {
      const { link, tollgate } = ground;
      link.decide((command) => (command === 'ledger/settle' ? 'cut_before' : undefined));
      expect(await send(ground)).toContain('message_stop');
      await untilSpooled(ground);
      await tollgate.kill();
      link.decide(undefined);
    },
    upstream: 'billed',
    charged: true,
  },
  {
    name: 'when the settle lies in the spool and has been charged as well',
    environment: IMPATIENT,
    die: async (ground) => {
      const { link, tollgate } = ground;
      link.decide((command) => (command === 'ledger/settle' ? 'keep_reply' : undefined));
      expect(await send(ground)).toContain('message_stop');
      await untilSpooled(ground);
      await tollgate.kill();
      link.decide(undefined);
      link.forget();
    },
    upstream: 'billed',
    charged: true,
  },
];

/** Kills the process at the step, starts it again, and looks at the money. */
async function expectMended<G extends Ground>(step: Step<G>, ground: G): Promise<void> {
  const { tollgate, api, caller } = ground;
  await step.die(ground);
  expect(api.counters.messages).toBe(step.upstream === 'billed' ? 1 : 0);
  await tollgate.start(AT_EASE);
  const { charged, billed } = await tollgate.expectSettled({ exact: step.charged === true });
  expect(charged > 0n).toBe(step.charged !== false);
  expect(charged).toBeLessThanOrEqual(billed);
  if (step.upstream === 'not asked') expect(billed).toBe(0n);
  const journal = await tollgate.admin.readJournal(caller.accountId);
  const { balance } = await tollgate.admin.readAccount(caller.accountId);
  expect(balance.debt_usd).toBe('0.00');
  const charges = journal.filter(({ operation }) => isCharge(operation));
  expect(charges).toHaveLength(step.charged === false ? 0 : 1);
  if (step.charged === 'reported')
    expect(charges[0]?.details).toMatchObject({ basis: 'estimated', reason: 'process_ended' });

  const answer = await tollgate.send(caller, REQUEST);
  expect(await answer.text()).toContain('message_stop');
  await tollgate.expectSettled();
}

describe.concurrent('the proxy is killed, on Redis', () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await startRedisServer();
  });
  afterAll(() => server.stop());
  const steps: Step<RedisGround>[] = [...ON_THE_WAY_TO_REDIS, ...IN_THE_STREAM];
  test.each(steps)('$name', { timeout: TIMEOUT_MS }, async (step) => {
    await using link = await openFaultyLink(server.port);
    await using api = await startSimulatedApi();
    const environment = { ...SHORT_LEASES, ...step.environment };
    await using tollgate = await startTollgate({ redisUrl: link.url, api, environment });
    await expectMended(step, { tollgate, api, link, caller: await tollgate.createCaller() });
  });
});

describe.concurrent('the proxy is killed, on the embedded store', () => {
  const steps: Step<Ground>[] = [
    ...IN_THE_STREAM,
    {
      name: 'right after the charge can be seen',
      die: async (ground) => {
        expect(await send(ground)).toContain('message_stop');
        const { tollgate, caller } = ground;
        const read = () => tollgate.admin.readAccount(caller.accountId);
        await until(async () => (await read()).balance.charged_usd !== '0.00', { what: 'the call is charged' });
        await tollgate.kill();
      },
      upstream: 'billed',
      charged: true,
    },
  ];
  test.each(steps)('$name', { timeout: TIMEOUT_MS }, async (step) => {
    await using api = await startSimulatedApi();
    await using tollgate = await startTollgate({ api, environment: { ...SHORT_LEASES, ...step.environment } });
    await expectMended(step, { tollgate, api, caller: await tollgate.createCaller() });
  });
});

describe.each(['the embedded store', 'Redis'])('the proxy is killed among many calls, on %s', (store) => {
  test('each is charged as billed, or as far as it was reported, or released whole', {
    timeout: TIMEOUT_MS,
  }, async () => {
    const server = store === 'Redis' ? await startRedisServer() : undefined;
    onTestFinished(() => server?.stop());
    await using api = await startSimulatedApi({ tokensPerSecond: 600 });
    await using tollgate = await startTollgate({
      ...(server === undefined ? {} : { redisUrl: server.url }),
      api,
      environment: SHORT_LEASES,
    });
    const caller = await tollgate.createCaller();
    for (let round = 0; round < 2; round += 1) {
      const before = api.counters.finished;
      const answers = Array.from({ length: 24 }, () => send({ tollgate, api, caller }));
      await until(() => api.counters.finished >= before + 4 + 5 * round, { what: 'some have ended, some run' });
      await tollgate.kill();
      await Promise.all(answers);
      await tollgate.start();
    }
    const { charged, billed } = await tollgate.expectSettled({ exact: false });
    const journal = await tollgate.admin.readJournal(caller.accountId);
    const uncharged = expectChargedAsBilled(journal, api);
    expect(charged).toBeGreaterThan(0n);
    expect(uncharged).toBe(billed - charged);
    // Those that were running had reported something: their process died, and the next one charged it.
    expect(journal.filter(({ details }) => details?.reason === 'process_ended').length).toBeGreaterThan(0);
  });
});

/** Each charge is the bill of its call, or of a part of one. @returns what was billed and not charged. */
function expectChargedAsBilled(journal: readonly AdminJournalEntry[], api: ListeningApi): bigint {
  const uncharged = new Map(api.bill().entries.map((entry) => [entry.requestId, entry.amountNanoUsd]));
  let partly = 0n;
  for (const entry of journal) {
    if (!isCharge(entry.operation)) continue;
    if (entry.details?.reason === 'process_ended') {
      // Marked before the answer's end, it does not know the answer's id.
      expect(entry.details.basis).toBe('estimated');
      partly += nano(entry.amount_usd);
      continue;
    }
    const requestId = String(entry.details?.upstream_request_id);
    expect(nano(entry.amount_usd)).toBe(uncharged.get(requestId));
    uncharged.delete(requestId);
  }
  return [...uncharged.values()].reduce((sum, amount) => sum + amount, -partly);
}
