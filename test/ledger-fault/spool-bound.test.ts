// Goal: the spool never holds more than its bound, whatever happens to the store, and nothing of it is lost.
// Method: the program in its own process with few places; streams take them, the store goes away, the streams end.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openFaultyLink } from '../support/faulty-link.ts';
import { startRedisServer } from '../support/redis-server.ts';
import { startTollgate } from '../support/running-tollgate.ts';
import { startSimulatedApi } from '../support/simulated-api.ts';
import { until } from '../support/until.ts';

const PLACES = 5;
const REQUEST = {
  model: 'claude-haiku-4-5',
  max_tokens: 200,
  stream: true,
  messages: [{ role: 'user', content: 'How many places are there?' }],
};

test('settles that wait and calls that run never exceed its places', { timeout: 60_000 }, async () => {
  const server = await startRedisServer();
  await using link = await openFaultyLink(server.port);
  await using api = await startSimulatedApi();
  await using tollgate = await startTollgate({
    redisUrl: link.url,
    api,
    environment: { LIMIT_SPOOL_ENTRIES: `${PLACES}`, LIMIT_STORE_TIMEOUT_MS: '5000' },
  });
  const caller = await tollgate.createCaller();
  const spooled = (): number => {
    const text = readFileSync(join(tollgate.dataFolder, 'settle-spool.jsonl'), 'utf8');
    return new Set(text.match(/(?<="put":.*"holdId":")hold_\w+/g)).size;
  };

  // Many more than there are places, at once: as many as fit are admitted.
  for (let call = 0; call < PLACES; call += 1) api.enqueue({ kind: 'answer', delivery: { holdBefore: [3] } });
  const sent = Array.from({ length: 4 * PLACES }, () => tollgate.send(caller, REQUEST));
  const statuses: number[] = [];
  for (const answer of sent) void answer.then(({ status }) => statuses.push(status));
  const running = [];
  for (let call = 0; call < PLACES; call += 1) running.push(await tollgate.nextCall());
  await Promise.all(running.map((call) => call.held()));
  await until(() => statuses.filter((status) => status === 503).length === 3 * PLACES, { what: 'the rest is refused' });
  expect(api.counters.messages).toBe(PLACES);

  await link.refuse();
  for (const call of running) call.release();
  const answers = await Promise.all((await Promise.all(sent)).map((answer) => answer.text()));
  expect(answers.filter((text) => text.includes('message_stop'))).toHaveLength(PLACES);
  await until(() => spooled() === PLACES, { what: 'the spool is full' });
  for (let call = 0; call < 3; call += 1) expect((await tollgate.send(caller, REQUEST)).status).toBe(503);
  expect(spooled()).toBe(PLACES);
  expect(api.counters.messages).toBe(PLACES);

  await link.accept();
  await tollgate.expectSettled();
  expect((await tollgate.send(caller, REQUEST)).status).toBe(200);
  await tollgate.expectSettled();
  await server.stop();
});
