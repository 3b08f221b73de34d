// Goal: Claude Code works on a few dollars and shows its user what is left and what limit comes near.
// Method: the program itself, headless, and the lines of docs/claude-code.md as they stand there.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Scenario, SimulatedEvent } from '../../src/simulator/simulator-types.ts';
import { nano } from '../support/check-journal.ts';
import { runClaudeCode } from '../support/run-claude-code.ts';
import { runProgram } from '../support/run-program.ts';
import { type RunningTollgate, startTollgate } from '../support/running-tollgate.ts';

const DOCUMENT = readFileSync(new URL('../../docs/claude-code.md', import.meta.url), 'utf8');
/** What the document puts before a key. */
const TOKEN_HEAD = /ANTHROPIC_AUTH_TOKEN=(\S+\.)tg_/.exec(DOCUMENT)?.[1] ?? '';

let home: string;
let tollgate: RunningTollgate;
beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'tollgate-claude-home-'));
  tollgate = await startTollgate();
});
afterAll(async () => {
  await tollgate[Symbol.asyncDispose]();
  rmSync(home, { recursive: true, force: true });
});

interface Line {
  type: string;
  [name: string]: unknown;
}

/** Runs it with a key in the document's form. @returns the lines of its report. */
async function ask(secret: string, ...args: string[]): Promise<Line[]> {
  const environment = {
    ANTHROPIC_BASE_URL: tollgate.baseUrl,
    ANTHROPIC_AUTH_TOKEN: `${TOKEN_HEAD}${secret}`,
    // The most it ever asks for; 64,000 unless set.
    CLAUDE_CODE_MAX_OUTPUT_TOKENS: '128000',
  };
  const output = await runClaudeCode(['-p', ...args, '--output-format', 'stream-json', '--verbose'], {
    home,
    environment,
    patienceMs: 100_000,
  });
  return output
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Line);
}

const only = (lines: Line[], type: string): Line[] => lines.filter((line) => line.type === type);

/** An answer that calls a tool to read a file, whatever tool the simulated API would have chosen. */
function readingFile(path: string): Scenario {
  const input = ['', JSON.stringify({ file_path: path })];
  const edit = (event: SimulatedEvent): SimulatedEvent => {
    const data = event.data as { content_block?: { type?: string }; delta?: { type?: string } };
    if (data.content_block?.type === 'tool_use') {
      return { ...event, data: { ...data, content_block: { ...data.content_block, name: 'Read' } } };
    }
    if (data.delta?.type !== 'input_json_delta') return event;
    return { ...event, data: { ...data, delta: { ...data.delta, partial_json: input.shift() ?? '' } } };
  };
  return { kind: 'answer', answer: { stopReason: 'tool_use', editEvents: (events) => events.map(edit) } };
}

const limitRequests = (accountId: string, limit: number) =>
  tollgate.admin.call('POST', `/accounts/${accountId}/quotas`, {
    scope: { type: 'account' },
    window: 'day',
    limit_requests: limit,
  });

describe('Claude Code on two dollars, with a model whose call may cost more', () => {
  test('reads two files by tools and answers: every call is let in, and the charge is the bill', async () => {
    const caller = await tollgate.createCaller({ creditUsd: '2' });
    await limitRequests(caller.accountId, 6);
    const files = ['toll.txt', 'road.txt'].map((name) => join(home, name));
    for (const file of files) writeFileSync(file, `what is written in ${file}`);
    tollgate.api.enqueue(...files.map(readingFile));
    const lines = await ask(caller.secret, 'read them', '--model', 'claude-opus-5', '--tools', 'Read');

    const [report] = only(lines, 'result');
    expect(report).toMatchObject({ is_error: false, num_turns: 3 });
    const { charged } = await tollgate.expectSettled();
    expect(BigInt(Math.round((report?.total_cost_usd as number) * 1e9))).toBe(charged);
    const requests = tollgate.api.requests.filter(({ path }) => path === '/v1/messages').slice(-3);
    expect(requests.map(({ json }) => (json as { max_tokens: number }).max_tokens)).toEqual([
      128_000, 128_000, 128_000,
    ]);
    for (const file of files) expect(requests[2]?.body.toString()).toContain(`what is written in ${file}`);
    const journal = await tollgate.admin.readJournal(caller.accountId);
    const holds = journal.filter(({ operation }) => operation === 'hold').map(({ amount_usd }) => nano(amount_usd));
    expect(holds).toHaveLength(3);
    for (const hold of holds) expect(hold).toBeLessThan(nano('2'));
    const events = only(lines, 'rate_limit_event').map(({ rate_limit_info }) => rate_limit_info);
    // A third of the quota is used.
    expect(events).toEqual([expect.objectContaining({ status: 'allowed', rateLimitType: 'overage' })]);
    expect(events).toEqual([expect.not.objectContaining({ surpassedThreshold: expect.anything() })]);
  });

  test('warns of a quota that is used by three quarters, and again when it is nearly used up', async () => {
    const caller = await tollgate.createCaller({ creditUsd: '2' });
    await limitRequests(caller.accountId, 20);
    const small = { model: 'claude-haiku-4-5', max_tokens: 9, messages: [{ role: 'user', content: 'Hi' }] };
    for (const [others, share] of [
      [15, 0.75],
      [3, 0.95],
    ] as const) {
      await Promise.all(Array.from({ length: others }, async () => (await tollgate.send(caller, small)).text()));
      await tollgate.expectSettled();
      const [event, ...more] = only(await ask(caller.secret, 'say hi'), 'rate_limit_event');
      expect(more).toEqual([]);
      expect(event?.rate_limit_info).toMatchObject({
        status: 'allowed_warning',
        rateLimitType: 'overage',
        utilization: share,
        surpassedThreshold: share,
        resetsAt: expect.any(Number),
      });
    }
  });
});

describe('the status line of the document', () => {
  const { command } = (
    JSON.parse(/```json\n([\s\S]*?)```/.exec(DOCUMENT)?.[1] ?? '{}') as { statusLine: { command: string } }
  ).statusLine;
  const show = async (environment: Record<string, string>): Promise<string> =>
    (
      await runProgram('/bin/sh', ['-c', command], {
        environment: { PATH: process.env.PATH ?? '', ANTHROPIC_BASE_URL: tollgate.baseUrl, ...environment },
        folder: home,
        timeoutMs: 20_000,
      })
    ).stdout;

  test('shows what is left, by every form of the key, and nothing where there is no answer', async () => {
    const { secret } = await tollgate.createCaller({ creditUsd: '7.50' });
    for (const environment of [
      { ANTHROPIC_AUTH_TOKEN: secret },
      { ANTHROPIC_AUTH_TOKEN: `${TOKEN_HEAD}${secret}` },
      { ANTHROPIC_API_KEY: secret },
    ]) {
      expect(await show(environment)).toBe('$7.50 left\n');
    }
    expect(await show({ ANTHROPIC_AUTH_TOKEN: 'tg_unknown' })).toBe('');
    expect(await show({ ANTHROPIC_AUTH_TOKEN: secret, ANTHROPIC_BASE_URL: 'http://127.0.0.1:1' })).toBe('');
  });
});
