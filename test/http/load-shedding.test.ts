import { expect, it } from 'vitest';
import { SMALL_REQUEST, STREAM_REQUEST, startProxy } from '../support/proxy-under-test.ts';
import { delivered } from '../support/simulated-api.ts';
import { until } from '../support/until.ts';

/** Keeps this process, of which the proxy is a part, from its work most of the time. */
function burden(): () => void {
  const timer = setInterval(() => {
    const endsAt = performance.now() + 300;
    while (performance.now() < endsAt);
  }, 1);
  return () => clearInterval(timer);
}

it('a process that is late refuses part of what is new, and spares open streams and probes', async () => {
  await using proxy = await startProxy({ limits: { loopDelayMs: 100 } });
  proxy.api.enqueue(delivered({ holdBefore: [3] }));
  const stream = await proxy.send(STREAM_REQUEST);
  const call = await proxy.api.nextRequest();
  const relieve = burden();
  const refused = await until(
    async () => {
      const answers = await Promise.all(Array.from({ length: 8 }, () => proxy.send(SMALL_REQUEST)));
      // Some are served all the while.
      expect(answers.some(({ status }) => status === 200)).toBe(true);
      return answers.find(({ status }) => status === 529);
    },
    { timeoutMs: 60_000 },
  );
  expect([refused.headers.get('retry-after'), await refused.json()]).toMatchObject([
    '1',
    { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } },
  ]);
  for (const path of ['/livez', '/readyz']) expect((await fetch(`${proxy.baseUrl}${path}`)).status).toBe(200);
  call.releaseAll();
  expect(await stream.text()).toContain('message_stop');
  relieve();
  await until(
    async () => {
      const answers = await Promise.all(Array.from({ length: 8 }, () => proxy.send(SMALL_REQUEST)));
      return answers.every(({ status }) => status === 200);
    },
    { timeoutMs: 60_000 },
  );
  expect((await proxy.metrics.render()).body).toMatch(
    /^tollgate_admission_denied_total\{reason="event_loop",scope="none"\} [1-9]/m,
  );
  await proxy.expectBilled();
});
