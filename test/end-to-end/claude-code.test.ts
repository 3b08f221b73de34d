// Goal: Claude Code works behind a changed base URL, prints the cost that the ledger has charged, and gives up at once
// with our sentence where it is refused.
// Method: the program itself, headless, with an empty home and nothing in its environment but what is needed.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { Caller } from '../support/admin-calls.ts';
import { nano } from '../support/check-journal.ts';
import { describeOnEachTollgate } from '../support/each-store.ts';
import { runClaudeCode } from '../support/run-claude-code.ts';
import { UPSTREAM_KEY } from '../support/simulated-api.ts';
import type { LogLine } from '../support/tollgate-process.ts';
import { until } from '../support/until.ts';

interface Report {
  is_error: boolean;
  result: string;
  session_id: string;
  total_cost_usd: number;
  api_error_status: number | null;
}

describeOnEachTollgate('Claude Code', (tollgate) => {
  let home: string;
  beforeAll(() => {
    home = mkdtempSync(join(tmpdir(), 'tollgate-claude-home-'));
  });
  afterEach(() => tollgate().expectSettled());
  afterAll(() => rmSync(home, { recursive: true, force: true }));

  const sayHi = async (credential: 'ANTHROPIC_API_KEY' | 'ANTHROPIC_AUTH_TOKEN', secret: string): Promise<Report> => {
    const args = ['-p', 'say hi', '--output-format', 'json'];
    const environment = { ANTHROPIC_BASE_URL: tollgate().baseUrl, [credential]: secret };
    return JSON.parse(await runClaudeCode(args, { home, environment })) as Report;
  };
  const findCalls = (since: number): LogLine[] =>
    tollgate()
      .log()
      .slice(since)
      .filter(({ event }) => event === 'call');

  test.each(['ANTHROPIC_API_KEY', 'ANTHROPIC_AUTH_TOKEN'] as const)('with %s', async (credential) => {
    const caller = await tollgate().createCaller();
    const report = await sayHi(credential, caller.secret);
    expect(report).toMatchObject({ is_error: false, result: expect.stringContaining(' ') });
    const { request } = await tollgate().nextCall();
    expect(request).toMatchObject({ path: '/v1/messages', query: '?beta=true' });
    expect(request.headers['x-api-key']).toBe(UPSTREAM_KEY);
    expect(request.rawHeaders.join()).not.toContain(caller.secret);

    const { charged } = await tollgate().expectSettled();
    expect(charged).toBeGreaterThan(0n);
    expect(BigInt(Math.round(report.total_cost_usd * 1e9))).toBe(charged);
    const settles = (await tollgate().admin.readJournal(caller.accountId)).filter((e) => e.operation === 'settle');
    expect(settles.map(({ details }) => details?.session_id)).toEqual([report.session_id]);
    expect(nano(settles[0]!.amount_usd)).toBe(charged);
  });

  const outOfCredit = () => tollgate().createCaller({ creditUsd: '0.01', name: 'Poor Research' });
  const revoked = async (): Promise<Caller> => {
    const caller = await tollgate().createCaller();
    await tollgate().admin.call('POST', `/accounts/${caller.accountId}/keys/${caller.keyId}/revoke`, {});
    return caller;
  };

  test.each([
    [
      'out of credit, by key',
      'ANTHROPIC_API_KEY',
      402,
      outOfCredit,
      'Account "Poor Research" has $0.01 of credit left',
    ],
    ['out of credit, by token', 'ANTHROPIC_AUTH_TOKEN', 402, outOfCredit, 'Account "Poor Research" has $0.01'],
    ['with a revoked key', 'ANTHROPIC_API_KEY', 401, revoked, 'This API key has been revoked.'],
    ['with a revoked token', 'ANTHROPIC_AUTH_TOKEN', 401, revoked, 'This API key has been revoked.'],
  ] as const)('%s it asks once and shows our sentence', async (_name, credential, status, createCaller, sentence) => {
    const caller = await createCaller();
    const since = tollgate().log().length;
    const upstreamBefore = tollgate().api.counters.requests;
    const report = await sayHi(credential, caller.secret);
    expect(report).toMatchObject({ is_error: true, api_error_status: status, total_cost_usd: 0 });
    expect(report.result.split(sentence)).toHaveLength(2);
    await until(() => findCalls(since).length > 0, { what: 'the refusal stands in the log' });
    expect(findCalls(since)).toMatchObject([{ status, outcome: 'refused' }]);
    expect(tollgate().api.counters.requests).toBe(upstreamBefore);
  });
});
